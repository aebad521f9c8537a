"""Pictures whose own metadata forbid training -> the words that forbid it."""

import io
import zlib

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
    "a value of its own": '<rdf:Description xmlns:plus="{ns}"><plus:DataMining rdf:parseType="Resource">'
    "<rdf:value>{value}</rdf:value></plus:DataMining></rdf:Description>",
    "a node": '<rdf:Description xmlns:plus="{ns}"><plus:DataMining><rdf:Description rdf:about="{value}"/></plus:DataMining>'
    "</rdf:Description>",
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
        ("dmi-prohibited", True),
        ("DMI-UNSPECIFIED", False),
        ("DMI-ALLOWED", False),
        ("", False),
    ],
)
def test_values(value, forbids):
    assert bool(embedded_opt_out(marked(VOCABULARY + value))) is forbids


def in_png(name: bytes, body: bytes) -> bytes:
    whole, text = picture(1), name + body
    chunk = len(body).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    return whole[:-12] + chunk + whole[-12:]


def test_xmp_of_a_png_may_be_packed():
    xmp = SHAPES["an element"].format(ns=PLUS, value=f"{VOCABULARY}DMI-PROHIBITED").encode()
    digits = b"\nxmp\n" + str(len(xmp)).rjust(8).encode() + b"\n" + xmp.hex().encode() + b"\n"
    said = {
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)): "plus-data-mining: DMI-PROHIBITED",
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0XMP\0" + zlib.compress(xmp)): "plus-data-mining: DMI-PROHIBITED",
        (b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(digits)): "plus-data-mining: DMI-PROHIBITED",
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + xmp): "plus-data-mining: DMI-PROHIBITED",  # as it is, whatever it says
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(64 << 20))): "",
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0"): "",
        (b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(b"\nxmp\n 3\nabc")): "",
        (b"zTXt", b"Raw profile type xmp\0\0"): "",
    }
    assert {chunk: embedded_opt_out(in_png(*chunk)) for chunk in said} == said


def test_a_picture_that_says_nothing_forbids_nothing():
    assert embedded_opt_out(picture(1)) == ""
    assert embedded_opt_out(b"DMI-PROHIBITED plus:DataMining") == ""


def test_it_is_heard_unless_told_otherwise():
    data = marked(VOCABULARY + "DMI-PROHIBITED")
    gone = judge_bytes(captured(data), data, FetchConfig())
    assert (gone.reason, gone.detail) == (Reason.OPTED_OUT, "plus-data-mining: DMI-PROHIBITED")
    for config in (FetchConfig(opt_outs=OptOutConfig(embedded=False)), FetchConfig(honour_opt_outs=False)):
        assert isinstance(judge_bytes(captured(data), data, config), Media)
