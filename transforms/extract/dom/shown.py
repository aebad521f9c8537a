"""The HTML elements that show something, met on the walk -> images and videos among the elements, in their places."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from lamella.transforms.extract.dom import addresses
from lamella.transforms.extract.dom.blocks import Element, Image, Video
from lamella.transforms.extract.dom.placeholders import is_tracker
from lamella.transforms.extract.dom.texts import one_line
from lamella.transforms.extract.input_limits import INPUT_LIMITS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from lamella.transforms.extract.dom.walker import Walker

Attributes = dict[str, str | None]
_TEXT_IMAGE = re.compile(r"(?:^|\s)(?:emoji|wp-smiley|latex|tex|mwe-math-fallback-image-\w+)(?:\s|$)", re.IGNORECASE)
_OF_SITE = re.compile(r"(?:^|[\s_-])(?:site-?)?(?:logo|avatar)s?(?:$|[\s_-])", re.IGNORECASE)
# A formula: a command of TeX with its arguments, or an operator around it.
_DRIVE = re.compile(r"(?:^|\s)[A-Za-z]:\\")  # a path, as some systems write it
_TEX = re.compile(r"\\(?:[a-zA-Z]{2,}\s*[{(_^\\]|[a-zA-Z]++\b.{0,80}?[=^_+<>{])")


def image(page: Walker, node: LexborNode, attributes: Attributes) -> None:
    """`img` and `amp-img`. One that stands for characters, an emoji or a formula, is text."""
    alt = (attributes.get("alt") or "")[: page.max_field]
    if alt and (_TEXT_IMAGE.search(attributes.get("class") or "") or ("\\" in alt and _is_formula(alt))):
        page.add_text(alt)
        return
    size = addresses.size_of(attributes)
    url = addresses.image_url(attributes, page.sources or [], page.max_px)
    if page.href and len(page.href) <= page.max_url:
        url = addresses.linked_image(page.href, url, size)
    if url and not is_tracker(url, size, attributes):
        _add_image(page, url, attributes, size)


def _is_formula(alt: str) -> bool:
    return bool(_TEX.search(alt)) and not _DRIVE.search(alt)


def background(page: Walker, attributes: Attributes) -> None:
    """The image behind an HTML element."""
    if url := addresses.background_url(attributes):
        _add_image(page, url, attributes)


def picture(page: Walker, node: LexborNode, attributes: Attributes) -> Callable[[], None]:
    before, page.sources = page.sources, []

    def leave() -> None:
        page.sources = before

    return leave


def source(page: Walker, node: LexborNode, attributes: Attributes) -> None:
    if page.video is not None:
        addresses.add_source(page.video, node.tag or "", attributes)
    elif page.sources is not None and node.tag == "source" and len(page.sources) < INPUT_LIMITS.max_sources:
        page.sources.append(attributes)


def video(page: Walker, node: LexborNode, attributes: Attributes) -> Callable[[], None] | None:
    """A video takes its place when it opens; its sources and tracks follow."""
    if page.video is not None:
        return None
    page.flush()
    width, height = addresses.size_of(attributes)
    caption = attribute(page, attributes, "title") or attribute(page, attributes, "aria-label")
    shown = page.video = Video(caption=caption, width=width, height=height)
    addresses.add_source(shown, node.tag or "", attributes)
    element, at = Element(page.block, page.position, "video", media=shown), len(page.tree.elements)
    page.muted += 1

    def leave() -> None:
        page.muted -= 1
        page.video = None
        if shown.url:
            page.tree.elements.insert(at, element)

    return leave


def embedded(page: Walker, node: LexborNode, attributes: Attributes) -> None:
    """`object` and `embed`; what stands inside is for browsers that cannot show it."""
    kind, url = addresses.object_url(attributes)
    if kind == "image":
        _add_image(page, url, attributes)
    elif kind == "video":
        page.flush()
        width, height = addresses.size_of(attributes)
        shown = Video(url=url, caption=attribute(page, attributes, "title"), width=width, height=height)
        page.tree.elements.append(Element(page.block, page.position, "video", media=shown))


def attribute(page: Walker, attributes: Attributes, name: str) -> str:
    """An attribute's text on one line, clean, as much of it as a field may hold."""
    value = attributes.get(name)
    return one_line(value[: page.max_field]) if value else ""


def _add_image(page: Walker, url: str, attributes: Attributes, size: tuple[int, int] | None = None) -> None:
    last = page.tree.elements[-1].media if page.tree.elements and not page.pieces else None
    if isinstance(last, Image):
        if last.url == url:
            return
        if page.muted and not last.unscripted and attribute(page, attributes, "alt") in (last.alt, ""):
            last.url, last.unscripted = url, True  # the copy for browsers without scripts is no placeholder
            return
    page.flush()
    width, height = size or addresses.size_of(attributes)
    shown = Image(
        url=url,
        alt=attribute(page, attributes, "alt"),
        title=attribute(page, attributes, "title"),
        description=attribute(page, attributes, "aria-label"),
        described_by=(attributes.get("aria-describedby") or "")[: page.max_field],
        width=width,
        height=height,
        unscripted=bool(page.muted),
        of_site=_is_of_site(attributes),
        linked=bool(page.href) and not addresses.is_image_name(page.href) and page.href[0] != "#",
    )
    page.tree.elements.append(Element(page.block, page.position, "img", media=shown))


def _is_of_site(attributes: Attributes) -> bool:
    return any((name := attributes.get(key)) and _OF_SITE.search(name[: INPUT_LIMITS.max_names]) for key in ("class", "id"))
