"""A Layout -> the items that are the page's own matter: furniture out, main content chosen by the density of its text.

Language-neutral: it looks at tags, roles, the habits of class names, link density (Kohlschütter et al. 2010, Boilerpipe)
and where the prose of the page stands, never at words.
"""

from typing import Protocol

from transforms.extract.hints import COMMENTS, CONTENT, FURNITURE, LIKELY_FURNITURE
from transforms.extract.layout import Item, Layout
from transforms.extract.tags import HEADINGS, TEXT_BOXES


class Limits(Protocol):
    """What is read of `schemas.config.ExtractConfig`."""

    min_block_words: int
    max_link_density: float
    min_main_prose: float
    max_furniture_prose: float
    min_prose_left: float


def main_items(layout: Layout, limits: Limits) -> list[Item]:
    """The items to keep, in reading order."""
    furniture = _furniture(layout, limits, frozenset((FURNITURE, LIKELY_FURNITURE, COMMENTS)))
    prose = _prose_without(layout, furniture)
    if prose[0] < limits.min_prose_left * layout.boxes[0].prose:  # a site whose class names mean something else
        furniture = _furniture(layout, limits, frozenset((FURNITURE, COMMENTS)))
        prose = _prose_without(layout, furniture)
    main = _main_box(layout, furniture, prose, limits)
    inside = _below(layout, main)
    kept = [item for item in layout.items if inside[item.box] and not furniture[item.box]]
    return _without_lone_headings(_without_chaff(kept, limits))


def _furniture(layout: Layout, limits: Limits, hints: frozenset[str]) -> list[bool]:
    """Which boxes are furniture, or stand in it. A box that holds most of the page's prose is none, whatever it says."""
    total = layout.boxes[0].prose
    out = [False] * len(layout.boxes)
    in_figure = [False] * len(layout.boxes)
    for index, box in enumerate(layout.boxes):
        if index == 0:
            continue
        in_figure[index] = in_figure[box.parent] or box.tag == "figure"
        if out[box.parent]:
            out[index] = True
        elif box.hint == LIKELY_FURNITURE and in_figure[index]:
            continue
        elif box.hint in hints and not box.main:
            most = limits.max_furniture_prose if box.hint == LIKELY_FURNITURE else (1 + limits.max_furniture_prose) / 2
            out[index] = box.prose <= most * total
        elif box.tag == "header":
            out[index] = not box.heading and not box.main and box.prose <= limits.max_furniture_prose * total
    return out


def _prose_without(layout: Layout, furniture: list[bool]) -> list[float]:
    """The prose of each box that is not in furniture."""
    prose = [0.0 if out else box.prose for box, out in zip(layout.boxes, furniture, strict=True)]
    for index in range(len(prose) - 1, 0, -1):
        box = layout.boxes[index]
        if furniture[index] and not furniture[box.parent]:
            lost, at = box.prose, box.parent
            while at >= 0:
                prose[at] -= lost
                at = layout.boxes[at].parent
    return prose


def _main_box(layout: Layout, furniture: list[bool], prose: list[float], limits: Limits) -> int:
    """The smallest box that still holds enough of the prose; or the content element around it, for its title and lead."""
    enough, main = limits.min_main_prose * prose[0], 0
    for index, box in enumerate(layout.boxes):
        if index and box.parent == main and not furniture[index] and prose[index] >= enough > 0 and box.tag not in TEXT_BOXES:
            main = index
    at = main
    while at > 0:
        if layout.boxes[at].hint == CONTENT:
            return at
        at = layout.boxes[at].parent
    return main


def _below(layout: Layout, top: int) -> list[bool]:
    inside = [False] * len(layout.boxes)
    for index, box in enumerate(layout.boxes):
        inside[index] = index == top or (box.parent >= 0 and inside[box.parent])
    return inside


def _without_chaff(items: list[Item], limits: Limits) -> list[Item]:
    """Blocks of links and labels out."""
    return [item for item in items if item.media or item.tag in HEADINGS or not _is_chaff(item, limits)]


def _is_chaff(item: Item, limits: Limits) -> bool:
    if item.tag == "pre":
        return False
    if item.link_density > limits.max_link_density:
        return True
    return item.words < limits.min_block_words and item.tag not in ("li", "tr", "figcaption")


def _without_lone_headings(items: list[Item]) -> list[Item]:
    """Headings whose section is gone go too: nothing stands below them before a heading as high, or the end."""
    out: list[Item] = []
    for item in reversed(items):
        lone = item.tag in HEADINGS and (not out or (out[-1].tag in HEADINGS and out[-1].tag <= item.tag))
        if not lone:
            out.append(item)
    return out[::-1]
