"""What a tool took from a page, and the gold -> the figures of the table."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.extraction_gold import Article, Block, Snippets, canonical

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")
_SHINGLE = 4
_OPENING_TOKENS = 6  # by which a paragraph is found again


@dataclass(frozen=True, slots=True)
class Rates:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def text_of(blocks: Iterable[Block]) -> str:
    return "\n".join(block.text for block in blocks if block.text)


def text_with_captions(blocks: Iterable[Block]) -> str:
    """For golds that keep captions among the text."""
    return "\n".join(text for block in blocks if (text := block.text or block.caption))


def snippet_counts(case: Snippets, text: str) -> tuple[int, int, int]:
    """(found and wanted, found and unwanted, wanted and not found): micro-averaged, as trafilatura's own evaluation does."""
    text = _spaced(text)
    found = sum(_spaced(wanted) in text for wanted in case.wanted)
    return found, sum(_spaced(unwanted) in text for unwanted in case.unwanted), len(case.wanted) - found


def rates(good: int, bad: int, missed: int) -> Rates:
    return Rates(good / (good + bad) if good + bad else 0.0, good / (good + missed) if good + missed else 0.0)


def token_counts(expected: str, text: str) -> tuple[int, int, int]:
    """Tokens as bags: shared, only ours, only the gold's."""
    return _overlap(Counter(tokens(expected)), Counter(tokens(text)))


def shingle_counts(expected: str, text: str) -> tuple[int, int, int]:
    """The same on runs of four tokens."""
    return _overlap(_shingles(expected), _shingles(text))


def image_counts(article: Article, blocks: Iterable[Block]) -> tuple[int, int, int]:
    """Images by address; any address that the page gives an image counts as that image."""
    expected, found = _images(article, article.blocks), _images(article, blocks)
    return len(expected & found), len(found - expected), len(expected - found)


def order_counts(article: Article, blocks: list[Block]) -> tuple[int, int]:
    """(agreeing, all) neighbourhoods: for each image that both have, the nearest paragraph before it and the one after it,
    of the paragraphs that both have."""
    stream, spots = _stream(article, blocks)
    places = _paragraph_places(article, stream)
    agreeing = total = 0
    paragraphs = [index for index, block in enumerate(article.blocks) if index in places]
    for index, block in enumerate(article.blocks):
        spot = spots.get(_name(article, block)) if block.image else None
        if spot is None or not paragraphs:
            continue
        expected = (
            max((p for p in paragraphs if p < index), default=None),
            min((p for p in paragraphs if p > index), default=None),
        )
        found = (
            max((p for p in paragraphs if places[p] < spot), key=places.get, default=None),
            min((p for p in paragraphs if places[p] >= spot), key=places.get, default=None),
        )
        total += 2
        agreeing += sum(one == other for one, other in zip(expected, found, strict=True))
    return agreeing, total


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def _spaced(text: str) -> str:
    """White space to single spaces, soft hyphens out: some snippets have them, and no tool should be judged by them."""
    return " ".join(unicodedata.normalize("NFC", text).replace("\xad", "").split())


def _overlap(expected: Counter, found: Counter) -> tuple[int, int, int]:
    shared = (expected & found).total()
    return shared, found.total() - shared, expected.total() - shared


def _shingles(text: str) -> Counter:
    words = tokens(text)
    return Counter(zip(*(words[start:] for start in range(_SHINGLE)), strict=False)) if len(words) >= _SHINGLE else Counter()


def _images(article: Article, blocks: Iterable[Block]) -> set[str]:
    return {_name(article, block) for block in blocks if block.image}


def _name(article: Article, block: Block) -> str:
    """One name for all the addresses of an image."""
    name = canonical(block.image)
    return article.same.get(name, name)


def _stream(article: Article, blocks: Iterable[Block]) -> tuple[list[str], dict[str, int]]:
    """All tokens in order, and between which of them each image stands first."""
    stream: list[str] = []
    spots: dict[str, int] = {}
    for block in blocks:
        if block.image:
            spots.setdefault(_name(article, block), len(stream))
        stream += tokens(block.text)
    return stream, spots


def _paragraph_places(article: Article, stream: list[str]) -> dict[int, int]:
    """Where each paragraph of the gold begins among the tokens found; paragraphs that begin alike are left out."""
    openings = {}
    for index, block in enumerate(article.blocks):
        words = tokens(block.text)
        if len(words) >= _OPENING_TOKENS:
            openings.setdefault(tuple(words[:_OPENING_TOKENS]), []).append(index)
    seen: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(stream) - _OPENING_TOKENS + 1):
        opening = tuple(stream[at : at + _OPENING_TOKENS])
        if opening in openings:
            seen.setdefault(opening, []).append(at)
    return {openings[key][0]: at[0] for key, at in seen.items() if len(openings[key]) == 1 and len(at) == 1}
