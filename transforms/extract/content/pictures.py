"""A BlockTree -> the blocks that show the page's own large picture or videos, however called: heroes, covers, tabs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom.blocks import BlockTree, Element, Image, Video
from lamella.transforms.extract.dom.class_heuristics import (
    BOILERPLATE,
    COMMENTS,
    CONSENT,
    HEADER,
    advertises,
    is_for_pictures,
    shows_the_site,
)
from lamella.transforms.extract.dom.tags import TEXT_BLOCKS
from lamella.transforms.extract.heuristics import HEURISTICS

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig

_NEVER = frozenset((BOILERPLATE, CONSENT, COMMENTS))


def picture_blocks(tree: BlockTree, limits: "ExtractConfig") -> set[int]:
    """Blocks with one picture that leads nowhere, a line of text at most, and the page's own text or title beside them; and
    those that hold videos alone, with a line of text at most for each."""
    blocks, beside = tree.blocks, _holds_text(tree, limits)
    found = _video_blocks(tree, beside, limits)
    for element in tree.elements:
        if not isinstance(element.media, Image) or element.media.linked:
            continue
        at = element.block
        while (
            at > 0 and blocks[at].media == 1 and blocks[at].letters <= limits.max_hero_letters and not blocks[at].link_letters
        ):
            block = blocks[at]
            if block.hint and block.parent in beside and _is_large(element.media, block.name, limits):
                found.add(at)
            at = block.parent
    return found


def cover_before(tree: BlockTree, main: int, first: int, limits: "ExtractConfig") -> list[Element]:
    """The large picture right before the main content, which begins at the element `first`, where it leads nowhere and stands
    in a block of its own beside it: a hero. What a site puts into its header, or beside, is none."""
    blocks = tree.blocks
    shown = tree.elements[first - 1] if first > 0 else None
    if shown is None or not isinstance(shown.media, Image) or shown.media.linked or shown.media.of_site:
        return []
    at, end, names = shown.block, tree.ends(), []
    while at > 0 and end[at] <= main:
        block = blocks[at]
        if block.tag == "header" or block.hint in _NEVER or block.media != 1 or block.link_letters:
            return []
        named = block.hint in ("", HEADER) or is_for_pictures(block.name)
        if block.letters > limits.max_hero_letters or not named:
            return []
        names.append(block.name)
        at = block.parent
    if advertises(shown.media.url):
        return []
    low = 0 < min(shown.media.width, shown.media.height) < HEURISTICS.min_cover_px
    return [shown] if not low and _is_large(shown.media, " ".join(names), limits) else []


def _video_blocks(tree: BlockTree, beside: set[int], limits: "ExtractConfig") -> set[int]:
    """A player is often a widget, and several of them are tabs whose names are links."""
    blocks = tree.blocks
    sections = beside | {blocks[block].parent for block in beside}
    videos = [0] * len(blocks)
    for element in tree.elements:
        videos[element.block] += isinstance(element.media, Video)
    for at in range(len(blocks) - 1, 0, -1):
        videos[blocks[at].parent] += videos[at]
    return {
        at
        for at, count in enumerate(videos)
        if at > 0
        and count
        and blocks[at].hint
        and count == blocks[at].media
        and blocks[at].letters <= limits.max_hero_letters * count
        and 2 * blocks[at].link_letters <= blocks[at].letters
        and not shows_the_site(blocks[at].name)
        and any(block in sections for block in _around_block(tree, at))
    }


def _around_block(tree: BlockTree, block: int) -> Iterator[int]:
    """The nearest blocks around it."""
    for _ in range(HEURISTICS.max_player_distance):
        block = tree.blocks[block].parent
        if block <= 0:
            return
        yield block


def _holds_text(tree: BlockTree, limits: "ExtractConfig") -> set[int]:
    """Blocks in which prose or the page's title stands directly, or in a paragraph or heading of theirs."""
    return {_around(tree, element) for element in tree.elements if element.tag == "h1" or _is_prose(element, limits)}


def _around(tree: BlockTree, element: Element) -> int:
    block = tree.blocks[element.block]
    return block.parent if block.tag in TEXT_BLOCKS else element.block


def _is_prose(element: Element, limits: "ExtractConfig") -> bool:
    return element.words >= limits.min_prose_words and 2 * element.link_letters < len(element.text)


def _is_large(image: Image, name: str, limits: "ExtractConfig") -> bool:
    """By the size that the page gives it; without one, where the block is named for its picture."""
    if shows_the_site(name):
        return False
    size = max(image.width, image.height)
    return size >= limits.min_hero_px if size else is_for_pictures(name)
