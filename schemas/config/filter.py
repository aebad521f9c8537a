"""Settings of filter: which languages and texts stay; one model of limits for nodes and for documents. None is off."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from lamella.schemas.bounds import Frozen, Share
from lamella.schemas.config.timed import Timed


class LimitsForText(Frozen):
    """Bounds on what `transforms.filter` measures. One model for nodes and documents; None leaves a rule out."""

    min_words_for_ratios: NonNegativeInt = 12  # and marks; shorter texts are not judged by ratios; OBELICS, for punctuation
    min_words: PositiveInt | None = None
    max_words: PositiveInt | None = None
    min_mean_word_length: PositiveFloat | None = None
    max_mean_word_length: PositiveFloat | None = None
    max_symbols_per_word: NonNegativeFloat | None = None
    max_bullet_lines: Share | None = None
    max_ellipsis_lines: Share | None = None
    min_alphabetic_words: Share | None = None
    min_stop_word_kinds: PositiveInt | None = None
    min_stop_words: Share | None = None
    max_duplicate_lines: Share | None = None
    max_duplicate_line_characters: Share | None = None
    max_duplicate_paragraphs: Share | None = None
    max_duplicate_paragraph_characters: Share | None = None
    max_top_ngram: NonNegativeFloat | None = None  # 1.0 is Gopher's own limit for each n
    max_duplicate_ngram: NonNegativeFloat | None = None  # 1.0 is Gopher's own limit for each n
    max_character_repetition: Share | None = None
    max_word_repetition: Share | None = None
    max_special_characters: Share | None = None
    min_punctuation: Share | None = None
    max_flagged_words: Share | None = None
    min_ended_lines: Share | None = None
    max_short_lines: Share | None = None
    max_line_breaks_per_word: NonNegativeFloat | None = None  # FineWeb 0.3
    max_repeated_line_characters: Share | None = None  # FineWeb 0.01
    min_sentences_of_prose: Annotated[int, Field(ge=1, le=100)] | None = None  # C4: 5; no more than 100 are counted
    no_boilerplate: bool = False  # C4: javascript, cookie and policy lines out
    max_notice_words: PositiveInt = 60  # a longer text that mentions cookies or JavaScript is about them; ours
    no_lorem_ipsum: bool = False  # C4
    no_curly_bracket: bool = False  # C4


class FilterConfig(Timed):
    languages: tuple[str, ...] | None = ("en",)  # Flamingo: English only
    opt_out_list: str | None = None  # path of a list of URLs and hosts of pages that came later; `lamella replay` sets it
    min_language_score: Share = 0.65  # FineWeb, C4-like; OBELICS 0.80
    min_preformatted_prose: Share = 0.9  # letters, spaces, commas and stops in a `pre`: with fewer it is code, no prose; ours
    node: LimitsForText = LimitsForText()
    document: LimitsForText = LimitsForText()
