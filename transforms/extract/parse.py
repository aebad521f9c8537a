"""HTML -> the nodes of a document, its title, robots and licence. Pure, one parse, one walk; runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from selectolax.lexbor import LexborHTMLParser

from lamella.schemas.document import ImageNode, Node, TextNode, VideoNode
from lamella.schemas.errors import DataError
from lamella.schemas.rejection import Reason
from lamella.transforms.extract.content.boilerplate import without_boilerplate
from lamella.transforms.extract.content.captions import settle_captions
from lamella.transforms.extract.content.confidence import confidence
from lamella.transforms.extract.content.duplicates import without_copies
from lamella.transforms.extract.content.embedded import embedded_html
from lamella.transforms.extract.content.main_content import main_items
from lamella.transforms.extract.content.titles import opening_heading
from lamella.transforms.extract.dom.addresses import is_inline, joined
from lamella.transforms.extract.dom.blocks import Image, Item, Video
from lamella.transforms.extract.dom.opened import opened
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.dom.walker import Walker

if TYPE_CHECKING:
    from lamella.schemas.config import ExtractConfig


_MAX_DESCRIPTIONS = 10  # ids in an aria-describedby
_SHOWN = 200  # characters of a URL that is longer than twice what it may be


class LeftMedia(NamedTuple):
    """A medium that left before there was a node of it, and why."""

    reason: str  # a Reason's value
    url: str  # of a longer one the beginning
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a page holds."""

    nodes: tuple[Node, ...]
    title: str
    robots: str  # of its meta elements, comma-joined
    licence: str
    confidence: float = 0.0  # 0 to 1: the word F1 to expect of pages like it
    left: tuple[LeftMedia, ...] = ()  # media of the main content that no document holds


class PageTooCostly(DataError):
    """The page ran into a limit, or killed its process; the message says which."""


def parse_html(html: str | bytes, url: str, config: ExtractConfig) -> Parsed:
    """The main content of a page, in reading order. Bytes are UTF-8."""
    tree = LexborHTMLParser(opened(html.encode("utf-8", "replace") if isinstance(html, str) else html))
    page = Walker(url, config)
    items = _main_matter(page, tree, config)
    sought = _letters(items) < config.min_article_prose
    sure = confidence(page.layout, items, sought, config.min_prose_words)
    if sought:
        more = _main_matter(Walker(url, config, thorough=True), tree, config)
        items = more if _letters(more) > config.min_article_prose + _letters(items) else items
    head, most = page.head, config.max_field_characters
    if _letters(items) < config.min_article_prose and (state := embedded_html(tree, head.title or head.og_title)):
        drawn = LexborHTMLParser(state)
        more = _main_matter(Walker(head.base, config), drawn, config)
        if _letters(more) > config.min_article_prose + _letters(items):
            items, tree = more, drawn
    if config.engine == "trafilatura":
        from lamella.transforms.extract.trafilatura_text import with_trafilatura_text  # it loads for a second

        items = with_trafilatura_text(html if isinstance(html, str) else html.decode("utf-8", "replace"), page.layout, items)
    items, left = _with_urls(items, head.base, config.max_url_characters)
    title = head.title or head.og_title or opening_heading(items) or opening_heading(page.layout.items)
    return Parsed(
        nodes=tuple(_nodes(items, tree, most)),
        title=title[:most],
        robots=", ".join(head.robots)[:most],
        licence=head.licence[: config.max_url_characters],
        confidence=sure,
        left=tuple(left),
    )


def _main_matter(page: Walker, tree: LexborHTMLParser, config: ExtractConfig) -> list[Item]:
    layout = page.walk(tree)
    layout.add_up(config.min_prose_words)
    settle_captions(layout, config)
    return without_copies(without_boilerplate(layout, main_items(layout, config), config))


def _letters(items: list[Item]) -> int:
    return sum(len(item.text) for item in items if item.tag not in HEADINGS)


def _with_urls(items: list[Item], base: str, longest: int) -> tuple[list[Item], list[LeftMedia]]:
    """References become addresses at last: those of boilerplate were never joined. And what has none that can be fetched."""
    out: list[Item] = []
    left: list[LeftMedia] = []

    def address(reference: str) -> str:
        url = joined(base, reference) if len(reference) <= 2 * longest else reference
        if len(url) > longest or (not base and not url):  # without a base, what is relative leads nowhere
            shown = url or reference
            shown = shown if len(shown) <= 2 * longest else shown[:_SHOWN]
            left.append(LeftMedia(Reason.BAD_URL, shown, f"it, or its base, has more than {longest} characters"))
            return ""
        return url

    for item in items:
        if shown := item.media:
            if isinstance(shown, Image) and is_inline(shown.url):
                left.append(LeftMedia(Reason.INLINE_IMAGE, shown.url[:_SHOWN], f"{len(shown.url)} characters of a data: URI"))
                continue
            shown.url = address(shown.url)
            if isinstance(shown, Video):
                shown.track, shown.poster = (address(url) if url else "" for url in (shown.track, shown.poster))
            if not shown.url:
                continue
            if isinstance(shown, Image):
                sizes = (address(size) for size in shown.other_sizes)
                left += [LeftMedia(Reason.SIZE_OF_ANOTHER, url, shown.url) for url in sizes if url]
        out.append(item)
    return out, left


def _nodes(items: list[Item], tree: LexborHTMLParser, most: int) -> Iterator[Node]:
    """`most`: characters of a field; a text has none, as it stands once in a page and once in a document."""
    nearest, described = _nearest_texts(items, most), _described(items, tree, most)
    for index, item in enumerate(items):
        match item.media:
            case None:
                yield TextNode(text=item.text, position=item.position, tag=item.tag)
            case Image():
                yield _image(item, item.media, described, most)
            case Video():
                yield _video(item, item.media, nearest[index], most)


def _image(item: Item, image: Image, described: dict[str, str], most: int) -> ImageNode:
    description = " ".join(described[name] for name in _ids(image) if described.get(name)) or image.description
    return ImageNode(
        url=image.url,
        position=item.position,
        alt=image.alt[:most],
        caption=image.caption[:most],
        title=image.title[:most],
        description=description[:most],
        width=image.width,
        height=image.height,
    )


def _video(item: Item, video: Video, nearest: str, most: int) -> VideoNode:
    return VideoNode(
        url=video.url,
        position=item.position,
        caption=video.caption[:most],
        nearest_text=nearest[:most],
        track=video.track,
        poster=video.poster,
        width=video.width,
        height=video.height,
    )


def _described(items: list[Item], tree: LexborHTMLParser, most: int) -> dict[str, str]:
    """The texts of the elements that aria-describedby names, by their ids; of two with one id the first."""
    wanted = {name for item in items if isinstance(item.media, Image) for name in _ids(item.media)}
    texts: dict[str, str] = {}
    for node in tree.css("[id]") if wanted else ():
        if (name := node.id) in wanted and name not in texts:
            texts[name] = " ".join(node.text(separator=" ")[: 4 * most].split())[:most]
    return texts


def _ids(image: Image) -> list[str]:
    return list(dict.fromkeys(image.described_by.split()))[:_MAX_DESCRIPTIONS]


def _nearest_texts(items: list[Item], most: int) -> dict[int, str]:
    """For each video: the heading that it stands under, and the paragraph next to it: before it, or else after it."""
    out, heading, before, after, behind = {}, None, None, None, {}
    for index in range(len(items) - 1, -1, -1):
        if isinstance(items[index].media, Video):
            behind[index] = after
        elif items[index].text and items[index].tag not in HEADINGS:
            after = items[index]
    for index, item in enumerate(items):
        if index in behind:
            beside = before if before is not heading else None
            out[index] = "\n".join(found.text[:most] for found in (heading, beside or behind[index]) if found)
        if item.text:
            before = item
            heading = item if item.tag in HEADINGS else heading
    return out
