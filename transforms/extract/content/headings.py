"""The elements that stay -> the same without headings that have nothing below them: titles, chapters and chronicles stay."""

from typing import TYPE_CHECKING

from lamella.transforms.extract.content.titles import is_called_so, title_parts
from lamella.transforms.extract.dom.blocks import BlockTree, Element, is_named
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


def without_emptied_blocks(
    tree: BlockTree, elements: list[Element], kept: list[Element], limits: "ExtractConfig"
) -> list[Element]:
    """Without the headings of blocks that held nothing else but links, which are gone."""
    left, links = [0] * len(tree.blocks), [0] * len(tree.blocks)
    for element in kept:
        left[element.block] += 1
    for element in elements:
        links[element.block] += element.link_density > limits.max_link_density
    for index in range(len(left) - 1, 0, -1):
        left[tree.blocks[index].parent] += left[index]
        links[tree.blocks[index].parent] += links[index]

    def is_emptied(block: int) -> bool:
        while block > 0 and left[block] == 1 and not links[block]:
            block = tree.blocks[block].parent
        return left[block] == 1 and links[block] > 1  # one link beside a heading may be its own: "edit"

    return [
        element
        for element in kept
        if element.entry or element.tag not in HEADINGS or element.tag == "h1" or not is_emptied(element.block)
    ]


def without_doubled_headings(elements: list[Element]) -> list[Element]:
    """Without the headings that say again what the one before them says: each kind of screen is shown its own."""
    return [
        element
        for before, element in zip([None, *elements], elements, strict=False)
        if before is None or element.tag not in HEADINGS or before.tag not in HEADINGS or element.text != before.text
    ]


def without_lone_headings(tree: BlockTree, elements: list[Element]) -> list[Element]:
    """Headings whose section is gone go too, but not the title: nothing is below them before a heading as high, or at all."""
    if all(element.media or element.tag in HEADINGS for element in elements):
        return elements  # headings are all that the page says
    names, order = tree.title.casefold(), {id(element): index for index, element in enumerate(tree.elements)}
    opening, chronicled = _opening_title(tree, elements), _chronicles(tree)
    out: list[Element] = []
    for element in reversed(elements):
        lone = (
            element.tag in HEADINGS
            and not element.entry
            and (not out or (out[-1].tag in HEADINGS and out[-1].tag <= element.tag))
        )
        if (
            not lone
            or id(element) in chronicled
            or (out and (element is opening or is_named(element, names) or _stands_for_text(tree, order, element, out[-1])))
        ):
            out.append(element)
    return out[::-1]


def _chronicles(tree: BlockTree) -> set[int]:
    """The ids of headings of one rank, several in a row with nothing between them and a number in each: what happened when."""
    found: set[int] = set()
    run: list[Element] = []
    for element in [*tree.elements, None]:
        if (
            element is not None
            and element.tag in HEADINGS
            and not element.link_letters
            and any(map(str.isdecimal, element.text))
        ):
            if run and run[-1].tag != element.tag:
                run = []
            run.append(element)
            if len(run) >= HEURISTICS.min_chronicle:
                found.update(map(id, run[-HEURISTICS.min_chronicle :]))
        else:
            run = []
    return found


def _opening_title(tree: BlockTree, elements: list[Element]) -> Element | None:
    """The heading of the first rank that opens a document, where it is what the page calls itself. What stood between it and
    the next one may be gone: who wrote it, for which meeting."""
    first = next((element for element in elements if element.tag == "h1"), None)
    return first if first and is_called_so(first, title_parts(tree)) else None


def _stands_for_text(tree: BlockTree, order: dict[int, int], heading: Element, following: Element) -> bool:
    """Whether a heading never had a section: it stands right before one as high, or right behind the title. Headings in a row
    are a chronicle; the line behind a title is its subtitle; one right before another, with no block between them, is the
    number of its chapter."""
    all_elements, blocks, at = tree.elements, tree.blocks, order[id(heading)]
    if order[id(following)] != at + 1 or following.tag != heading.tag:
        return False
    above = all_elements[at - 1].tag if at > 0 else ""
    below = all_elements[at + 2].tag if at + 2 < len(all_elements) else ""
    if above == "h1":
        return True
    one, other = heading.block, following.block
    beside = blocks[one].parent == blocks[other].parent and tree.ends()[one] == other
    return heading.link_letters == 0 and (beside or heading.tag in (above, below))
