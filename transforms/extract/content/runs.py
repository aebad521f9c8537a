"""Elements -> which of them are short lines told in a row: verse, facts, ingredients."""

from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

FULL_STOPS = frozenset(".!?…\"'”’»«“。！？」』؟।۔")


def runs_of(tree: BlockTree, elements: list[Element], limits: "ExtractConfig") -> list[bool]:
    """Which elements stand among several short lines in a row without a link, on a page that says little else: verse, facts. In
    a text they are told where they have a heading of their own and another one follows, as ingredients do, or where each row
    of them is a name and a value."""
    run = [False] * len(elements)
    little = sum(len(element.text) for element in elements if is_sentence(element, limits)) < limits.min_article_prose
    at = 0
    for index in range(len(elements) + 1):
        if (
            index == len(elements)
            or not _is_line(elements[index])
            or (not little and elements[index].words >= limits.min_prose_words)
        ):
            several = index - at >= limits.min_run and (little or _is_in_rows(tree, elements[at:index]))
            if several or (index - at >= HEURISTICS.min_section_lines and _is_section(elements, at, index)):
                run[at:index] = [True] * (index - at)
            at = index + 1
    return run


def _is_section(elements: list[Element], start: int, end: int) -> bool:
    """Whether a heading stands right before these lines, and one as high behind them."""
    if not 0 < start < end < len(elements):
        return False
    heading, following = elements[start - 1].tag, elements[end].tag
    return heading in HEADINGS and heading != "h1" and following in HEADINGS and following <= heading


def _is_in_rows(tree: BlockTree, lines: list[Element]) -> bool:
    """Whether the lines stand in blocks of two, all of one name, one below the other: a name and its value."""
    blocks = tree.blocks
    if len(lines) < 2 * HEURISTICS.min_fact_rows or len(lines) % 2:
        return False
    rows = [blocks[element.block].parent for element in lines]
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    alike = len({(blocks[row].tag, blocks[row].name, blocks[row].parent) for row, _ in pairs}) == 1
    return alike and all(row == other for row, other in pairs) and len({row for row, _ in pairs}) == len(pairs)


def _is_line(element: Element) -> bool:
    return element.media is None and element.tag == "p" and not element.link_letters


def is_sentence(element: Element, limits: "ExtractConfig") -> bool:
    """In a line of its own with a full stop: verse has long lines, too."""
    return element.words >= limits.min_prose_words and not element.link_letters and element.text[-1] in FULL_STOPS
