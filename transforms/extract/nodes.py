"""Elements of the main content -> the nodes of a document, with absolute URLs; media that can have none leave.

A picture may have addresses at which the page shows it smaller: where the large one is not to be had, they are."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from lamella.schemas.document import ImageNode, Node, TextNode, VideoNode
from lamella.schemas.rejection import Reason
from lamella.transforms.extract.dom.addresses import is_inline, joined
from lamella.transforms.extract.dom.blocks import Element, Image, Video
from lamella.transforms.extract.dom.tags import HEADINGS
from lamella.transforms.extract.input_limits import INPUT_LIMITS

_SHOWN = 200  # characters of a URL that is longer than twice what it may be


class LeftMedia(NamedTuple):
    """A medium that left before there was a node of it, and why."""

    reason: str  # a Reason's value
    url: str  # of a longer one the beginning
    detail: str


class WithUrls(NamedTuple):
    elements: list[Element]
    left: list[LeftMedia]
    smaller: list[tuple[str, str]]  # an address of a picture, and the next smaller one


def with_urls(elements: list[Element], base: str, longest: int) -> WithUrls:
    """References become addresses at last: those of boilerplate were never joined. And what has none that can be fetched."""
    out: list[Element] = []
    left: list[LeftMedia] = []
    smaller: dict[tuple[str, str], None] = {}

    def address(reference: str) -> str:
        url = joined(base, reference) if len(reference) <= 2 * longest else reference
        if len(url) > longest or (not base and not url):  # without a base, what is relative leads nowhere
            shown = url or reference
            shown = shown if len(shown) <= 2 * longest else shown[:_SHOWN]
            left.append(LeftMedia(Reason.BAD_URL, shown, f"it, or its base, has more than {longest} characters"))
            return ""
        return url

    for element in elements:
        if shown := element.media:
            if isinstance(shown, Image) and is_inline(shown.url):
                left.append(LeftMedia(Reason.INLINE_IMAGE, shown.url[:_SHOWN], f"{len(shown.url)} characters of a data: URI"))
                continue
            shown.url = address(shown.url)
            if isinstance(shown, Video):
                shown.track, shown.poster = (address(url) if url else "" for url in (shown.track, shown.poster))
            if not shown.url:
                continue
            if isinstance(shown, Image):
                sizes = [url for size in shown.other_sizes if (url := address(size))]
                left += [LeftMedia(Reason.SIZE_OF_ANOTHER, url, shown.url) for url in sizes]
                plain = (joined(base, reference) for reference in shown.smaller if len(reference) <= longest)
                chain = list(dict.fromkeys((shown.url, *(url for url in plain if 0 < len(url) <= longest), *sizes)))
                smaller |= dict.fromkeys(pairwise(chain))
        out.append(element)
    return WithUrls(out, left, list(smaller))


def nodes_of(elements: list[Element], dom: LexborHTMLParser, most: int) -> Iterator[Node]:
    """`most`: characters of a field; a text has none, as it stands once in a page and once in a document."""
    nearest, described = _nearest_texts(elements, most), _described(elements, dom, most)
    for index, element in enumerate(elements):
        match element.media:
            case None:
                yield TextNode(text=element.text, position=element.position, tag=element.tag)
            case Image():
                yield _image(element, element.media, described, most)
            case Video():
                yield _video(element, element.media, nearest[index], most)


def _image(element: Element, image: Image, described: dict[str, str], most: int) -> ImageNode:
    description = " ".join(described[name] for name in _ids(image) if described.get(name)) or image.description
    return ImageNode(
        url=image.url,
        position=element.position,
        alt=image.alt[:most],
        caption=image.caption[:most],
        title=image.title[:most],
        description=description[:most],
        width=image.width,
        height=image.height,
    )


def _video(element: Element, video: Video, nearest: str, most: int) -> VideoNode:
    return VideoNode(
        url=video.url,
        position=element.position,
        caption=video.caption[:most],
        nearest_text=nearest[:most],
        track=video.track,
        poster=video.poster,
        width=video.width,
        height=video.height,
    )


def _described(elements: list[Element], dom: LexborHTMLParser, most: int) -> dict[str, str]:
    """The texts of what aria-describedby names, by ids; of two with one id the first."""
    wanted = {name for element in elements if isinstance(element.media, Image) for name in _ids(element.media)}
    texts: dict[str, str] = {}
    for node in dom.css("[id]") if wanted else ():
        if (name := node.id) in wanted and name not in texts:
            texts[name] = " ".join(node.text(separator=" ")[: 4 * most].split())[:most]
    return texts


def _ids(image: Image) -> list[str]:
    return list(dict.fromkeys(image.described_by.split()))[: INPUT_LIMITS.max_descriptions]


def _nearest_texts(elements: list[Element], most: int) -> dict[int, str]:
    """For each video: the heading that it stands under, and the paragraph next to it: before it, or else after it."""
    out, heading, before, after, behind = {}, None, None, None, {}
    if not any(isinstance(element.media, Video) for element in elements):
        return out
    for index in range(len(elements) - 1, -1, -1):
        if isinstance(elements[index].media, Video):
            behind[index] = after
        elif elements[index].text and elements[index].tag not in HEADINGS:
            after = elements[index]
    for index, element in enumerate(elements):
        if index in behind:
            beside = before if before is not heading else None
            out[index] = "\n".join(found.text[:most] for found in (heading, beside or behind[index]) if found)
        if element.text:
            before = element
            heading = element if element.tag in HEADINGS else heading
    return out
