"""Nodes and what was found of their media -> nodes with media in place, and Rejections of nodes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lamella.schemas.document import ImageNode, InterleavedDocument, Node, VideoNode
from lamella.schemas.media import Cue, Media, MediaKind
from lamella.schemas.rejection import Reason, Rejection, Stage
from lamella.transforms.base.reject import reject_node
from lamella.transforms.base.rule import Violation

Found = Mapping[str, Media | Rejection]  # by canonical URL

NOT_LOOKED_FOR = "no media record"  # the detail where fetch said neither yes nor no


def media_urls(document: InterleavedDocument) -> Iterable[str]:
    """The URLs that a document needs media for, each once, in reading order: images, videos and their tracks."""
    urls = {}
    for node in document.nodes:
        match node:
            case ImageNode(url=url):
                urls[url] = None
            case VideoNode(url=url, track=track):
                urls[url] = None
                if track:
                    urls[track] = None
    return urls


def place_media(document: InterleavedDocument, found: Found) -> Iterable[Node | Rejection]:
    """Every node with its media in place, or the Rejection that takes it out of the document.

    An image that stands in the document already, by URL or as a copy by bytes or by perceptual hash, leaves: the first
    one stays (OBELICS removes repeats in the same way).
    """
    seen: set[str] = set()
    for node in document.nodes:
        match node:
            case ImageNode():
                media = _usable(found.get(node.url), MediaKind.IMAGE, Reason.NOT_AN_IMAGE)
                if isinstance(media, Violation):
                    yield reject_node(Stage.ASSEMBLE, document, node, media)
                    continue
                identities = {node.url, media.url, media.cluster or media.sha256}
                if seen & identities:
                    copy = Violation(Reason.REPEATED_IN_DOCUMENT, detail=media.cluster or media.sha256)
                    yield reject_node(Stage.ASSEMBLE, document, node, copy)
                    continue
                seen |= identities
                yield replace(node, media=media)
            case VideoNode():
                media = _usable(found.get(node.url), MediaKind.VIDEO, Reason.NOT_A_VIDEO)
                if isinstance(media, Violation):
                    yield reject_node(Stage.ASSEMBLE, document, node, media)
                    continue
                yield replace(node, media=media, cues=_cues(node, found))
            case _:
                yield node


def url_of(answer: Media | Rejection) -> str:
    """The URL that fetch answered for."""
    return answer.url if isinstance(answer, Media) else answer.url or answer.key


def _usable(media: Media | Rejection | None, kind: MediaKind, otherwise: Reason) -> Media | Violation:
    """The media, or why a node cannot have it: the detail is the media's own reason."""
    match media:
        case Media() if media.kind is kind:
            return media
        case Media():
            why = otherwise.value
        case Rejection():
            why = media.reason.value
        case None:
            why = NOT_LOOKED_FOR
    return Violation(Reason.UNUSABLE_MEDIA, detail=why)


def _cues(node: VideoNode, found: Found) -> tuple[Cue, ...]:
    """The track's cues, or none: a track that was not usable takes nothing from its video."""
    track = found.get(node.track) if node.track else None
    return track.cues if isinstance(track, Media) and track.kind is MediaKind.TRACK else ()
