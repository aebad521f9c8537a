"""What leaves, as a value: a record and the rule that it broke in, its Rejection out."""

from lamella.schemas.document import ImageNode, InterleavedDocument, Node, TextNode, VideoNode
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Rejection, Stage, Unit
from lamella.transforms.rules import Broken

SAMPLE_CHARACTERS = 200  # of a rejected text, for the report


def document_leaves(stage: Stage, left: InterleavedDocument, broken: Broken) -> Rejection:
    """A document as it is when it leaves: nodes that were rejected one by one before are not in it any more."""
    return Rejection(
        stage=stage,
        unit=Unit.DOCUMENT,
        key=left.key,
        reason=broken.reason,
        url=left.url,
        detail=broken.detail,
        sample=left.text[:SAMPLE_CHARACTERS],
        nodes=len(left.nodes),
        archive=left.provenance.archive,
        offset=left.provenance.offset,
    )


def node_leaves(stage: Stage, document: InterleavedDocument, node: Node, broken: Broken) -> Rejection:
    """A node that leaves alone, by its media's URL; a text has none, and is found by its document's."""
    return Rejection(
        stage=stage,
        unit=Unit.NODE,
        key=f"{document.key}/{node.position}",
        reason=broken.reason,
        url=document.url if isinstance(node, TextNode) else node.url,
        detail=broken.detail,
        sample=_words_of(node)[:SAMPLE_CHARACTERS],
        archive=document.provenance.archive,
        offset=document.provenance.offset,
    )


def pair_leaves(stage: Stage, pair: Pair, broken: Broken) -> Rejection:
    """A pair, with the web's text, whatever a captioner said."""
    return Rejection(
        stage=stage,
        unit=Unit.PAIR,
        key=pair.key,
        reason=broken.reason,
        url=pair.media.url,
        detail=broken.detail,
        sample=pair.text[:SAMPLE_CHARACTERS],
    )


def _words_of(node: Node) -> str:
    match node:
        case TextNode():
            return node.text
        case ImageNode():
            return node.alt or node.caption
        case VideoNode():
            return node.caption
