"""The items that stay -> the same without headings that have nothing below them: titles, chapters and chronicles stay."""

from typing import TYPE_CHECKING

from lamella.transforms.extract.content.titles import is_called_so, title_parts
from lamella.transforms.extract.dom.blocks import Item, Layout, is_named
from lamella.transforms.extract.dom.tags import HEADINGS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


_MIN_CHRONICLE = 3


def without_emptied_boxes(layout: Layout, items: list[Item], kept: list[Item], limits: "ExtractConfig") -> list[Item]:
    """Without the headings of boxes that held nothing else but links, which are gone."""
    left, links = [0] * len(layout.boxes), [0] * len(layout.boxes)
    for item in kept:
        left[item.box] += 1
    for item in items:
        links[item.box] += item.link_density > limits.max_link_density
    for index in range(len(left) - 1, 0, -1):
        left[layout.boxes[index].parent] += left[index]
        links[layout.boxes[index].parent] += links[index]

    def is_emptied(box: int) -> bool:
        while box > 0 and left[box] == 1 and not links[box]:
            box = layout.boxes[box].parent
        return left[box] == 1 and links[box] > 1  # one link beside a heading may be its own: "edit"

    return [item for item in kept if item.entry or item.tag not in HEADINGS or item.tag == "h1" or not is_emptied(item.box)]


def without_doubled_headings(items: list[Item]) -> list[Item]:
    """Without the headings that say again what the one before them says: each kind of screen is shown its own."""
    return [
        item
        for before, item in zip([None, *items], items, strict=False)
        if before is None or item.tag not in HEADINGS or before.tag not in HEADINGS or item.text != before.text
    ]


def without_lone_headings(layout: Layout, items: list[Item]) -> list[Item]:
    """Headings whose section is gone go too, but not the title: nothing is below them before a heading as high, or at all."""
    if all(item.media or item.tag in HEADINGS for item in items):
        return items  # headings are all that the page says
    names, order = layout.title.casefold(), {id(item): index for index, item in enumerate(layout.items)}
    opening, chronicled = _opening_title(layout, items), _chronicles(layout)
    out: list[Item] = []
    for item in reversed(items):
        lone = item.tag in HEADINGS and not item.entry and (not out or (out[-1].tag in HEADINGS and out[-1].tag <= item.tag))
        if (
            not lone
            or id(item) in chronicled
            or (out and (item is opening or is_named(item, names) or _stands_for_text(layout, order, item, out[-1])))
        ):
            out.append(item)
    return out[::-1]


def _chronicles(layout: Layout) -> set[int]:
    """The ids of headings of one rank, several in a row with nothing between them and a number in each: what happened when."""
    found: set[int] = set()
    run: list[Item] = []
    for item in [*layout.items, None]:
        if item is not None and item.tag in HEADINGS and not item.link_letters and any(map(str.isdecimal, item.text)):
            if run and run[-1].tag != item.tag:
                run = []
            run.append(item)
            if len(run) >= _MIN_CHRONICLE:
                found.update(map(id, run[-_MIN_CHRONICLE:]))
        else:
            run = []
    return found


def _opening_title(layout: Layout, items: list[Item]) -> Item | None:
    """The heading of the first rank that opens a document, where it is what the page calls itself. What stood between it and
    the next one may be gone: who wrote it, for which meeting."""
    first = next((item for item in items if item.tag == "h1"), None)
    return first if first and is_called_so(first, title_parts(layout)) else None


def _stands_for_text(layout: Layout, order: dict[int, int], heading: Item, following: Item) -> bool:
    """Whether a heading never had a section: it stands right before one as high, or right behind the title. Headings in a row
    are a chronicle; the line behind a title is its subtitle; one right before another, with no box between them, is the number
    of its chapter."""
    all_items, boxes, at = layout.items, layout.boxes, order[id(heading)]
    if order[id(following)] != at + 1 or following.tag != heading.tag:
        return False
    above = all_items[at - 1].tag if at > 0 else ""
    below = all_items[at + 2].tag if at + 2 < len(all_items) else ""
    if above == "h1":
        return True
    one, other = heading.box, following.box
    beside = boxes[one].parent == boxes[other].parent and layout.ends()[one] == other
    return heading.link_letters == 0 and (beside or heading.tag in (above, below))
