"""A BlockTree -> the same with every caption on the picture or video that it speaks of, and no more among the texts.

A caption is a block that calls itself one and shows nothing itself. It speaks of all that its figure shows; without a figure,
of what stands just before it, or else just after it, in the block around both.
"""

from itertools import groupby
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element, Image, Video
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_ROOT = 0


def settle_captions(tree: BlockTree, limits: "ExtractConfig") -> None:
    """Moves captions onto media. In a figure that shows nothing that was found they go; elsewhere they stay text."""
    if not any(block.caption for block in tree.blocks):
        tree.elements = _without_small_print(tree, tree.elements, limits.max_small_print_words)
        return
    owners = _caption_blocks(tree)
    figures, shows, ends = _figures(tree), _shows(tree), tree.ends()
    shown_in = _shown_in_figures(tree, figures)
    elements: list[Element] = []
    found: dict[int, list[str]] = {}  # id of a medium -> its captions
    groups = [(owner, list(group)) for owner, group in groupby(tree.elements, key=lambda element: owners[element.block])]
    for index, (owner, group) in enumerate(groups):
        caption = "\n".join(element.text for element in group)
        if owner < 0 or len(caption) > limits.max_caption:
            elements += group
            continue
        figure, around = figures[owner], shows[tree.blocks[owner].parent]
        if figure and not tree.blocks[figure].media:
            if tree.blocks[figure].letters > len(caption):  # a table, a poem, code
                elements += group
            continue
        beside = groups[index + 1 : index + 2]
        shown = shown_in.get(figure, []) if figure else _beside(range(around, ends[around]), elements, beside)
        for medium in shown:
            found.setdefault(id(medium), []).append(caption)
        if not shown:
            elements += group
    for element in elements:
        if element.media and (captions := found.get(id(element.media))):
            element.media.caption = "\n".join(captions)
    tree.elements = _without_small_print(tree, elements, limits.max_small_print_words)


def _without_small_print(tree: BlockTree, elements: list[Element], max_words: int) -> list[Element]:
    """A short line right behind a picture that has no caption yet is its caption, if it stands in italics or small print, or
    if picture and line are all that a block holds."""
    out: list[Element] = []
    for element in elements:
        shown = out[-1].media if out else None
        said = element.words <= max_words and element.tag == "p"
        if isinstance(shown, Image) and not shown.caption and said and (element.slanted or _is_framed(tree, element)):
            shown.caption = element.text
        else:
            out.append(element)
    return out


def _is_framed(tree: BlockTree, element: Element) -> bool:
    """Whether the line is no paragraph, and the block around it and a picture holds nothing else."""
    block, length = tree.blocks[element.block], len(element.text)
    if block.tag == "p":
        return False
    while block.letters == length and block.parent > 0:
        if block.media:
            return block.media == 1 and element.link_letters < length / 2
        block = tree.blocks[block.parent]
    return False


def _caption_blocks(tree: BlockTree) -> list[int]:
    """For each block the outermost caption that it stands in, or -1."""
    owners = [-1] * len(tree.blocks)
    for index, block in enumerate(tree.blocks):
        if block.parent >= 0 and owners[block.parent] >= 0:
            owners[index] = owners[block.parent]
        elif block.caption and not block.media:
            owners[index] = index
    return owners


def _figures(tree: BlockTree) -> list[int]:
    """For each block the figure that it stands in, or is; the root where there is none."""
    figures = [_ROOT] * len(tree.blocks)
    for index, block in enumerate(tree.blocks):
        if index:
            figures[index] = index if block.tag == "figure" else figures[block.parent]
    return figures


def _shown_in_figures(tree: BlockTree, figures: list[int]) -> dict[int, list[Image | Video]]:
    """What each figure shows, in order; what stands in a figure within a figure is shown by both."""
    shown: dict[int, list[Image | Video]] = {}
    for element in tree.elements:
        if element.media is None:
            continue
        figure = figures[element.block]
        for _ in range(HEURISTICS.max_caption_figures):
            if not figure:
                break
            shown.setdefault(figure, []).append(element.media)
            figure = figures[tree.blocks[figure].parent]
    return shown


def _shows(tree: BlockTree) -> list[int]:
    """For each block the one around it, or itself, that holds media; the root where there is none."""
    shows = [_ROOT] * len(tree.blocks)
    for index, block in enumerate(tree.blocks):
        if index:
            shows[index] = index if block.media else shows[block.parent]
    return shows


def _beside(around: range, before: list[Element], after: list[tuple[int, list[Element]]]) -> list[Image | Video]:
    """What stands just before or after a caption, in the block around both."""
    if before and before[-1].media and before[-1].block in around:
        return [before[-1].media]
    following = after[0][1][0] if after else None
    return [following.media] if following and following.media and following.block in around else []
