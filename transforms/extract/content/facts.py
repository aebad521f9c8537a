"""A BlockTree and its main block -> the tables of names and values behind it: what a product weighs, in a tab of its own."""

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.heuristics import HEURISTICS

_EDGES = frozenset(("#root", "html", "body", "td", "th"))  # of the page, or of a column of its layout


def facts_behind(tree: BlockTree, main: int, boilerplate: list[bool]) -> list[Element]:
    """The rows of tables near the main block that have two cells in each of several rows, and no link."""
    around = _around(tree, main)
    begins, ends = tree.ends()[main], tree.ends()[around]
    tables = [0] * (ends - begins)  # in which each block stands
    for index in range(begins, ends):
        block = tree.blocks[index]
        tables[index - begins] = (
            index if block.tag == "table" else tables[block.parent - begins] if block.parent >= begins else 0
        )
    if not any(tables):
        return []
    rows: dict[int, list[Element]] = {}
    for element in tree.elements:
        if begins <= element.block < ends and element.tag == "tr" and not boilerplate[element.block]:
            rows.setdefault(tables[element.block - begins], []).append(element)
    told = [found for found in rows.values() if len(found) >= HEURISTICS.min_facts and all(map(_is_fact, found))]
    return [row for found in told for row in found]


def _around(tree: BlockTree, main: int) -> int:
    """The block a few steps up that still is a part of the page."""
    at, blocks = main, tree.blocks
    for _ in range(HEURISTICS.max_facts_distance):
        if blocks[at].parent < 0 or blocks[at].tag in _EDGES or blocks[blocks[at].parent].tag in _EDGES:
            break
        at = blocks[at].parent
    return at


def _is_fact(row: Element) -> bool:
    return row.cells == 2 and not row.link_letters
