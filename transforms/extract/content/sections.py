"""A BlockTree -> the blocks that are sections of the text, whatever place on the page their names speak of.

Sites call a section "sidebar-facts" or "overlay" for how it once looked. Where several blocks stand beside each other, each
with a heading and prose, and one of them says nothing of itself, they are parts of one text.
"""

from lamella.transforms.extract.dom.blocks import Block, BlockTree
from lamella.transforms.extract.dom.class_heuristics import (
    HEADER,
    LIKELY_BOILERPLATE,
    PROMOTION,
    says_review,
    tells_only_where,
)
from lamella.transforms.extract.heuristics import HEURISTICS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_DOUBTFUL = frozenset((LIKELY_BOILERPLATE, PROMOTION))


def section_blocks(tree: BlockTree) -> set[int]:
    groups: dict[tuple[int, str], list[int]] = {}
    for index, block in enumerate(tree.blocks):
        if _is_told(block):
            groups.setdefault((block.parent, block.tag), []).append(index)
    return {
        index
        for group in groups.values()
        if len(group) >= HEURISTICS.min_sections and any(not tree.blocks[index].hint for index in group)
        for index in group
        if tree.blocks[index].hint in _DOUBTFUL and tells_only_where(tree.blocks[index].name[: INPUT_LIMITS.max_names])
    }


def section_headers(tree: BlockTree) -> set[int]:
    """The headers that are several of one name, each with a heading: a site has one."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, block in enumerate(tree.blocks):
        if (block.hint == HEADER or block.tag == "header") and block.headings:
            groups.setdefault((block.tag, block.name), []).append(index)
    return {index for group in groups.values() if len(group) >= HEURISTICS.min_sections for index in group}


def told_in_place(tree: BlockTree) -> set[int]:
    """The blocks that are doubtful by a word for their place alone, and tell something in sentences: a card's footer, a text
    that is cut short until a reader opens it, a widget with the facts. With them what stands in them and is called likewise."""
    told, end, ends = set(), 0, tree.ends()
    for index, block in enumerate(tree.blocks):
        if block.hint not in _DOUBTFUL or not (index < end or _tells_in_sentences(block)):
            continue
        if tells_only_where(block.name[: INPUT_LIMITS.max_names]):
            told.add(index)
            end = max(end, ends[index])
    return told


def _tells_in_sentences(block: Block) -> bool:
    return (
        block.prose >= HEURISTICS.min_placed_prose
        and 2 * block.prose >= block.letters
        and block.link_letters < HEURISTICS.max_promotion_links * block.letters
        and not says_review(block.name[: INPUT_LIMITS.max_names])
    )


def _is_told(block: Block) -> bool:
    return block.headings == 1 and not block.link_letters and 2 * block.prose >= block.letters


def told_promotions(tree: BlockTree, marked: list[bool]) -> list[int]:
    """The blocks marked as promotions that each tell something under a heading of their own, where they are several and hold a
    good part of the page's prose: on a page of a service or an offer they are what it is about."""
    blocks, ends = tree.blocks, tree.ends()
    told = [index for index, out in enumerate(marked) if out and _tells(blocks[index])]
    outermost: list[int] = []
    for index in told:
        if not outermost or index >= ends[outermost[-1]]:
            outermost.append(index)
    prose = sum(blocks[index].prose for index in outermost)
    several = len(outermost) >= HEURISTICS.min_told_promotions
    return told if several and prose >= HEURISTICS.min_promotions_prose * blocks[0].prose else []


def _tells(block: Block) -> bool:
    return (
        block.hint == PROMOTION
        and block.headings > 0
        and block.prose >= HEURISTICS.min_promotion_prose * block.letters
        and block.link_letters < HEURISTICS.max_promotion_links * block.letters
    )
