"""A BlockTree and its main block -> the tables of names and values behind it: what a product weighs, in a tab of its own."""

import re

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.heuristics import HEURISTICS

_FACTS = re.compile(
    r"(?:^|[\s_-])tabs?(?:$|[\s_-])|panel|accordion|collaps|spec|detail|attribute|propert|product", re.IGNORECASE
)
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
    told = [
        found
        for table, found in rows.items()
        if len(found) >= HEURISTICS.min_facts and all(map(_is_fact, found)) and _is_of_text(tree, table, around)
    ]
    return [row for found in told for row in found]


def _around(tree: BlockTree, main: int) -> int:
    """The block a few steps up that still is a part of the page."""
    at, blocks = main, tree.blocks
    for _ in range(HEURISTICS.max_facts_distance):
        if blocks[at].parent < 0 or blocks[at].tag in _EDGES or blocks[blocks[at].parent].tag in _EDGES:
            break
        at = blocks[at].parent
    return at


def _is_of_text(tree: BlockTree, table: int, around: int) -> bool:
    """Whether a table stands beside the main content without a block around it, or in what names say are facts or a tab: one in
    a column of its own is of the site."""
    at = table
    for _ in range(HEURISTICS.max_facts_distance + 1):
        block = tree.blocks[at]
        if at == around or (block.name and _FACTS.search(block.name)):
            return at != around
        if block.parent == around:
            return at == table
        at = block.parent
    return False


def _is_fact(row: Element) -> bool:
    return row.cells == 2 and not row.link_letters
