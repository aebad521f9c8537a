"""A main region -> the same without the little that comes after the text: who wrote it, what to subscribe to.

Most sites put an article's text into one box. What stands behind that box, and says little, is of the site.
"""

import re
from typing import Protocol

from transforms.extract.layout import Item, Layout
from transforms.extract.tags import TEXT_BOXES

_NOTES = re.compile(r"(?:foot|end)-?notes?", re.IGNORECASE)


class Limits(Protocol):
    """What is read of `schemas.config.ExtractConfig`."""

    min_core_prose: float


def core_of(layout: Layout, prose: list[float], main: int, limits: Limits) -> int:
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


def without_tail(layout: Layout, region: list[Item], core: int, limits: Limits) -> list[Item]:
    """Without the little in boxes behind the core: who wrote it, what to subscribe to. Pictures, notes and paragraphs stay."""
    inside, around = layout.below(core), set()
    while core >= 0:
        around.add(core)
        core = layout.boxes[core].parent
    end = max((index for index, item in enumerate(region) if inside[item.box]), default=len(region)) + 1
    tail = sum(len(item.text) - item.link_letters for item in region[end:])
    if tail > (1 - limits.min_core_prose) * sum(len(item.text) - item.link_letters for item in region):
        return region
    return region[:end] + [item for item in region[end:] if item.media or _stays(layout, item.box, around)]


def _stays(layout: Layout, box: int, around: set[int]) -> bool:
    """Whether it is a note, or stands beside the core in no box but an element of text."""
    while box not in around:
        own = layout.boxes[box]
        if _NOTES.search(own.name) or (own.parent in around and own.tag in TEXT_BOXES):
            return True
        box = own.parent
    return False
