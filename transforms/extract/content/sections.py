"""A BlockTree -> the blocks that are sections of the text, whatever place on the page their names speak of.

Sites call a section "sidebar-facts" or "overlay" for how it once looked. Where several blocks stand beside each other, each
with a heading and prose, and one of them says nothing of itself, they are parts of one text.
"""

from lamella.transforms.extract.dom.blocks import Block, BlockTree
from lamella.transforms.extract.dom.class_heuristics import LIKELY_BOILERPLATE, PROMOTION, tells_only_where
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


def _is_told(block: Block) -> bool:
    return block.headings == 1 and not block.link_letters and 2 * block.prose >= block.letters
