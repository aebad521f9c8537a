"""The HTML elements that show something, met on the walk -> images and videos among the elements, in their places."""

import re
from collections.abc import Callable

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom import addresses
from lamella.transforms.extract.dom.blocks import Element, Image, Video
from lamella.transforms.extract.dom.placeholders import is_tracker
from lamella.transforms.extract.dom.texts import one_line
from lamella.transforms.extract.dom.walk import Attributes, Walk
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_TEXT_IMAGE = re.compile(r"(?:^|\s)(?:emoji|wp-smiley|latex|tex|mwe-math-fallback-image-\w+)(?:\s|$)", re.IGNORECASE)
_OF_SITE = re.compile(r"(?:^|[\s_-])(?:site-?)?(?:logo|avatar)s?(?:$|[\s_-])", re.IGNORECASE)
# A formula: a command of TeX with its arguments, or an operator around it.
_DRIVE = re.compile(r"(?:^|\s)[A-Za-z]:\\")  # a path, as some systems write it
_TEX = re.compile(r"\\(?:[a-zA-Z]{2,}\s*[{(_^\\]|[a-zA-Z]++\b.{0,80}?[=^_+<>{])")


def image(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> None:
    """`img` and `amp-img`. One that stands for characters, an emoji or a formula, is text."""
    alt = (attributes.get("alt") or "")[: walk.max_field]
    if alt and (_TEXT_IMAGE.search(attributes.get("class") or "") or ("\\" in alt and _is_formula(alt))):
        walk.add_text(alt)
        return
    size = addresses.size_of(attributes)
    url = shown = addresses.image_url(attributes, walk.sources or [], walk.max_px)
    if walk.href and len(walk.href) <= walk.max_url:
        url = addresses.linked_image(walk.href, shown, size)
    if url and not is_tracker(url, size, attributes):
        smaller = tuple(filter(None, (shown, addresses.plain_url(attributes)))) if url != attributes.get("src") else ()
        _add_image(walk, url, attributes, size, smaller=smaller)


def _is_formula(alt: str) -> bool:
    return bool(_TEX.search(alt)) and not _DRIVE.search(alt)


def background(walk: Walk, attributes: Attributes) -> None:
    """The image behind an HTML element."""
    if url := addresses.background_url(attributes):
        _add_image(walk, url, attributes)


def picture(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> Callable[[], None]:
    before, walk.sources = walk.sources, []

    def leave() -> None:
        walk.sources = before

    return leave


def source(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> None:
    if walk.video is not None:
        addresses.add_source(walk.video, tag, attributes)
    elif walk.sources is not None and tag == "source" and len(walk.sources) < INPUT_LIMITS.max_sources:
        walk.sources.append(attributes)


def video(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> Callable[[], None] | None:
    """A video takes its place when it opens; its sources and tracks follow."""
    if walk.video is not None:
        return None
    walk.flush()
    width, height = addresses.size_of(attributes)
    caption = attribute(walk, attributes, "title") or attribute(walk, attributes, "aria-label")
    shown = walk.video = Video(caption=caption, width=width, height=height)
    addresses.add_source(shown, tag, attributes)
    element, at = Element(walk.block, walk.position, "video", media=shown), len(walk.tree.elements)
    walk.muted += 1

    def leave() -> None:
        walk.muted -= 1
        walk.video = None
        if shown.url:
            walk.tree.elements.insert(at, element)

    return leave


def embedded(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> None:
    """`object` and `embed`; what stands inside is for browsers that cannot show it."""
    kind, url = addresses.object_url(attributes)
    if kind == "image":
        _add_image(walk, url, attributes)
    elif kind == "video":
        walk.flush()
        width, height = addresses.size_of(attributes)
        shown = Video(url=url, caption=attribute(walk, attributes, "title"), width=width, height=height)
        walk.tree.elements.append(Element(walk.block, walk.position, "video", media=shown))


def unscripted(walk: Walk, node: LexborNode, tag: str, attributes: Attributes) -> Callable[[], None] | None:
    """`noscript`: media count inside, text does not, but where the page shows nothing else."""
    if walk.thorough:
        return None
    walk.muted += 1
    return walk.unmute


def attribute(walk: Walk, attributes: Attributes, name: str) -> str:
    """An attribute's text on one line, clean, as much of it as a field may hold."""
    value = attributes.get(name)
    return one_line(value[: walk.max_field]) if value else ""


def _add_image(
    walk: Walk, url: str, attributes: Attributes, size: tuple[int, int] | None = None, *, smaller: tuple[str, ...] = ()
) -> None:
    last = walk.tree.elements[-1].media if walk.tree.elements and not walk.pieces else None
    if isinstance(last, Image):
        if last.url == url:
            return
        if walk.muted and not last.unscripted and attribute(walk, attributes, "alt") in (last.alt, ""):
            # The copy for browsers without scripts is no placeholder.
            last.url, last.smaller, last.unscripted = url, smaller, True
            return
    walk.flush()
    width, height = size or addresses.size_of(attributes)
    shown = Image(
        url=url,
        smaller=smaller,
        alt=attribute(walk, attributes, "alt"),
        title=attribute(walk, attributes, "title"),
        description=attribute(walk, attributes, "aria-label"),
        described_by=(attributes.get("aria-describedby") or "")[: walk.max_field],
        width=width,
        height=height,
        unscripted=bool(walk.muted),
        of_site=_is_of_site(attributes),
        linked=bool(walk.href) and not addresses.is_image_name(walk.href) and walk.href[0] != "#",
    )
    walk.tree.elements.append(Element(walk.block, walk.position, "img", media=shown))


def _is_of_site(attributes: Attributes) -> bool:
    class_, id_, most = attributes.get("class"), attributes.get("id"), INPUT_LIMITS.max_names
    return bool((class_ and _OF_SITE.search(class_[:most])) or (id_ and _OF_SITE.search(id_[:most])))
