"""The items of the main region -> those that say something: lists of links, labels and headings of nothing go."""

from typing import Protocol

from transforms.extract.layout import Item, Layout
from transforms.extract.tags import HEADINGS


class Limits(Protocol):
    """What is read of `schemas.config.ExtractConfig`."""

    min_block_words: int
    max_link_density: float
    min_prose_words: int
    max_prose_link_density: float


def without_chaff(layout: Layout, items: list[Item], limits: Limits) -> list[Item]:
    said = [bool(item.media) or item.tag in HEADINGS or not _is_chaff(item, limits) for item in items]
    kept = [item for index, item in enumerate(items) if said[index] or _is_between(layout, items, said, index)]
    return _without_lone_headings(kept)


def _is_chaff(item: Item, limits: Limits) -> bool:
    if item.tag == "pre":
        return False
    linked = item.link_density
    if linked > limits.max_link_density and (item.words < limits.min_prose_words or linked > limits.max_prose_link_density):
        return True
    return item.words < limits.min_block_words and item.tag not in ("li", "tr", "figcaption")


def _is_between(layout: Layout, items: list[Item], said: list[bool], index: int) -> bool:
    """A paragraph of a word or two among paragraphs, as in a dialogue."""
    if not 0 < index < len(items) - 1 or items[index].link_letters or layout.boxes[items[index].box].tag != "p":
        return False
    around = [items[index - 1], items[index + 1]]
    parent = layout.boxes[items[index].box].parent
    return said[index - 1] and said[index + 1] and all(layout.boxes[item.box].parent == parent for item in around)


def _without_lone_headings(items: list[Item]) -> list[Item]:
    """Headings whose section is gone go too: nothing stands below them before a heading as high, or the end."""
    out: list[Item] = []
    for item in reversed(items):
        lone = item.tag in HEADINGS and (not out or (out[-1].tag in HEADINGS and out[-1].tag <= item.tag))
        if not lone:
            out.append(item)
    return out[::-1]
