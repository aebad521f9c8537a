"""A Layout -> the boxes that show the page's own large picture or videos, whatever they are called: heroes, covers, tabs."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import Image, Item, Layout, Video
from lamella.transforms.extract.dom.tags import TEXT_BOXES

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_OF_THE_SITE = re.compile(
    r"logo|sponsor|advert|(?:^|[_\s-])ads?(?:$|[_\s-])|promo|social|share|cookie|consent|popup|modal|newsletter|avatar", re.I
)
_OF_PICTURES = re.compile(r"hero|image|img|photo|picture|figure|media|cover|featured|thumb|overlay|banner|slide|gallery", re.I)


_FAR = 3  # boxes between a player and the section whose text it stands in


def picture_boxes(layout: Layout, limits: "ExtractConfig") -> set[int]:
    """Boxes with one picture that leads nowhere, a line of text at most, and the page's own text or title beside them; and
    those that hold videos alone, with a line of text at most for each."""
    boxes, beside = layout.boxes, _holds_text(layout, limits)
    found = _video_boxes(layout, beside, limits)
    for item in layout.items:
        if not isinstance(item.media, Image) or item.media.linked:
            continue
        at = item.box
        while at > 0 and boxes[at].media == 1 and boxes[at].letters <= limits.max_hero_letters and not boxes[at].link_letters:
            box = boxes[at]
            if box.hint and box.parent in beside and _is_large(item.media, box.name, limits):
                found.add(at)
            at = box.parent
    return found


def _video_boxes(layout: Layout, beside: set[int], limits: "ExtractConfig") -> set[int]:
    """A player is often a widget, and several of them are tabs whose names are links."""
    boxes = layout.boxes
    sections = beside | {boxes[box].parent for box in beside}
    videos = [0] * len(boxes)
    for item in layout.items:
        videos[item.box] += isinstance(item.media, Video)
    for at in range(len(boxes) - 1, 0, -1):
        videos[boxes[at].parent] += videos[at]
    return {
        at
        for at, count in enumerate(videos)
        if at > 0
        and count
        and boxes[at].hint
        and count == boxes[at].media
        and boxes[at].letters <= limits.max_hero_letters * count
        and 2 * boxes[at].link_letters <= boxes[at].letters
        and not _OF_THE_SITE.search(boxes[at].name)
        and any(box in sections for box in _around_box(layout, at))
    }


def _around_box(layout: Layout, box: int) -> Iterator[int]:
    """The nearest boxes around it."""
    for _ in range(_FAR):
        box = layout.boxes[box].parent
        if box <= 0:
            return
        yield box


def _holds_text(layout: Layout, limits: "ExtractConfig") -> set[int]:
    """Boxes in which prose or the page's title stands directly, or in a paragraph or heading of theirs."""
    return {_around(layout, item) for item in layout.items if item.tag == "h1" or _is_prose(item, limits)}


def _around(layout: Layout, item: Item) -> int:
    box = layout.boxes[item.box]
    return box.parent if box.tag in TEXT_BOXES else item.box


def _is_prose(item: Item, limits: "ExtractConfig") -> bool:
    return item.words >= limits.min_prose_words and 2 * item.link_letters < len(item.text)


def _is_large(image: Image, name: str, limits: "ExtractConfig") -> bool:
    """By the size that the page gives it; without one, where the box is named for its picture."""
    if _OF_THE_SITE.search(name):
        return False
    size = max(image.width, image.height)
    return size >= limits.min_hero_px if size else bool(_OF_PICTURES.search(name))
