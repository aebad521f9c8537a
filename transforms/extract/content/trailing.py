"""A main region -> the same without the little that comes after the text: who wrote it, what to subscribe to.

Most sites put an article's text into one box. What stands behind that box, and says little, is of the site.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Item, Layout
from lamella.transforms.extract.dom.tags import TEXT_BOXES

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_NOTES = re.compile(r"(?:foot|end)-?notes?", re.IGNORECASE)
_NOTE, _TEXT, _NAMED, _NAMELESS, _NOTHING = "note", "text", "named", "nameless", "nothing"
_STAYING = frozenset((_NOTE, _TEXT))
_MATTER = frozenset(("pre", "tr", "blockquote", "li"))


def core_of(layout: Layout, prose: list[float], main: int, limits: "ExtractConfig") -> int:
    """The smallest box in the main one that holds nearly all of its prose, and no box of its name comes after it."""
    enough, core = limits.min_core_prose * prose[main], main
    after: dict[tuple[int, str, str], int] = {}  # the last box of a name
    for index in range(main + 1, len(prose)):
        box = layout.boxes[index]
        if prose[index] > 0:
            after[box.parent, box.tag, box.name] = index
    for index in range(main + 1, len(prose)):
        box = layout.boxes[index]
        if box.parent == core and prose[index] >= enough > 0 and box.tag not in TEXT_BOXES:
            if after[core, box.tag, box.name] != index:
                break
            core = index
    return core


def without_trailing(layout: Layout, region: list[Item], core: int, limits: "ExtractConfig") -> list[Item]:
    """Without the little in boxes behind the core, and behind the paragraphs in it: who wrote it, what to subscribe to.
    Pictures, notes, lists, code and paragraphs stay."""
    inside, around, at = layout.below(core), set(), core
    while at >= 0:
        around.add(at)
        at = layout.boxes[at].parent
    end = max((index + 1 for index, item in enumerate(region) if inside[item.box]), default=len(region))
    text, tail = _without_last_boxes(layout, region[:end], core, limits), region[end:]
    if _letters(tail) > (1 - limits.min_core_prose) * _letters(region):
        return text + tail
    branches = _branches(layout, around, tail)
    return text + [item for item, branch in zip(tail, branches, strict=True) if item.media or branch in _STAYING]


def _without_last_boxes(layout: Layout, text: list[Item], core: int, limits: "ExtractConfig") -> list[Item]:
    """Where nearly all of the core stands in its own paragraphs, the boxes with a name behind the last of them go."""
    of_items = _branches(layout, {core}, text)
    branches = [_NOTHING if item.media else branch for item, branch in zip(text, of_items, strict=True)]
    paragraphs = _letters([item for item, branch in zip(text, branches, strict=True) if branch in (_TEXT, _NOTHING)])
    own = [index for index, branch in enumerate(branches) if branch != _NAMED and not text[index].media]
    letters = _letters(text)
    if not own or paragraphs < limits.min_core_prose * letters:
        return text
    text, last = text[: own[-1] + 1], text[own[-1] + 1 :]
    if _letters(last) > limits.max_last_boxes * letters or any(item.tag in _MATTER for item in last):
        return text + last
    return text + [item for item in last if item.media]


def _letters(items: list[Item]) -> int:
    return sum(len(item.text) - item.link_letters for item in items)


@lru_cache(maxsize=4096)
def _holds_notes(name: str) -> bool:
    return bool(_NOTES.search(name))


def _branches(layout: Layout, around: set[int], items: list[Item]) -> list[str]:
    """For each item, what stands between it and the boxes around it: a note, an element of text, a box with a name or
    without, or nothing."""
    known: dict[int, str] = dict.fromkeys(around, _NOTHING)
    out = []
    for item in items:
        at, path = item.box, []
        while at not in known:
            box = layout.boxes[at]
            if box.name and _holds_notes(box.name):
                known[at] = _NOTE
            elif box.parent in around:
                known[at] = _TEXT if box.tag in TEXT_BOXES else _NAMED if box.name else _NAMELESS
            elif box.parent < 0:
                known[at] = _NAMELESS
            else:
                path.append(at)
                at = box.parent
        said = known[at]
        for index in path:
            known[index] = said
        out.append(said)
    return out
