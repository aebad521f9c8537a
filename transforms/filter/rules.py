"""A text's measures and limits in, the first broken rule out: the rulebooks of nodes and of documents, cheap rules first.

A row reads one bound, and None leaves it out. Ratios say nothing about a few words: a heading has no full stop, a name no
stop word. So a text of fewer than `min_words_for_ratios` words and marks is judged by its number of words and by what
it says, never by a ratio. OBELICS does so for punctuation, with 12; here it holds for all ratios but that of unsafe words.

Where one defect breaks several rules, the row that names it best stands first: a repeated paragraph is also repeated
lines, n-grams, words and characters.
"""

from collections.abc import Callable

from lamella.schemas.config import LimitsForText
from lamella.schemas.rejection import Reason
from lamella.transforms.filter.measures import TextMeasures
from lamella.transforms.filter.wordlists import LOREM_IPSUM, POLICY_PHRASES, SCRIPT_NOTICE, SCRIPT_WORD
from lamella.transforms.rules import Rule

Measure = Callable[[TextMeasures], float]
Bound = Callable[[LimitsForText], float | None]


def _over(reason: Reason, measure: Measure, bound: Bound) -> Rule:
    """Broken above the bound; the measure is made only where the bound is set."""

    def broken(text: TextMeasures, limits: LimitsForText) -> bool:
        limit = bound(limits)
        return limit is not None and measure(text) > limit

    return Rule(reason, broken, lambda text, limits: f"{measure(text):.4g} > {bound(limits):g}")


def _under(reason: Reason, measure: Measure, bound: Bound) -> Rule:
    """Broken below the bound."""

    def broken(text: TextMeasures, limits: LimitsForText) -> bool:
        limit = bound(limits)
        return limit is not None and measure(text) < limit

    return Rule(reason, broken, lambda text, limits: f"{measure(text):.4g} < {bound(limits):g}")


def _if_long_enough(rule: Rule) -> Rule:
    """The rule, for texts of enough words and marks to have a ratio."""
    return rule._replace(broken=lambda text, limits: text.tokens >= limits.min_words_for_ratios and rule.broken(text, limits))


def _if_spaced(rule: Rule) -> Rule:
    """The rule, for scripts with spaces between words: elsewhere a word is one character here."""
    return rule._replace(broken=lambda text, limits: rule.broken(text, limits) and not text.unspaced)


def _if_listed(rule: Rule) -> Rule:
    """The rule, for languages whose stop words are listed."""
    return rule._replace(broken=lambda text, limits: text.has_stop_word_list and rule.broken(text, limits))


def _is_notice(text: TextMeasures, limits: LimitsForText) -> bool:
    """A notice about cookies, policies or JavaScript, as C4 takes out; a long text with such words is no notice."""
    return limits.no_boilerplate and text.words <= limits.max_notice_words and _notice(text) != ""


def _notice(text: TextMeasures) -> str:
    """The phrase that makes the text a notice, or ""."""
    if SCRIPT_WORD in text.lower and (found := SCRIPT_NOTICE.search(text.lower)):
        return found[0]
    return next((phrase for phrase in POLICY_PHRASES if phrase in text.lower), "")


_WORDS = (
    _under(Reason.TOO_FEW_WORDS, lambda text: text.words, lambda limits: limits.min_words),
    _over(Reason.TOO_MANY_WORDS, lambda text: text.words, lambda limits: limits.max_words),
)

_PHRASES = (
    Rule(Reason.BOILERPLATE_TEXT, _is_notice, lambda text, limits: f'"{_notice(text)}"'),
    Rule(Reason.LOREM_IPSUM, lambda text, limits: limits.no_lorem_ipsum and LOREM_IPSUM in text.lower),
    Rule(Reason.CURLY_BRACKET, lambda text, limits: limits.no_curly_bracket and "{" in text.text),
    _over(Reason.UNSAFE_TEXT, lambda text: text.flagged_words, lambda limits: limits.max_flagged_words),
)

_RATIOS = (
    _over(Reason.TOO_MANY_SYMBOLS, lambda text: text.symbols_per_word, lambda limits: limits.max_symbols_per_word),
    _over(Reason.TOO_MANY_BULLETS, lambda text: text.bullet_lines, lambda limits: limits.max_bullet_lines),
    _over(Reason.TOO_MANY_ELLIPSES, lambda text: text.ellipsis_lines, lambda limits: limits.max_ellipsis_lines),
    _over(
        Reason.TOO_MANY_SPECIAL_CHARACTERS,
        lambda text: text.special_characters,
        lambda limits: limits.max_special_characters,
    ),
    _under(Reason.TOO_FEW_ALPHABETIC_WORDS, lambda text: text.alphabetic_words, lambda limits: limits.min_alphabetic_words),
    _if_spaced(_under(Reason.ODD_WORD_LENGTH, lambda text: text.mean_word_length, lambda limits: limits.min_mean_word_length)),
    _if_spaced(_over(Reason.ODD_WORD_LENGTH, lambda text: text.mean_word_length, lambda limits: limits.max_mean_word_length)),
    _if_listed(_under(Reason.TOO_FEW_STOP_WORDS, lambda text: text.stop_word_kinds, lambda limits: limits.min_stop_word_kinds)),
    _if_listed(_under(Reason.TOO_FEW_STOP_WORDS, lambda text: text.stop_words, lambda limits: limits.min_stop_words)),
    _under(Reason.TOO_LITTLE_PUNCTUATION, lambda text: text.punctuation, lambda limits: limits.min_punctuation),
    _under(Reason.TOO_FEW_ENDED_LINES, lambda text: text.ended_lines, lambda limits: limits.min_ended_lines),
    _over(Reason.TOO_MANY_SHORT_LINES, lambda text: text.short_lines, lambda limits: limits.max_short_lines),
    _over(Reason.REPEATED_PARAGRAPHS, lambda text: text.duplicate_paragraphs, lambda limits: limits.max_duplicate_paragraphs),
    _over(
        Reason.REPEATED_PARAGRAPHS,
        lambda text: text.duplicate_paragraph_characters,
        lambda limits: limits.max_duplicate_paragraph_characters,
    ),
    _over(Reason.REPEATED_LINES, lambda text: text.duplicate_lines, lambda limits: limits.max_duplicate_lines),
    _over(
        Reason.REPEATED_LINES,
        lambda text: text.duplicate_line_characters,
        lambda limits: limits.max_duplicate_line_characters,
    ),
    _over(Reason.REPEATED_NGRAMS, lambda text: text.top_ngram_characters, lambda limits: limits.max_top_ngram),
    _over(Reason.REPEATED_NGRAMS, lambda text: text.duplicate_ngram_characters, lambda limits: limits.max_duplicate_ngram),
    _over(Reason.REPEATED_CHARACTERS, lambda text: text.character_repetition, lambda limits: limits.max_character_repetition),
    _over(Reason.REPEATED_WORDS, lambda text: text.word_repetition, lambda limits: limits.max_word_repetition),
)

# Nodes and documents are judged by the same rows; which of them count is up to the limits of each.
TEXT_RULES: tuple[Rule, ...] = _WORDS + _PHRASES + tuple(_if_long_enough(rule) for rule in _RATIOS)
NODE_RULES = TEXT_RULES
DOCUMENT_RULES = TEXT_RULES
CAPTION_RULES = _PHRASES  # a caption may be short and odd, but it may not say everything
