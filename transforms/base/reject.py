"""A record and the Violation that it earned -> its Rejection."""

from lamella.schemas.document import ImageNode, InterleavedDocument, Node, TextNode, VideoNode
from lamella.schemas.media import Addressed
from lamella.schemas.pair import CandidatePair, CaptionSource, Pair, is_synthetic
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.rule import Violation

SAMPLE_CHARACTERS = 200  # of a rejected text, for the report


def reject_document(stage: Stage, left: InterleavedDocument, violation: Violation) -> Rejection:
    """A document as it is when it leaves: nodes that were rejected one by one before are not in it any more."""
    return Rejection(
        stage=stage,
        unit=Unit.DOCUMENT,
        key=left.key,
        url=left.url,
        sample=left.text[:SAMPLE_CHARACTERS],
        nodes=len(left.nodes),
        archive=left.provenance.archive,
        offset=left.provenance.offset,
        **violation._asdict(),
    )


def reject_node(stage: Stage, document: InterleavedDocument, node: Node, violation: Violation) -> Rejection:
    """A node that leaves alone, by its media's URL; a text has none, and is found by its document's."""
    return Rejection(
        stage=stage,
        unit=Unit.NODE,
        key=f"{document.key}/{node.position}",
        url=document.url if isinstance(node, TextNode) else node.url,
        sample=_words_of(node)[:SAMPLE_CHARACTERS],
        archive=document.provenance.archive,
        offset=document.provenance.offset,
        **violation._asdict(),
    )


def reject_pair(stage: Stage, pair: Pair | CandidatePair, violation: Violation) -> Rejection:
    """A pair, with its text, which is the web's or a captioner's."""
    return Rejection(
        stage=stage,
        unit=Unit.PAIR,
        key=pair.key,
        url=pair.url if isinstance(pair, CandidatePair) else pair.media.url,
        sample=pair.text[:SAMPLE_CHARACTERS],
        **violation._asdict(),
    )


def synthetic_mark(pair: Pair) -> str:
    """Begins the detail of a rejected synthetic text: by it such a rejection is told from one of the web's text."""
    return CaptionSource.SYNTHETIC.value if is_synthetic(pair) else ""


def is_of_synthetic(detail: str) -> bool:
    """Whether the detail is that of a rejected synthetic text."""
    return detail.partition(";")[0] == CaptionSource.SYNTHETIC


def reject_media(link: Addressed, violation: Violation, said: str = "") -> Rejection:
    """A media link: its URL is its key, so that the documents that show it find out.

    Args:
        said: ISO time of the page, or the response, whose word counts where this is an opt-out.
    """
    said = said if violation.reason is Reason.OPTED_OUT else ""
    return Rejection(stage=Stage.FETCH, unit=Unit.MEDIA, key=link.url, url=link.url, said=said, **violation._asdict())


def _words_of(node: Node) -> str:
    match node:
        case TextNode():
            return node.text
        case ImageNode():
            return node.alt or node.caption
        case VideoNode():
            return node.caption
