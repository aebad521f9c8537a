"""A Layout -> the same with every caption on the picture or video that it speaks of, and no more among the texts.

A caption is a box that calls itself one and shows nothing itself. It speaks of all that its figure shows; without a figure,
of what stands just before it, or else just after it, in the box around both.
"""

from itertools import groupby
from typing import Protocol

from transforms.extract.layout import Image, Item, Layout, Video

_ROOT = 0


class Limits(Protocol):
    """What is read of `schemas.config.ExtractConfig`."""

    max_caption: int
    max_small_print_words: int


def settle_captions(layout: Layout, limits: Limits) -> None:
    """Moves captions onto media. In a figure that shows nothing that was found they go; elsewhere they stay text."""
    owners = _caption_boxes(layout)
    figures = _shown_in_figures(layout)
    items: list[Item] = []
    found: dict[int, list[str]] = {}  # id of a medium -> its captions
    groups = [(owner, list(group)) for owner, group in groupby(layout.items, key=lambda item: owners[item.box])]
    for index, (owner, group) in enumerate(groups):
        caption = "\n".join(item.text for item in group)
        if owner < 0 or len(caption) > limits.max_caption:
            items += group
            continue
        figure = _figure_around(layout, owner)
        if figure and not layout.boxes[figure].media:
            if layout.boxes[figure].letters > len(caption):  # a table, a poem, code
                items += group
            continue
        shown = figures.get(figure, []) if figure else _beside(layout, owner, items, groups[index + 1 : index + 2])
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
        said = isinstance(shown, Image) and not shown.caption and item.words <= max_words and item.tag == "p"
        if said and (item.slanted or _is_framed(layout, item)):
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


def _figure_around(layout: Layout, box: int) -> int:
    while box > 0 and layout.boxes[box].tag != "figure":
        box = layout.boxes[box].parent
    return max(box, _ROOT)


def _shown_in_figures(layout: Layout) -> dict[int, list[Image | Video]]:
    """What each figure shows, in order; what stands in a figure within a figure is shown by both."""
    shown: dict[int, list[Image | Video]] = {}
    for item in layout.items:
        figure = _figure_around(layout, item.box) if item.media else _ROOT
        while figure:
            shown.setdefault(figure, []).append(item.media)
            figure = _figure_around(layout, layout.boxes[figure].parent)
    return shown


def _beside(layout: Layout, owner: int, before: list[Item], after: list[tuple[int, list[Item]]]) -> list[Image | Video]:
    around = layout.boxes[owner].parent
    while around > 0 and not layout.boxes[around].media:
        around = layout.boxes[around].parent
    if before and before[-1].media and _is_within(layout, before[-1].box, around):
        return [before[-1].media]
    following = after[0][1][0] if after else None
    return [following.media] if following and following.media and _is_within(layout, following.box, around) else []


def _is_within(layout: Layout, box: int, top: int) -> bool:
    while box > top:  # a box comes after the one around it
        box = layout.boxes[box].parent
    return box == top
