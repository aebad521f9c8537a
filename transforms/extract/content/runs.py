"""Elements -> which of them are short lines told in a row: verse, facts, ingredients."""

from itertools import pairwise
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
    run = _facts(tree, elements, limits)
    little = sum(len(element.text) for element in elements if is_sentence(element, limits)) < limits.min_article_prose
    at = 0
    for index in range(len(elements) + 1):
        if (
            index == len(elements)
            or not _is_line(elements[index])
            or (not little and elements[index].words >= limits.min_prose_words)
        ):
            several = index - at >= limits.min_run and little
            if several or (index - at >= HEURISTICS.min_section_lines and _is_section(elements, at, index)):
                run[at:index] = [True] * (index - at)
            at = index + 1
    return run


def keep_whole_rows(tree: BlockTree, elements: list[Element], said: list[bool]) -> None:
    """Lines of one name in a row, in one block, are told together: a verse, a dialogue. A part of them that stays by itself, as
    it has more words, keeps the rest."""
    blocks, at = tree.blocks, 0
    for index in range(1, len(elements) + 1):
        if index < len(elements) and _is_line(elements[index]) and _is_line(elements[index - 1]):
            one, other = blocks[elements[index - 1].block], blocks[elements[index].block]
            if one is not other and one.parent == other.parent and one.tag == other.tag and one.name == other.name:
                continue
        told = sum(said[at:index])
        if index - at >= HEURISTICS.min_line_row and index - at > told >= HEURISTICS.min_told_lines * (index - at):
            said[at:index] = [True] * (index - at)
        at = index


def _is_section(elements: list[Element], start: int, end: int) -> bool:
    """Whether a heading stands right before these lines, and one as high behind them."""
    if not 0 < start < end < len(elements):
        return False
    heading, following = elements[start - 1].tag, elements[end].tag
    return heading in HEADINGS and heading != "h1" and following in HEADINGS and following <= heading


def _facts(tree: BlockTree, elements: list[Element], limits: "ExtractConfig") -> list[bool]:
    """Which elements are a name and its value: two short lines, each in its own, that are all of a block, and several such
    blocks have one name."""
    blocks, run = tree.blocks, [False] * len(elements)
    rows: dict[tuple[str, str], list[int]] = {}
    for index, (name, value) in enumerate(pairwise(elements)):
        row = blocks[name.block].parent
        if row != blocks[value.block].parent or name.block == value.block or not (_is_line(name) and _is_line(value)):
            continue
        if blocks[row].letters == len(name.text) + len(value.text) and name.words < limits.min_prose_words:
            rows.setdefault((blocks[row].tag, blocks[row].name), []).append(index)
    for found in rows.values():
        if len(found) >= HEURISTICS.min_fact_rows:
            for index in found:
                run[index] = run[index + 1] = True
    return run


def _is_line(element: Element) -> bool:
    return element.media is None and element.tag == "p" and not element.link_letters


def is_sentence(element: Element, limits: "ExtractConfig") -> bool:
    """In a line of its own with a full stop: verse has long lines, too."""
    return element.words >= limits.min_prose_words and not element.link_letters and element.text[-1] in FULL_STOPS
