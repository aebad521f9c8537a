"""A text's measures and limits -> the first broken rule: the rulebooks of languages, of nodes and of documents.

Ratios say nothing about a few words: a heading has no full stop, a name no stop word. So a text of fewer than
`min_words_for_ratios` words and marks is judged by its number of words and by what it says, never by a ratio. OBELICS does
so for punctuation, with 12; here it holds for all ratios but that of unsafe words.

Where one defect breaks several rules, the row that names it best stands first: a repeated paragraph is also repeated
lines, n-grams, words and characters.
"""

from lamella.schemas.config import FilterConfig, LimitsForText
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.rule import Found, Over, RuleScope, Under
from lamella.transforms.filter.listed import PAGE_SCOPE
from lamella.transforms.filter.measures import TextMeasures
from lamella.transforms.filter.web_lines import (
    bracket_in_prose,
    line_breaks_per_word,
    repeated_line_characters,
    sentences_of_prose,
)
from lamella.transforms.filter.wordlists import LOREM_IPSUM, POLICY_PHRASES, SCRIPT_NOTICE, SCRIPT_WORD
from lamella.transforms.formats.language import Language


def is_long_enough(text: TextMeasures, limits: LimitsForText) -> bool:
    """Enough words and marks to have a ratio."""
    return text.tokens >= limits.min_words_for_ratios


def is_spaced(text: TextMeasures, limits: LimitsForText) -> bool:
    """A script with spaces between words: elsewhere a word is one character here."""
    return not text.unspaced


def has_stop_words_listed(text: TextMeasures, limits: LimitsForText) -> bool:
    """A language whose stop words are listed."""
    return text.has_stop_word_list


def is_short_enough_for_a_notice(text: TextMeasures, limits: LimitsForText) -> bool:
    """A long text that mentions cookies or JavaScript is about them."""
    return text.words <= limits.max_notice_words


def notice(text: TextMeasures, limits: LimitsForText) -> str:
    """The phrase that makes the text a notice about cookies, policies or JavaScript, or ""."""
    if SCRIPT_WORD in text.lower and (found := SCRIPT_NOTICE.search(text.lower)):
        return found[0]
    return next((phrase for phrase in POLICY_PHRASES if phrase in text.lower), "")


def lorem_ipsum(text: TextMeasures, limits: LimitsForText) -> str:
    return LOREM_IPSUM if LOREM_IPSUM in text.lower else ""


def curly_bracket(text: TextMeasures, limits: LimitsForText) -> str:
    return "{" if bracket_in_prose(text) else ""


def foreign_language(language: Language, limits: FilterConfig) -> str:
    """The language's code, if it is not one of the wanted languages."""
    return "" if language.code in (limits.languages or ()) else language.code or "none"


def language_score(language: Language) -> float:
    return language.score


def _code(language: Language) -> str:
    return language.code


T = TextMeasures

_WORDS = (
    Under(Reason.TOO_FEW_WORDS, T.words, "min_words", source="Gopher; OBELICS"),
    Over(Reason.TOO_MANY_WORDS, T.words, "max_words", source="Gopher; OBELICS"),
)

_PHRASES = (
    Found(Reason.BOILERPLATE_TEXT, notice, "no_boilerplate", when=is_short_enough_for_a_notice, source="C4"),
    Found(Reason.LOREM_IPSUM, lorem_ipsum, "no_lorem_ipsum", source="C4"),
    Found(Reason.CURLY_BRACKET, curly_bracket, "no_curly_bracket", source="C4"),
    Over(Reason.UNSAFE_TEXT, T.flagged_words, "max_flagged_words", source="OBELICS"),
)

_LONG = is_long_enough
_SPACED = (is_long_enough, is_spaced)
_LISTED = (is_long_enough, has_stop_words_listed)

_RATIOS = (
    Over(Reason.TOO_MANY_SYMBOLS, T.symbols_per_word, "max_symbols_per_word", when=_LONG, source="Gopher"),
    Over(Reason.TOO_MANY_BULLETS, T.bullet_lines, "max_bullet_lines", when=_LONG, source="Gopher"),
    Over(Reason.TOO_MANY_ELLIPSES, T.ellipsis_lines, "max_ellipsis_lines", when=_LONG, source="Gopher"),
    Over(Reason.TOO_MANY_SPECIAL_CHARACTERS, T.special_characters, "max_special_characters", when=_LONG, source="OBELICS"),
    Under(Reason.TOO_FEW_ALPHABETIC_WORDS, T.alphabetic_words, "min_alphabetic_words", when=_LONG, source="Gopher"),
    Under(Reason.ODD_WORD_LENGTH, T.mean_word_length, "min_mean_word_length", when=_SPACED, source="Gopher"),
    Over(Reason.ODD_WORD_LENGTH, T.mean_word_length, "max_mean_word_length", when=_SPACED, source="Gopher"),
    Under(Reason.TOO_FEW_STOP_WORDS, T.stop_word_kinds, "min_stop_word_kinds", when=_LISTED, source="Gopher"),
    Under(Reason.TOO_FEW_STOP_WORDS, T.stop_words, "min_stop_words", when=_LISTED, source="OBELICS"),
    Under(Reason.TOO_LITTLE_PUNCTUATION, T.punctuation, "min_punctuation", when=_LONG, source="OBELICS"),
    Under(Reason.TOO_FEW_ENDED_LINES, T.ended_lines, "min_ended_lines", when=_LONG, source="FineWeb"),
    Over(Reason.TOO_MANY_SHORT_LINES, T.short_lines, "max_short_lines", when=_LONG, source="FineWeb"),
    Over(Reason.TOO_MANY_SHORT_LINES, line_breaks_per_word, "max_line_breaks_per_word", when=_LONG, source="FineWeb"),
    Under(Reason.TOO_FEW_ENDED_LINES, sentences_of_prose, "min_sentences_of_prose", when=_LONG, source="C4"),
    Over(Reason.REPEATED_PARAGRAPHS, T.duplicate_paragraphs, "max_duplicate_paragraphs", when=_LONG, source="Gopher"),
    Over(
        Reason.REPEATED_PARAGRAPHS,
        T.duplicate_paragraph_characters,
        "max_duplicate_paragraph_characters",
        when=_LONG,
        source="Gopher",
    ),
    Over(Reason.REPEATED_LINES, T.duplicate_lines, "max_duplicate_lines", when=_LONG, source="Gopher"),
    Over(Reason.REPEATED_LINES, T.duplicate_line_characters, "max_duplicate_line_characters", when=_LONG, source="Gopher"),
    Over(Reason.REPEATED_LINES, repeated_line_characters, "max_repeated_line_characters", when=_LONG, source="FineWeb"),
    Over(Reason.REPEATED_NGRAMS, T.top_ngram_characters, "max_top_ngram", when=_LONG, source="Gopher, table A1"),
    Over(Reason.REPEATED_NGRAMS, T.duplicate_ngram_characters, "max_duplicate_ngram", when=_LONG, source="Gopher, table A1"),
    Over(Reason.REPEATED_CHARACTERS, T.character_repetition, "max_character_repetition", when=_LONG, source="OBELICS"),
    Over(Reason.REPEATED_WORDS, T.word_repetition, "max_word_repetition", when=_LONG, source="OBELICS"),
)

# Nodes and documents are judged by the same rows; which of them count is up to the limits of each.
_TEXT_RULES = (*_WORDS, *_PHRASES, *_RATIOS)

LANGUAGE_RULES = PAGE_SCOPE.book(
    "language",
    Found(Reason.WRONG_LANGUAGE, foreign_language, "languages"),
    # Only where languages are chosen: without a choice no language is wrong.
    Under(
        Reason.WRONG_LANGUAGE,
        language_score,
        "min_language_score",
        when=lambda language, limits: limits.languages is not None,
        detail=_code,
    ),
)
_NODES = RuleScope(Stage.FILTER, Unit.NODE, "filter.node", LimitsForText)
_DOCUMENTS = RuleScope(Stage.FILTER, Unit.DOCUMENT, "filter.document", LimitsForText)
NODE_RULES = _NODES.book("text of a node", *_TEXT_RULES)
# A caption may be short and odd, but it may not say everything.
CAPTION_RULES = _NODES.book("caption of a node", *_PHRASES)
DOCUMENT_RULES = _DOCUMENTS.book("text of a document", *_TEXT_RULES)
