"""Pictures whose own metadata forbid training in; the words out."""

import io

import pytest
from fetch_media import captured, picture
from PIL import Image

from lamella.schemas.config import FetchConfig, OptOutConfig
from lamella.schemas.media import Media
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.embedded_rights import embedded_opt_out
from lamella.transforms.fetch.inspect import judge_bytes

PLUS = "http://ns.useplus.org/ldf/xmp/1.0/"
VOCABULARY = "http://ns.useplus.org/ldf/vocab/"
SHAPES = {
    "an attribute": '<rdf:Description xmlns:plus="{ns}" plus:DataMining="{value}"/>',
    "an element": '<rdf:Description xmlns:plus="{ns}"><plus:DataMining>{value}</plus:DataMining></rdf:Description>',
    "a resource": '<rdf:Description xmlns:plus="{ns}"><plus:DataMining rdf:resource="{value}"/></rdf:Description>',
    "another prefix": '<rdf:Description xmlns:p="{ns}" p:DataMining="{value}"/>',
}


def marked(value: str, shape: str = "an attribute", kind: str = "JPEG") -> bytes:
    xmp = SHAPES[shape].format(ns=PLUS, value=value)
    out = io.BytesIO()
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{xmp}</rdf:RDF></x:xmpmeta>'.encode()
    Image.open(io.BytesIO(picture(1))).convert("RGB").save(out, kind, xmp=packet)
    return out.getvalue()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_where_it_may_stand(shape, kind):
    value = "DMI-PROHIBITED-AIMLTRAINING"
    assert embedded_opt_out(marked(VOCABULARY + value, shape, kind)) == f"plus-data-mining: {value}"
    assert embedded_opt_out(marked(value, shape, kind)) == f"plus-data-mining: {value}"


@pytest.mark.parametrize(
    ("value", "forbids"),
    [
        ("DMI-PROHIBITED", True),
        ("DMI-PROHIBITED-GENAIMLTRAINING", True),
        ("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", True),
        ("DMI-UNSPECIFIED", False),
        ("DMI-ALLOWED", False),
        ("", False),
    ],
)
def test_values(value, forbids):
    assert bool(embedded_opt_out(marked(VOCABULARY + value))) is forbids


def test_a_picture_that_says_nothing_forbids_nothing():
    assert embedded_opt_out(picture(1)) == ""
    assert embedded_opt_out(b"DMI-PROHIBITED plus:DataMining") == ""


def test_it_is_heard_unless_told_otherwise():
    data = marked(VOCABULARY + "DMI-PROHIBITED")
    gone = judge_bytes(captured(data), data, FetchConfig())
    assert (gone.reason, gone.detail) == (Reason.OPTED_OUT, "plus-data-mining: DMI-PROHIBITED")
    for config in (FetchConfig(opt_outs=OptOutConfig(embedded=False)), FetchConfig(honour_opt_outs=False)):
        assert isinstance(judge_bytes(captured(data), data, config), Media)
