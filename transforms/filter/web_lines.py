"""A text's lines -> the measures that C4 and FineWeb take of them."""

import re
from itertools import islice

from lamella.transforms.filter.measures import TextMeasures
from lamella.transforms.filter.repetition import repeated_parts
from lamella.transforms.filter.wordlists import ENGLISH_POLICY_PHRASES, SCRIPT_WORD
from lamella.transforms.formats.words import sentences

_ENDS = (".", "?", "!", '"', "'")
_ELLIPSIS = "..."
_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_MIN_WORDS = 3
_LONG_WORD = re.compile(r"\S{1001}")
_ENOUGH = 100  # sentences: no limit is higher, so no more are looked for


def sentences_of_prose(text: TextMeasures) -> int:
    """Sentences in the lines that C4 keeps (Raffel et al. 2020, 2.2): they end as a sentence does, have three words and none of
    more than 1,000 characters, and speak of no policy and no JavaScript. Counted up to `_ENOUGH`."""
    prose = (bare for line in text.lines if (bare := _prose(line)) and not _says(bare, ENGLISH_POLICY_PHRASES))
    return sum(1 for _ in islice((sentence for line in prose for sentence in sentences(line)), _ENOUGH))


def bracket_in_prose(text: TextMeasures) -> bool:
    """Whether a curly bracket stands in a line that C4 does not drop by itself: there it is code, which loses its page."""
    return "{" in text.text and any("{" in line and _prose(line) for line in text.lines)


def _prose(line: str) -> str:
    """A line without its citations, if it ends as a sentence does and is no notice; "" if not."""
    bare = _CITATION.sub("", line) if "[" in line else line
    ended = bare.endswith(_ENDS) and not bare.endswith(_ELLIPSIS) and len(line.split(None, _MIN_WORDS)) >= _MIN_WORDS
    return bare if ended and not _LONG_WORD.search(line) and not _says(bare, (SCRIPT_WORD,)) else ""


def _says(line: str, phrases: tuple[str, ...]) -> bool:
    lower = line.lower()
    return any(phrase in lower for phrase in phrases)


def repeated_line_characters(text: TextMeasures) -> float:
    """Characters of lines that repeat an earlier one, over those of all lines (Penedo et al. 2024, 3.3)."""
    return repeated_parts(text.lines_as_written, len(text.text) - text.text.count("\n")).characters


def line_breaks_per_word(text: TextMeasures) -> float:
    """Over words and marks: a list has many (Penedo et al. 2024)."""
    return text.text.count("\n") / max(1, text.tokens)
