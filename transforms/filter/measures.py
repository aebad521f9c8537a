"""Text and its language -> every number of `TextQuality`, from one tokenisation; each is computed only when it is read.

The definitions follow the published filters, so that their thresholds keep their meaning: Gopher (as datatrove counts),
OBELICS, FineWeb. Two things differ: words are among the tokens of `transforms.formats.tokens`, for all languages; and special
characters and punctuation are found by their Unicode category, not by lists of English ones.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache, cached_property
from itertools import compress
from operator import mul

import numpy as np

from lamella.schemas.document import Node, TextNode, TextQuality
from lamella.transforms.filter import repetition
from lamella.transforms.filter.repetition import NgramCharacters, Repeats
from lamella.transforms.filter.wordlists import GOPHER_STOP_WORDS, STOP_WORDS, flagged_words
from lamella.transforms.formats.tokens import tokens
from lamella.transforms.formats.words import TERMINAL, is_unspaced
from lamella.transforms.formats.words import lines as lines_of

SHORT_LINE_CHARACTERS = 30  # FineWeb
_ELLIPSIS = ("...", "…")
_BULLETS = ("•", "-", "‣", "▪", "●", "*")
_ENDS = tuple(TERMINAL.replace("…", ""))
_PROSE_MARKS = frozenset(",.'")
_PUNCTUATION = frozenset(",;:?!.,،؛、。，；：？！．…·।") | {"..."}  # OBELICS', and what other scripts write for them

# Nodes that stand close together: a list or a table is one paragraph of many lines.
_TIGHT_TAGS = frozenset({"li", "tr", "td", "th", "dt", "dd"})


class TextMeasures:
    """The measures of one text, named as in `TextQuality`; ratios are from 0 to 1, except the two relative n-gram measures.

    Args:
        paragraphs: the text's parts. The text itself is these, joined by line breaks.
        language: ISO 639-1; decides which stop words and flagged words count.
        parts: measures of the same text in pieces, cut at line breaks, whose splitting into words is taken over.
    """

    def __init__(self, paragraphs: Sequence[str], language: str, parts: Sequence["TextMeasures"] = ()):
        self.paragraphs = paragraphs
        self.language = language
        self.text = "\n".join(paragraphs)
        self._parts = parts

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
        return self._count(self._is_word)

    @cached_property
    def mean_word_length(self) -> float:
        characters = map(mul, self._token_counts.values(), map(len, self._token_counts))
        return _share(sum(compress(characters, self._is_word)), self.words)

    @cached_property
    def symbols_per_word(self) -> float:
        """The worse of '#' and of ellipses, over all tokens."""
        ellipses = sum(map(self.text.count, _ELLIPSIS))
        return _share(max(self.text.count("#"), ellipses), len(self._tokens))

    @cached_property
    def bullet_lines(self) -> float:
        return _share(sum(line.startswith(_BULLETS) for line in self.lines), len(self.lines))

    @cached_property
    def ellipsis_lines(self) -> float:
        return _share(sum(line.endswith(_ELLIPSIS) for line in self.lines), len(self.lines))

    @cached_property
    def ended_lines(self) -> float:
        return _share(sum(line.endswith(_ENDS) for line in self.lines), len(self.lines))

    @cached_property
    def short_lines(self) -> float:
        return _share(sum(len(line) <= SHORT_LINE_CHARACTERS for line in self.lines), len(self.lines))

    @cached_property
    def alphabetic_words(self) -> float:
        """Tokens with a letter over all tokens, marks of punctuation included, as datatrove counts them."""
        return _share(self._count(map(_has_letter, self._token_counts)), len(self._tokens))

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
        blocks = self._points >> _BLOCK_BITS
        special = (_special_code_points(int(block))[self._points[blocks == block] & _IN_BLOCK] for block in np.unique(blocks))
        return _share(sum(int(np.count_nonzero(one)) for one in special), len(self.text))

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
        is_word = np.array(self._is_word, bool)
        places = dict(zip(dict.fromkeys(self._lower), range(len(is_word)), strict=False))
        lower_ids = np.fromiter(map(places.__getitem__, self._lower), np.int64, len(is_word))
        return repetition.word_repetition(lower_ids[self._ids[is_word[self._ids]]])

    @cached_property
    def _points(self) -> np.ndarray:
        """Code points, uint32 [characters]."""
        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def _tokens(self) -> list[str]:
        return [token for part in self._parts for token in part._tokens] if self._parts else tokens(self.text)

    @cached_property
    def _token_counts(self) -> Counter[str]:
        return Counter(self._tokens)

    @cached_property
    def _is_word(self) -> list[bool]:
        """Of the different tokens, as the next; the rest are marks of punctuation."""
        return list(map(_has_word, self._token_counts))

    @cached_property
    def _lower(self) -> list[str]:
        """Of the different tokens, by first appearance."""
        return list(map(str.lower, self._token_counts))

    @cached_property
    def _ids(self) -> np.ndarray:
        """int64 [tokens]: the place of each token among the different ones."""
        places = dict(zip(self._token_counts, range(len(self._token_counts)), strict=True))
        return np.fromiter(map(places.__getitem__, self._tokens), np.int64, len(self._tokens))

    def _count(self, flags: Iterable[bool]) -> int:
        """How many tokens are of the kinds that are flagged, in the order of the different tokens."""
        return sum(compress(self._token_counts.values(), flags))

    def _count_listed(self, listed: frozenset[str]) -> int:
        return self._count(map(listed.__contains__, self._lower))

    @cached_property
    def _ngram_characters(self) -> NgramCharacters:
        lengths = np.fromiter(map(len, self._token_counts), np.int64, len(self._token_counts))
        return repetition.ngram_characters(self._ids, lengths[self._ids], len(self.text))

    @cached_property
    def lines_as_written(self) -> list[str]:
        """Those that are not blank. Lines that are indented otherwise are other lines (datatrove)."""
        return [line for line in self.text.split("\n") if line and not line.isspace()]

    @cached_property
    def lines(self) -> list[str]:
        return lines_of(self.text)

    @cached_property
    def _repeated_lines(self) -> Repeats:
        return repetition.repeated_parts(self.lines_as_written, len(self.text))

    @cached_property
    def _repeated_paragraphs(self) -> Repeats:
        return repetition.repeated_parts(self.paragraphs, len(self.text))


def is_code(node: Node, min_prose: float) -> bool:
    """Whether a node is preformatted and no prose: letters and what stands between them are less than `min_prose` of it. Mail
    archives keep letters in the same element."""
    if not isinstance(node, TextNode) or node.tag != "pre":
        return False
    plain = sum(character.isalpha() or character.isspace() or character in _PROSE_MARKS for character in node.text)
    return plain < min_prose * len(node.text)


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


_BLOCK_BITS = 12  # a text stays within few blocks; all of Unicode at once would cost half a second a process
_IN_BLOCK = (1 << _BLOCK_BITS) - 1


@cache
def _special_code_points(block: int) -> np.ndarray:
    """bool [1 << _BLOCK_BITS], for the code points of one block: no letter and no mark."""
    points = range(block << _BLOCK_BITS, (block + 1) << _BLOCK_BITS)
    return np.fromiter((unicodedata.category(chr(point))[0] not in "LM" for point in points), bool, len(points))


def _has_word(token: str) -> bool:
    return token.isalnum() or any(map(str.isalnum, token)) or "_" in token


def _has_letter(token: str) -> bool:
    return token.isalpha() or any(map(str.isalpha, token))
