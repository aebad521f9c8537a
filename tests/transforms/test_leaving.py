"""What leaves: where it is found again, and which of its words the report shows."""

import pytest

from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode
from lamella.schemas.page import Provenance
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.reject import SAMPLE_CHARACTERS, reject_document, reject_node
from lamella.transforms.base.rule import Violation

LONG = "word " * SAMPLE_CHARACTERS
PAGE, IMAGE, VIDEO = "https://a.example/", "https://a.example/i.png", "https://a.example/v.mp4"
TOO_FEW = Violation(Reason.TOO_FEW_WORDS, "words", 1.0, 2.0)
NODES = (
    TextNode(text=LONG, position=3),
    ImageNode(url=IMAGE, position=5, alt="alt", caption="caption"),
    ImageNode(url=IMAGE, position=6, caption="caption"),
    VideoNode(url=VIDEO, position=9, caption=LONG),
)
DOCUMENT = InterleavedDocument(key="d", url=PAGE, nodes=NODES, provenance=Provenance(archive="a.warc.gz", offset=7, length=1))


def test_a_document_leaves_with_its_nodes():
    assert reject_document(Stage.FILTER, DOCUMENT, TOO_FEW) == Rejection(
        stage=Stage.FILTER,
        unit=Unit.DOCUMENT,
        key="d",
        reason=Reason.TOO_FEW_WORDS,
        url=PAGE,
        measure="words",
        value=1.0,
        limit=2.0,
        sample=LONG[:200],
        nodes=4,
        archive="a.warc.gz",
        offset=7,
    )


@pytest.mark.parametrize(
    ("node", "key", "url", "sample"),
    [
        (NODES[0], "d/3", PAGE, LONG[:200]),
        (NODES[1], "d/5", IMAGE, "alt"),
        (NODES[2], "d/6", IMAGE, "caption"),
        (NODES[3], "d/9", VIDEO, LONG[:200]),
    ],
)
def test_a_node_leaves_alone(node, key, url, sample):
    assert reject_node(Stage.SCORE, DOCUMENT, node, TOO_FEW) == Rejection(
        stage=Stage.SCORE,
        unit=Unit.NODE,
        key=key,
        reason=Reason.TOO_FEW_WORDS,
        url=url,
        measure="words",
        value=1.0,
        limit=2.0,
        sample=sample,
        archive="a.warc.gz",
        offset=7,
    )
