"""Text and its language in, every number of `TextQuality` out: one tokenisation, and each number made only when it is read.

The definitions follow the published filters, so that their thresholds keep their meaning: Gopher (as datatrove counts),
OBELICS, FineWeb. Two things differ from their letter. Words are those of `transforms.words`, for all languages alike.
And special characters and punctuation are known by their Unicode category, not by lists of English ones.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from schemas.document import Node, TextNode, TextQuality
from transforms.filter import repetition
from transforms.filter.repetition import NgramCharacters, Repeats
from transforms.filter.wordlists import GOPHER_STOP_WORDS, STOP_WORDS, flagged_words
from transforms.words import TERMINAL, is_unspaced, lines, tokens

SHORT_LINE_CHARACTERS = 30  # FineWeb
_ELLIPSIS = ("...", "…")
_BULLETS = ("•", "-", "‣", "▪", "●", "*")
_ENDS = tuple(TERMINAL.replace("…", ""))
_PUNCTUATION = frozenset(",;:?!.,،؛、。，；：？！．…·।") | {"..."}  # OBELICS', and what other scripts write for them

# Nodes that stand close together: a list or a table is one paragraph of many lines.
_TIGHT_TAGS = frozenset({"li", "tr", "td", "th", "dt", "dd"})


class TextMeasures:
    """The measures of one text, named as in `TextQuality`; ratios are 0 to 1 but for the two relative n-gram measures.

    Args:
        paragraphs: the text's parts. The text itself is these, joined by line breaks.
        language: ISO 639-1; decides which stop words and flagged words count.
    """

    def __init__(self, paragraphs: Sequence[str], language: str):
        self.paragraphs = paragraphs
        self.language = language
        self.text = "\n".join(paragraphs)

    def quality(self) -> TextQuality:
        """All of them."""
        return TextQuality(**{name: getattr(self, name) for name in _MEASURES})

    @cached_property
    def lower(self) -> str:
        return self.text.lower()

    @cached_property
    def unspaced(self) -> bool:
        """Most words are single characters of a script without spaces: their length says nothing."""
        return is_unspaced(self.text)

    @cached_property
    def has_stop_word_list(self) -> bool:
        return self.language in STOP_WORDS

    @cached_property
    def tokens(self) -> int:
        """Words and marks of punctuation."""
        return len(self._tokens)

    @cached_property
    def words(self) -> int:
        return int(self._kinds.counts[self._kinds.is_word].sum())

    @cached_property
    def mean_word_length(self) -> float:
        kinds = self._kinds
        return _share(int((kinds.counts * kinds.lengths)[kinds.is_word].sum()), self.words)

    @cached_property
    def symbols_per_word(self) -> float:
        """The worse of '#' and of ellipses, over all tokens."""
        ellipses = sum(map(self.text.count, _ELLIPSIS))
        return _share(max(self.text.count("#"), ellipses), len(self._tokens))

    @cached_property
    def bullet_lines(self) -> float:
        return _share(sum(line.startswith(_BULLETS) for line in self._lines), len(self._lines))

    @cached_property
    def ellipsis_lines(self) -> float:
        return _share(sum(line.endswith(_ELLIPSIS) for line in self._lines), len(self._lines))

    @cached_property
    def ended_lines(self) -> float:
        return _share(sum(line.endswith(_ENDS) for line in self._lines), len(self._lines))

    @cached_property
    def short_lines(self) -> float:
        return _share(sum(len(line) <= SHORT_LINE_CHARACTERS for line in self._lines), len(self._lines))

    @cached_property
    def alphabetic_words(self) -> float:
        """Tokens with a letter over all tokens, marks of punctuation included, as datatrove counts them."""
        return _share(int(self._kinds.counts[self._kinds.has_letter].sum()), len(self._tokens))

    @cached_property
    def stop_words(self) -> float:
        return _share(self._count_listed(STOP_WORDS.get(self.language, frozenset())), self.words)

    @cached_property
    def stop_word_kinds(self) -> int:
        """How many of Gopher's eight English stop words, or of the list of another language, are in the text."""
        listed = GOPHER_STOP_WORDS if self.language == "en" else STOP_WORDS.get(self.language, frozenset())
        return len(listed.intersection(self._token_counts))

    @cached_property
    def flagged_words(self) -> float:
        return _share(self._count_listed(flagged_words(self.language)), self.words)

    @cached_property
    def punctuation(self) -> float:
        """Marks of punctuation over marks and words (OBELICS)."""
        marks = sum(self._token_counts.get(mark, 0) for mark in _PUNCTUATION)
        return _share(marks, marks + self.words)

    @cached_property
    def special_characters(self) -> float:
        """Characters that are no letters: digits, punctuation, symbols and, as OBELICS counts, white space."""
        return _share(int(np.count_nonzero(special_code_points()[self._points])), len(self.text))

    @cached_property
    def duplicate_lines(self) -> float:
        return self._repeated_lines.parts

    @cached_property
    def duplicate_line_characters(self) -> float:
        return self._repeated_lines.characters

    @cached_property
    def duplicate_paragraphs(self) -> float:
        return self._repeated_paragraphs.parts

    @cached_property
    def duplicate_paragraph_characters(self) -> float:
        return self._repeated_paragraphs.characters

    @cached_property
    def top_ngram_characters(self) -> float:
        return self._ngram_characters.top

    @cached_property
    def duplicate_ngram_characters(self) -> float:
        return self._ngram_characters.duplicate

    @cached_property
    def character_repetition(self) -> float:
        return repetition.character_repetition(self._points)

    @cached_property
    def word_repetition(self) -> float:
        """Case is ignored, and punctuation left out."""
        kinds = self._kinds
        return repetition.word_repetition(kinds.lower_ids[self._ids[kinds.is_word[self._ids]]])

    @cached_property
    def _points(self) -> np.ndarray:
        """Code points, uint32 [characters]."""
        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def _tokens(self) -> list[str]:
        return tokens(self.text)

    @cached_property
    def _token_counts(self) -> Counter[str]:
        return Counter(self._tokens)

    @cached_property
    def _kinds(self) -> "_Kinds":
        return _kinds_of(self._token_counts)

    @cached_property
    def _ids(self) -> np.ndarray:
        """int64 [tokens]: the place of each token among the different ones."""
        places = dict(zip(self._token_counts, range(len(self._token_counts)), strict=True))
        return np.fromiter(map(places.__getitem__, self._tokens), np.int64, len(self._tokens))

    def _count_listed(self, listed: frozenset[str]) -> int:
        return int(self._kinds.counts[[word in listed for word in self._kinds.lower]].sum()) if listed else 0

    @cached_property
    def _ngram_characters(self) -> NgramCharacters:
        return repetition.ngram_characters(self._ids, self._kinds.lengths[self._ids], len(self.text))

    @cached_property
    def _lines(self) -> list[str]:
        return lines(self.text)

    @cached_property
    def _repeated_lines(self) -> Repeats:
        return repetition.repeated_parts(self._lines, len(self.text))

    @cached_property
    def _repeated_paragraphs(self) -> Repeats:
        return repetition.repeated_parts(self.paragraphs, len(self.text))


def paragraphs_of(nodes: Iterable[Node]) -> list[str]:
    """The paragraphs of a document: each text node is one, but items of one list and rows of one table stand together.

    Joined by line breaks they are the document's text.
    """
    paragraphs: list[list[str]] = []
    before = ""
    for node in nodes:
        if isinstance(node, TextNode):
            if node.tag in _TIGHT_TAGS and node.tag == before:
                paragraphs[-1].append(node.text)
            else:
                paragraphs.append([node.text])
            before = node.tag
        else:
            before = ""
    return ["\n".join(paragraph) for paragraph in paragraphs]


_MEASURES = tuple(field.name for field in fields(TextQuality))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


@cache
def special_code_points() -> np.ndarray:
    """bool [0x110000]: no letter and no mark."""
    return np.fromiter((unicodedata.category(chr(point))[0] not in "LM" for point in range(0x110000)), bool, 0x110000)


class _Kinds(NamedTuple):
    """The K different tokens of a text, by first appearance."""

    counts: np.ndarray  # int64 [K]
    lengths: np.ndarray  # int64 [K], characters
    is_word: np.ndarray  # bool [K]; the rest are marks of punctuation
    has_letter: np.ndarray  # bool [K]
    lower: tuple[str, ...]  # [K]
    lower_ids: np.ndarray  # int64 [K], equal for tokens that differ in case alone


def _kinds_of(token_counts: Counter[str]) -> _Kinds:
    size = len(token_counts)
    lower, lengths, is_word, has_letter = zip(*map(_facts, token_counts), strict=False) if size else ((), (), (), ())
    places = dict(zip(dict.fromkeys(lower), range(size), strict=False))
    return _Kinds(
        counts=np.fromiter(token_counts.values(), np.int64, size),
        lengths=np.array(lengths, np.int64),
        is_word=np.array(is_word, bool),
        has_letter=np.array(has_letter, bool),
        lower=lower,
        lower_ids=np.fromiter(map(places.__getitem__, lower), np.int64, size),
    )


@lru_cache(maxsize=1 << 17)
def _facts(token: str) -> tuple[str, int, bool, bool]:
    """(lower case, length, is a word, has a letter); most tokens of a corpus are few, so most answers are remembered."""
    return token.lower(), len(token), any(map(str.isalnum, token)) or "_" in token, any(map(str.isalpha, token))
