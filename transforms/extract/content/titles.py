"""A BlockTree -> what its page's title tells of it: where it stands, what leads from it to the text, what is said under it."""

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element, Image, is_named
from lamella.transforms.extract.dom.class_heuristics import BOILERPLATE, COMMENTS, CONSENT, LIKELY_BOILERPLATE
from lamella.transforms.extract.dom.tags import HEADINGS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_TITLE_EDGES = re.compile(r"\s[-–—|·:»«/]++\s|[|»«]")
_BOILERPLATE = frozenset((COMMENTS, CONSENT, BOILERPLATE, LIKELY_BOILERPLATE))


def title_parts(tree: BlockTree) -> frozenset[str]:
    """What stands between the edges of the page's title, in folded case: "A site" and "A story" of "A site - A story"."""
    return frozenset(part.strip().casefold() for part in _TITLE_EDGES.split(tree.title))


def opening_heading(elements: list[Element]) -> str:
    """What a page without a title is called: its first heading of the first rank; of several that stand together the one of
    most words, as one of them may name a meeting or a site. "" where there is none."""
    first = next((index for index, element in enumerate(elements) if element.tag == "h1"), len(elements))
    together = list(takewhile(lambda element: element.media or element.tag == "h1", elements[first:]))
    return max(together, key=lambda element: element.words).text if together else ""


def is_whole_title(element: Element, parts: frozenset[str]) -> bool:
    """Whether a heading of some words is a part of the page's title to the letter."""
    return element.tag in HEADINGS and element.words > 1 and element.text.casefold() in parts


def is_called_so(element: Element, parts: frozenset[str]) -> bool:
    """Whether a heading and a part of the page's title are one but for signs and spaces, or one begins with the other:
    "The-Mill: its history" of a page that calls itself "TheMill"."""
    said = _letters(element.text)
    return any(part and (said.startswith(part) or (said and part.startswith(said))) for part in map(_letters, parts))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def told_under_title(tree: BlockTree, limits: "ExtractConfig") -> bool:
    """Whether the page says enough under a heading that is its title to the letter, in no boilerplate: then the names of what
    says more elsewhere are believed."""
    parts = title_parts(tree)
    said, under, level = 0, False, "h1"
    for element in tree.elements:
        if element.tag in HEADINGS and (element.tag <= level or not under):
            under = element.text.casefold() in parts and not _is_in_boilerplate(tree, element.block)
            level = element.tag
        elif under and element.words >= limits.min_prose_words and not element.link_letters:
            said += 0 if _is_in_boilerplate(tree, element.block) else len(element.text)
    return said >= limits.min_told_prose


def _is_in_boilerplate(tree: BlockTree, at: int) -> bool:
    while at > 0:
        if tree.blocks[at].hint in _BOILERPLATE:
            return True
        at = tree.blocks[at].parent
    return False


def lead_of(tree: BlockTree, boilerplate: list[bool], inside: list[bool], limits: "ExtractConfig") -> list[Element]:
    """What stands between the page's title and its main content, where the title is outside: the title, prose and pictures."""
    elements = tree.elements
    first = next((index for index, element in enumerate(elements) if inside[element.block]), 0)
    names = tree.title.casefold()
    titles = [element for element in elements if element.tag == "h1" and inside[element.block]]
    opening = next(
        (
            element
            for element in elements
            if element.tag in HEADINGS and inside[element.block] and not boilerplate[element.block]
        ),
        None,
    )
    if any(is_named(element, names) for element in titles) or (opening and is_whole_title(opening, title_parts(tree))):
        return []
    before = [index for index in range(first - 1, -1, -1) if not boilerplate[elements[index].block]]
    title = next(
        (index for index in before if is_named(elements[index], names) or _is_name(elements[index], names, limits)), None
    )
    if title is None and not titles:
        ranked, parts = [index for index in before if elements[index].tag == "h1"], title_parts(tree)
        title = next((index for index in ranked if is_called_so(elements[index], parts)), ranked[0] if ranked else None)
    if title is None:
        return []
    while title > 0 and elements[title - 1].tag == elements[title].tag == "h1" and not boilerplate[elements[title - 1].block]:
        title -= 1  # in two headings
    return [
        element
        for element in elements[_cover(tree, title, boilerplate) : first]
        if not boilerplate[element.block] and (element.media or element.tag in HEADINGS or _is_lead(element, limits))
    ]


def _cover(tree: BlockTree, title: int, boilerplate: list[bool]) -> int:
    """The index of the first of the pictures right before a title that stand with it in a block and lead nowhere:
    a book's cover, a hero; else the title's own."""
    elements, block = tree.elements, tree.blocks[tree.elements[title].block].parent
    end = tree.ends()[block] if block > 0 else 0
    at = title
    while at > 0 and isinstance(shown := elements[at - 1].media, Image) and block <= elements[at - 1].block < end:
        if shown.linked or shown.of_site or boilerplate[elements[at - 1].block]:
            break
        at -= 1
    return at


def _is_name(element: Element, names: str, limits: "ExtractConfig") -> bool:
    """Whether a line that is no heading says what the page calls itself."""
    return element.words >= limits.min_lead_words and not element.link_letters and element.text.casefold() in names


def _is_lead(element: Element, limits: "ExtractConfig") -> bool:
    return element.words >= limits.min_lead_words and element.link_density <= limits.max_link_density
