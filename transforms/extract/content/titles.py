"""A Layout -> what its page's own title tells of it: where it stands, what leads from it to the text, what is said under it."""

import re
from typing import Protocol

from lamella.transforms.extract.dom.blocks import Item, Layout, is_named
from lamella.transforms.extract.dom.class_heuristics import COMMENTS, CONSENT, FURNITURE, LIKELY_FURNITURE
from lamella.transforms.extract.dom.tags import HEADINGS

_TITLE_EDGES = re.compile(r"\s[-–—|·:»«/]++\s|[|»«]")
_BOILERPLATE = frozenset((COMMENTS, CONSENT, FURNITURE, LIKELY_FURNITURE))


class Limits(Protocol):
    """What is read of `schemas.config.ExtractConfig`."""

    min_prose_words: int
    min_told_prose: int
    min_lead_words: int
    max_link_density: float


def title_parts(layout: Layout) -> frozenset[str]:
    """What stands between the edges of the page's title, in folded case: "A site" and "A story" of "A site - A story"."""
    return frozenset(part.strip().casefold() for part in _TITLE_EDGES.split(layout.title))


def is_whole_title(item: Item, parts: frozenset[str]) -> bool:
    """Whether a heading of some words is a part of the page's title to the letter."""
    return item.tag in HEADINGS and item.words > 1 and item.text.casefold() in parts


def told_under_title(layout: Layout, limits: Limits) -> bool:
    """Whether the page says enough under a heading that is its title to the letter, in no boilerplate: then the names of what
    says more elsewhere are believed."""
    parts = title_parts(layout)
    said, under, level = 0, False, "h1"
    for item in layout.items:
        if item.tag in HEADINGS and (item.tag <= level or not under):
            under = item.text.casefold() in parts and not _is_in_boilerplate(layout, item.box)
            level = item.tag
        elif under and item.words >= limits.min_prose_words and not item.link_letters:
            said += 0 if _is_in_boilerplate(layout, item.box) else len(item.text)
    return said >= limits.min_told_prose


def _is_in_boilerplate(layout: Layout, at: int) -> bool:
    while at > 0:
        if layout.boxes[at].hint in _BOILERPLATE:
            return True
        at = layout.boxes[at].parent
    return False


def lead_of(layout: Layout, boilerplate: list[bool], inside: list[bool], limits: Limits) -> list[Item]:
    """What stands between the page's title and its main region, where the title is outside: the title, prose and pictures."""
    items = layout.items
    first = next((index for index, item in enumerate(items) if inside[item.box]), 0)
    names = layout.title.casefold()
    titles = [item for item in items if item.tag == "h1" and inside[item.box]]
    opening = next((item for item in items if item.tag in HEADINGS and inside[item.box] and not boilerplate[item.box]), None)
    if any(is_named(item, names) for item in titles) or (opening and is_whole_title(opening, title_parts(layout))):
        return []
    before = [index for index in range(first - 1, -1, -1) if not boilerplate[items[index].box]]
    title = next((index for index in before if is_named(items[index], names) or _is_name(items[index], names, limits)), None)
    if title is None and not titles:
        title = next((index for index in before if items[index].tag == "h1"), None)
    if title is None:
        return []
    return [
        item
        for item in items[title:first]
        if not boilerplate[item.box] and (item.media or item.tag in HEADINGS or _is_lead(item, limits))
    ]


def _is_name(item: Item, names: str, limits: Limits) -> bool:
    """Whether a line that is no heading says what the page calls itself."""
    return item.words >= limits.min_lead_words and not item.link_letters and item.text.casefold() in names


def _is_lead(item: Item, limits: Limits) -> bool:
    return item.words >= limits.min_lead_words and item.link_density <= limits.max_link_density
