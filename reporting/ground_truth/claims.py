"""A caption and its picture's facts -> each claim of the caption, true or false.

Facts are those of the sample's ledger: shapes, colours, count, relation. The words come from the ledger too, so this module
knows nothing of the sample's world.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ATTRIBUTES = ("shape", "colour", "count", "relation")

_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
_WORD = re.compile(r"[a-z]+|[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words that facts are stated in."""

    shapes: frozenset[str]
    colours: frozenset[str]
    relations: tuple[str, ...]

    @classmethod
    def of(cls, facts: Iterable[Mapping[str, Any]]) -> "Vocabulary":
        shapes, colours, relations = set(), set(), set()
        for one in facts:
            shapes.update(one["shapes"])
            colours.update(one["colours"])
            relations.add(one["relation"])
        # Longest first: no relation may hide another one that it is the end of.
        ordered = tuple(sorted(relations - {""}, key=lambda words: (-len(words), words)))
        return cls(shapes=frozenset(shapes), colours=frozenset(colours), relations=ordered)


def claims(caption: str, facts: Mapping[str, Any], words: Vocabulary) -> dict[str, bool]:
    """Each attribute that the caption mentions, and whether all that it says of it is true."""
    said = _WORD.findall(caption.lower())
    shapes = [shape for shape in (_shape(word, words) for word in said) if shape]
    colours = [word for word in said if word in words.colours]
    counts = [_NUMBERS.get(word, int(word) if word.isdigit() else 0) for word in said if word in _NUMBERS or word.isdigit()]
    out = {}
    if shapes:
        out["shape"] = set(shapes) <= set(facts["shapes"])
    if colours:
        out["colour"] = set(colours) <= set(facts["colours"])
    if counts:
        out["count"] = set(counts) == {facts["count"]}
    relation = next((relation for relation in words.relations if _at(said, relation.split()) >= 0), "")
    if relation:
        out["relation"] = _relation_holds(said, relation, facts, words)
    return out


def _shape(word: str, words: Vocabulary) -> str:
    """The shape that a word names, in singular or plural; "" for any other word."""
    return next((form for form in (word, word.removesuffix("s"), word.removesuffix("es")) if form in words.shapes), "")


def _relation_holds(said: Sequence[str], relation: str, facts: Mapping[str, Any], words: Vocabulary) -> bool:
    """Whether what is named before the relation stands so to the other thing. Things are known by colour and shape."""
    if not facts["relation"] or len(facts["shapes"]) != 2:
        return False
    before = said[: _at(said, relation.split())]
    shape = next((shape for word in reversed(before) if (shape := _shape(word, words))), "")
    colour = next((word for word in reversed(before) if word in words.colours), "")
    things = list(zip(facts["colours"], facts["shapes"], strict=True))
    as_stated = [facts["relation"], _OPPOSITE[facts["relation"]]]
    return any((colour, shape) == thing and relation == stated for thing, stated in zip(things, as_stated, strict=True))


def _at(said: Sequence[str], phrase: Sequence[str]) -> int:
    """Where the phrase begins, or -1."""
    span = len(phrase)
    return next((at for at in range(len(said) - span + 1) if list(said[at : at + span]) == list(phrase)), -1)
