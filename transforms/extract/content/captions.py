"""A Layout -> the same with every caption on the picture or video that it speaks of, and no more among the texts.

A caption is a box that calls itself one and shows nothing itself. It speaks of all that its figure shows; without a figure,
of what stands just before it, or else just after it, in the box around both.
"""

from itertools import groupby
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Image, Item, Layout, Video

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_ROOT = 0
_MAX_FIGURES = 4  # one within the other, whose captions are one picture's


def settle_captions(layout: Layout, limits: "ExtractConfig") -> None:
    """Moves captions onto media. In a figure that shows nothing that was found they go; elsewhere they stay text."""
    if not any(box.caption for box in layout.boxes):
        layout.items = _without_small_print(layout, layout.items, limits.max_small_print_words)
        return
    owners = _caption_boxes(layout)
    figures, shows, ends = _figures(layout), _shows(layout), layout.ends()
    shown_in = _shown_in_figures(layout, figures)
    items: list[Item] = []
    found: dict[int, list[str]] = {}  # id of a medium -> its captions
    groups = [(owner, list(group)) for owner, group in groupby(layout.items, key=lambda item: owners[item.box])]
    for index, (owner, group) in enumerate(groups):
        caption = "\n".join(item.text for item in group)
        if owner < 0 or len(caption) > limits.max_caption:
            items += group
            continue
        figure, around = figures[owner], shows[layout.boxes[owner].parent]
        if figure and not layout.boxes[figure].media:
            if layout.boxes[figure].letters > len(caption):  # a table, a poem, code
                items += group
            continue
        beside = groups[index + 1 : index + 2]
        shown = shown_in.get(figure, []) if figure else _beside(range(around, ends[around]), items, beside)
        for medium in shown:
            found.setdefault(id(medium), []).append(caption)
        if not shown:
            items += group
    for item in items:
        if item.media and (captions := found.get(id(item.media))):
            item.media.caption = "\n".join(captions)
    layout.items = _without_small_print(layout, items, limits.max_small_print_words)


def _without_small_print(layout: Layout, items: list[Item], max_words: int) -> list[Item]:
    """A short line right behind a picture that has no caption yet is its caption, if it stands in italics or small print, or
    if picture and line are all that a box holds."""
    out: list[Item] = []
    for item in items:
        shown = out[-1].media if out else None
        said = item.words <= max_words and item.tag == "p"
        if isinstance(shown, Image) and not shown.caption and said and (item.slanted or _is_framed(layout, item)):
            shown.caption = item.text
        else:
            out.append(item)
    return out


def _is_framed(layout: Layout, item: Item) -> bool:
    """Whether the line is no paragraph, and the box around it and a picture holds nothing else."""
    box, length = layout.boxes[item.box], len(item.text)
    if box.tag == "p":
        return False
    while box.letters == length and box.parent > 0:
        if box.media:
            return box.media == 1 and item.link_letters < length / 2
        box = layout.boxes[box.parent]
    return False


def _caption_boxes(layout: Layout) -> list[int]:
    """For each box the outermost caption that it stands in, or -1."""
    owners = [-1] * len(layout.boxes)
    for index, box in enumerate(layout.boxes):
        if box.parent >= 0 and owners[box.parent] >= 0:
            owners[index] = owners[box.parent]
        elif box.caption and not box.media:
            owners[index] = index
    return owners


def _figures(layout: Layout) -> list[int]:
    """For each box the figure that it stands in, or is; the root where there is none."""
    figures = [_ROOT] * len(layout.boxes)
    for index, box in enumerate(layout.boxes):
        if index:
            figures[index] = index if box.tag == "figure" else figures[box.parent]
    return figures


def _shown_in_figures(layout: Layout, figures: list[int]) -> dict[int, list[Image | Video]]:
    """What each figure shows, in order; what stands in a figure within a figure is shown by both."""
    shown: dict[int, list[Image | Video]] = {}
    for item in layout.items:
        if item.media is None:
            continue
        figure = figures[item.box]
        for _ in range(_MAX_FIGURES):
            if not figure:
                break
            shown.setdefault(figure, []).append(item.media)
            figure = figures[layout.boxes[figure].parent]
    return shown


def _shows(layout: Layout) -> list[int]:
    """For each box the one around it, or itself, that holds media; the root where there is none."""
    shows = [_ROOT] * len(layout.boxes)
    for index, box in enumerate(layout.boxes):
        if index:
            shows[index] = index if box.media else shows[box.parent]
    return shows


def _beside(around: range, before: list[Item], after: list[tuple[int, list[Item]]]) -> list[Image | Video]:
    """What stands just before or after a caption, in the box around both."""
    if before and before[-1].media and before[-1].box in around:
        return [before[-1].media]
    following = after[0][1][0] if after else None
    return [following.media] if following and following.media and following.box in around else []
