"""A page's pictures and videos -> the same, each picture with the part of its figure's caption that is about it.

A figure's pictures stand one after another with one caption. If the caption names its parts, "(a) ... (b) ...", and has one for
each picture, each picture gets its own, in order; else the figure counts once, with its first picture.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from lamella.schemas.document import ImageNode, VideoNode
from lamella.transforms.formats.words import words

Shown = ImageNode | VideoNode
_MOST_PARTS = 12  # a to l; more letters in brackets are a list of something else
# Of each kind of mark one that opens a part or ends it; the group that is there is its place.
_LETTER = re.compile(r"\((?P<bracket>[A-La-l])\)|(?:(?<=^)|(?<=[\s;,.]))(?P<bare>[A-La-l])[):.]\s", re.ASCII)
_NUMBER = re.compile(r"\((?P<bracket>\d{1,2})\)|(?:(?<=^)|(?<=[\s;,.]))(?P<bare>\d{1,2})\)\s", re.ASCII)
_SIDES = (
    ("left", "right"),
    ("left", "middle", "right"),
    ("left", "center", "right"),
    ("left", "centre", "right"),
    ("top", "bottom"),
    ("top", "middle", "bottom"),
    ("above", "below"),
)
_SIDE = re.compile(
    r"[(\[](?P<bracket>left|middle|cent(?:er|re)|right|top|bottom|above|below)[)\]]"
    r"|(?:(?<=^)|(?<=[.;,] ))(?P<bare>left|middle|cent(?:er|re)|right|top|bottom|above|below):\s",
    re.IGNORECASE,
)
_EDGES = " ,;:–—-"
_JOINED = re.compile(rf"(?:[{re.escape(_EDGES)}]|\b(?:and|und|et|y|e)\s)++\s*+", re.IGNORECASE)  # between two parts
_HANGING = re.compile(r"(?<![\s,;])[\s,;]++(?:and|und|et|y|e)\Z")


def with_own_captions(shown: Iterable[Shown]) -> list[Shown]:
    """Each picture with its own part of a figure's caption; without a caption if another picture of the figure has it."""
    out: list[Shown] = []
    for caption, run in groupby(shown, key=lambda node: node.caption if isinstance(node, ImageNode) else ""):
        figure = list(run)
        if caption and len({node.url for node in figure}) == len(figure) > 1:  # one picture that is shown twice is none
            parts = parts_of(caption, len(figure)) or [caption, *[""] * (len(figure) - 1)]
            figure = [replace(node, caption=part) for node, part in zip(figure, parts, strict=True)]
        out += figure
    return out


def parts_of(caption: str, pictures: int) -> list[str]:
    """For each of several pictures, what the caption says of all and then of this one; none if there are not as many parts as
    pictures.

    >>> parts_of("Two fields. (a) A red one; (b) a blue one.", 2)
    ['Two fields. A red one', 'Two fields. a blue one.']
    >>> parts_of("A red field (a) and a blue one (b)", 2)
    ['A red field', 'a blue one']
    >>> parts_of("Fields (a-c) in spring", 3)
    []
    """
    caption = " ".join(caption.split())
    for pattern, named in ((_LETTER, _letters), (_NUMBER, _numbers), (_SIDE, _sides)):
        marks = list(pattern.finditer(caption))
        if 2 <= pictures == len(marks) <= _MOST_PARTS and named([_place(mark) for mark in marks]):
            return _cut(caption, marks)
    return []


def _cut(caption: str, marks: Sequence[re.Match[str]]) -> list[str]:
    """Each part behind its mark, or before it where the last mark ends the caption."""
    ends = not words(caption[marks[-1].end() :])
    starts = [0, *(mark.end() for mark in marks)]
    if ends:
        cuts = [caption[start : mark.start()] for start, mark in zip(starts, marks, strict=False)]
        parts, lead = [_tidied(cut) for cut in cuts], ""
    else:
        until = [*(mark.start() for mark in marks[1:]), len(caption)]
        parts = [_tidied(caption[mark.end() : end]) for mark, end in zip(marks, until, strict=True)]
        lead = caption[: marks[0].start()].strip(_EDGES)
    if not all(_JOINED.sub("", f"{part} ").strip() and words(part) for part in parts):
        return []
    return [_beside(lead, part) for part in parts] if words(lead) else parts


def _beside(lead: str, part: str) -> str:
    return f"{lead}{' ' if lead[-1] in '.!?' else ': '}{part}"


def _tidied(part: str) -> str:
    part = part.strip(_EDGES)
    if joined := _JOINED.match(part):
        part = part[joined.end() :]
    return _HANGING.sub("", part).strip(_EDGES)


def _place(mark: re.Match[str]) -> str:
    return (mark["bracket"] or mark["bare"]).lower()


def _letters(places: Sequence[str]) -> bool:
    return list(places) == [chr(ord("a") + number) for number in range(len(places))]


def _numbers(places: Sequence[str]) -> bool:
    return list(places) == [str(number + 1) for number in range(len(places))]


def _sides(places: Sequence[str]) -> bool:
    return tuple(places) in _SIDES
