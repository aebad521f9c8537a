"""Items -> which of them are short lines told in a row: verse, facts, ingredients."""

from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Item, Layout
from lamella.transforms.extract.dom.tags import HEADINGS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

FULL_STOPS = frozenset(".!?…\"'”’»«“。！？」』؟।۔")
_MIN_ROWS = 3  # of a name and a value
_MIN_SECTION = 2  # lines under a heading of their own


def runs_of(layout: Layout, items: list[Item], limits: "ExtractConfig") -> list[bool]:
    """Which items stand among several short lines in a row without a link, on a page that says little else: verse, facts. In
    a text they are told where they have a heading of their own and another one follows, as ingredients do, or where each row
    of them is a name and a value."""
    run = [False] * len(items)
    little = sum(len(item.text) for item in items if is_sentence(item, limits)) < limits.min_article_prose
    at = 0
    for index in range(len(items) + 1):
        if index == len(items) or not _is_line(items[index]) or (not little and items[index].words >= limits.min_prose_words):
            several = index - at >= limits.min_run and (little or _is_in_rows(layout, items[at:index]))
            if several or (index - at >= _MIN_SECTION and _is_section(items, at, index)):
                run[at:index] = [True] * (index - at)
            at = index + 1
    return run


def _is_section(items: list[Item], start: int, end: int) -> bool:
    """Whether a heading stands right before these lines, and one as high behind them."""
    if not 0 < start < end < len(items):
        return False
    heading, following = items[start - 1].tag, items[end].tag
    return heading in HEADINGS and heading != "h1" and following in HEADINGS and following <= heading


def _is_in_rows(layout: Layout, lines: list[Item]) -> bool:
    """Whether the lines stand in boxes of two, all of one name, one below the other: a name and its value."""
    boxes = layout.boxes
    if len(lines) < 2 * _MIN_ROWS or len(lines) % 2:
        return False
    rows = [boxes[item.box].parent for item in lines]
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    alike = len({(boxes[row].tag, boxes[row].name, boxes[row].parent) for row, _ in pairs}) == 1
    return alike and all(row == other for row, other in pairs) and len({row for row, _ in pairs}) == len(pairs)


def _is_line(item: Item) -> bool:
    return item.media is None and item.tag == "p" and not item.link_letters


def is_sentence(item: Item, limits: "ExtractConfig") -> bool:
    """In a line of its own with a full stop: verse has long lines, too."""
    return item.words >= limits.min_prose_words and not item.link_letters and item.text[-1] in FULL_STOPS
