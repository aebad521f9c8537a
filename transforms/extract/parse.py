"""HTML -> the nodes of a document, its title, robots and licence. Pure, one parse, one walk; runs in the sandbox's child."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from schemas.document import ImageNode, Node, TextNode, VideoNode
from transforms.extract.captions import settle_captions
from transforms.extract.chaff import without_chaff
from transforms.extract.copies import without_copies
from transforms.extract.gather import Gatherer
from transforms.extract.layout import Image, Item, Video
from transforms.extract.media import joined
from transforms.extract.regions import main_items
from transforms.extract.tags import HEADINGS

if TYPE_CHECKING:
    from schemas.config import ExtractConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a page holds."""

    nodes: tuple[Node, ...]
    title: str
    robots: str  # of its meta elements, comma-joined
    licence: str


def parse_html(html: str | bytes, url: str, config: ExtractConfig) -> Parsed:
    """The main content of a page, in reading order. Bytes are UTF-8."""
    tree = LexborHTMLParser(html)
    page = Gatherer(url, config.max_srcset_px)
    items = _main_matter(page, tree, config)
    if _letters(items) < config.min_article_prose:
        more = _main_matter(Gatherer(url, config.max_srcset_px, thorough=True), tree, config)
        items = more if _letters(more) > config.min_article_prose + _letters(items) else items
    head = page.head
    return Parsed(
        nodes=tuple(_nodes(_with_urls(items, head.base), tree)),
        title=head.title or head.og_title,
        robots=", ".join(head.robots),
        licence=head.licence,
    )


def _main_matter(page: Gatherer, tree: LexborHTMLParser, config: ExtractConfig) -> list[Item]:
    layout = page.walk(tree)
    layout.add_up(config.min_prose_words)
    settle_captions(layout, config)
    return without_copies(without_chaff(layout, main_items(layout, config), config))


def _letters(items: list[Item]) -> int:
    return sum(len(item.text) for item in items if item.tag not in HEADINGS)


def _with_urls(items: list[Item], base: str) -> list[Item]:
    """References become addresses at last: those of furniture were never joined."""
    out = []
    for item in items:
        if shown := item.media:
            shown.url = joined(base, shown.url)
            if isinstance(shown, Video):
                shown.track, shown.poster = (joined(base, url) if url else "" for url in (shown.track, shown.poster))
            if not shown.url:
                continue
        out.append(item)
    return out


def _nodes(items: list[Item], tree: LexborHTMLParser) -> Iterator[Node]:
    for index, item in enumerate(items):
        match item.media:
            case None:
                yield TextNode(text=item.text, position=item.position, tag=item.tag)
            case Image():
                yield _image(item, item.media, tree)
            case Video():
                yield _video(item, item.media, _nearest_text(items, index))


def _image(item: Item, image: Image, tree: LexborHTMLParser) -> ImageNode:
    return ImageNode(
        url=image.url,
        position=item.position,
        alt=image.alt,
        caption=image.caption,
        title=image.title,
        description=_described(image.described_by, tree) or image.description,
        width=image.width,
        height=image.height,
    )


def _video(item: Item, video: Video, nearest: str) -> VideoNode:
    return VideoNode(
        url=video.url,
        position=item.position,
        caption=video.caption,
        nearest_text=nearest,
        track=video.track,
        poster=video.poster,
        width=video.width,
        height=video.height,
    )


def _described(ids: str, tree: LexborHTMLParser) -> str:
    """The text of the elements that aria-describedby names."""
    texts = []
    for name in ids.split():
        if '"' not in name and "\\" not in name and (found := tree.css_first(f'[id="{name}"]')):
            texts.append(" ".join(found.text(separator=" ").split()))
    return " ".join(text for text in texts if text)


def _nearest_text(items: list[Item], at: int) -> str:
    """The heading that a video stands under, and the paragraph next to it: before it, or else after it."""
    heading = next((item for item in reversed(items[:at]) if item.tag in HEADINGS), None)
    before = next((item for item in reversed(items[:at]) if item.text), None)
    if before is heading:
        before = None
    after = next((item for item in items[at + 1 :] if item.text and item.tag not in HEADINGS), None)
    return "\n".join(item.text for item in (heading, before or after) if item)
