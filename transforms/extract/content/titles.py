"""A Layout -> what its page's own title tells of it: where it stands, what leads from it to the text, what is said under it."""

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Image, Item, Layout, is_named
from lamella.transforms.extract.dom.class_heuristics import COMMENTS, CONSENT, FURNITURE, LIKELY_FURNITURE
from lamella.transforms.extract.dom.tags import HEADINGS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_TITLE_EDGES = re.compile(r"\s[-–—|·:»«/]++\s|[|»«]")
_BOILERPLATE = frozenset((COMMENTS, CONSENT, FURNITURE, LIKELY_FURNITURE))


def title_parts(layout: Layout) -> frozenset[str]:
    """What stands between the edges of the page's title, in folded case: "A site" and "A story" of "A site - A story"."""
    return frozenset(part.strip().casefold() for part in _TITLE_EDGES.split(layout.title))


def opening_heading(items: list[Item]) -> str:
    """What a page without a title is called: its first heading of the first rank; of several that stand together the one of
    most words, as one of them may name a meeting or a site. "" where there is none."""
    first = next((index for index, item in enumerate(items) if item.tag == "h1"), len(items))
    together = list(takewhile(lambda item: item.media or item.tag == "h1", items[first:]))
    return max(together, key=lambda item: item.words).text if together else ""


def is_whole_title(item: Item, parts: frozenset[str]) -> bool:
    """Whether a heading of some words is a part of the page's title to the letter."""
    return item.tag in HEADINGS and item.words > 1 and item.text.casefold() in parts


def is_called_so(item: Item, parts: frozenset[str]) -> bool:
    """Whether a heading and a part of the page's title are one but for signs and spaces, or one begins with the other:
    "The-Mill: its history" of a page that calls itself "TheMill"."""
    said = _letters(item.text)
    return any(part and (said.startswith(part) or (said and part.startswith(said))) for part in map(_letters, parts))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def told_under_title(layout: Layout, limits: "ExtractConfig") -> bool:
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


def lead_of(layout: Layout, boilerplate: list[bool], inside: list[bool], limits: "ExtractConfig") -> list[Item]:
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
        ranked, parts = [index for index in before if items[index].tag == "h1"], title_parts(layout)
        title = next((index for index in ranked if is_called_so(items[index], parts)), ranked[0] if ranked else None)
    if title is None:
        return []
    while title > 0 and items[title - 1].tag == items[title].tag == "h1" and not boilerplate[items[title - 1].box]:
        title -= 1  # in two headings
    return [
        item
        for item in items[_cover(layout, title, boilerplate) : first]
        if not boilerplate[item.box] and (item.media or item.tag in HEADINGS or _is_lead(item, limits))
    ]


def _cover(layout: Layout, title: int, boilerplate: list[bool]) -> int:
    """The index of the first of the pictures right before a title that stand with it in a box and lead nowhere:
    a book's cover, a hero; else the title's own."""
    items, box = layout.items, layout.boxes[layout.items[title].box].parent
    end = layout.ends()[box] if box > 0 else 0
    at = title
    while at > 0 and isinstance(shown := items[at - 1].media, Image) and box <= items[at - 1].box < end:
        if shown.linked or shown.of_site or boilerplate[items[at - 1].box]:
            break
        at -= 1
    return at


def _is_name(item: Item, names: str, limits: "ExtractConfig") -> bool:
    """Whether a line that is no heading says what the page calls itself."""
    return item.words >= limits.min_lead_words and not item.link_letters and item.text.casefold() in names


def _is_lead(item: Item, limits: "ExtractConfig") -> bool:
    return item.words >= limits.min_lead_words and item.link_density <= limits.max_link_density
