"""The elements of the main content -> the items of lists of links that are told, not offered: what a release changes.

A list is told where a sentence announces it, or where it stands within a text: a heading or a paragraph right before it, prose
behind it, all in one block, and items that say something.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

LISTS = frozenset(("ul", "ol", "dl"))
_COLONS = frozenset(":：")


def told_items(tree: BlockTree, elements: list[Element], said: list[bool], limits: "ExtractConfig") -> list[int]:
    """The indices of the items that stay, of those that are not `said`."""
    last = _last_prose(tree, elements, said, limits)
    told = []
    for opening, items in _lists(tree, elements, said):
        opener = elements[opening]
        goes_on = last.get(tree.blocks[opener.block].parent, -1) > items[-1]
        says = sum(elements[item].words for item in items) >= HEURISTICS.min_item_words * len(items)
        if opener.tag == "p" and opener.text[-1] in _COLONS:
            tells = opener.words >= (HEURISTICS.min_going_on_words if goes_on else limits.min_prose_words)  # not "see also:"
        else:
            tells = goes_on and says
        if tells:
            told += items
    return told


def _last_prose(tree: BlockTree, elements: list[Element], said: list[bool], limits: "ExtractConfig") -> dict[int, int]:
    """For each block, the index of the last paragraph right in it that says something."""
    return {
        tree.blocks[element.block].parent: index
        for index, element in enumerate(elements)
        if said[index]
        and element.tag == "p"
        and element.words >= HEURISTICS.min_going_on_words
        and element.link_density <= limits.max_link_density
    }


def _lists(tree: BlockTree, elements: list[Element], said: list[bool]) -> Iterator[tuple[int, list[int]]]:
    """Each list with items that are not said: the index of the text right before it, in the block around both, and those
    items, each of which leads to one place elsewhere."""
    blocks, opening, items = tree.blocks, -1, []
    for index, element in enumerate(elements):
        if element.media or element.tag != "li":
            if items:
                yield opening, items
            may_open = not element.media and (element.tag == "p" or element.tag in HEADINGS) and not element.link_letters
            opening, items = index if may_open else -1, []
        elif opening >= 0 and not said[index] and element.href:
            whole = blocks[element.block].parent
            if blocks[whole].tag in LISTS and blocks[whole].parent == blocks[elements[opening].block].parent:
                items.append(index)
    if items:
        yield opening, items
