"""No payload of a run becomes markup of its report, and no entity of XML is opened."""

from pathlib import Path

import pytest
from run_folder import Pack, document, image_pair, media, rejection, write_run
from small_run import SITE
from test_report import Tags

from lamella.schemas.config import ExtractConfig, ReadConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.pair import ImageTextPair
from lamella.schemas.rejection import Rejection
from lamella.transforms.extract.parse import parse_html
from lamella.transforms.formats.rsl import rsl_prohibits
from lamella.transforms.read.archive import read_archive

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus=alert(1) x="',
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</textarea><iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<meta http-equiv=refresh content='0;url=http://x'>",
    "<base href=http://x/>",
    "<link rel=stylesheet href=http://x/x.css>",
    "<form action=http://x><input name=a></form>",
    "<object data=http://x></object><embed src=http://x>",
    "<svg><use href=http://x#a></use><animate onbegin=alert(1)></svg>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>",
    "<!--><script>alert(1)</script-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
]
PLACES = ("title", "alt", "url", "caption", "file")


@pytest.mark.parametrize("place", PLACES)
def test_no_payload_becomes_a_node_of_the_report(tmp_path, place):
    """H8: 100 payloads in title, alt, url, caption and file names: 0 active nodes, and a policy that would stop them."""
    folder = tmp_path / "run"
    pack, documents, pairs, gone = Pack(folder), [], [], []
    put = lambda where, payload: payload if where == place else "plain"  # noqa: E731
    for number, payload in enumerate(PAYLOADS):
        url = payload if place == "url" else f"{SITE}/{number}"
        shown = media(pack, url)
        nodes = (TextNode(text=put("caption", payload), position=0), ImageNode(url=url, position=1, alt=put("alt", payload)))
        documents.append(document(url, nodes, title=put("title", payload)))
        pairs.append(image_pair(shown, put("caption", payload), page_url=url))
        gone.append(rejection("filter", "document", "unsafe_text", f"r{number}", url=url, archive=put("file", payload)))
    tables = {
        "documents": (InterleavedDocument, documents),
        "interleaved": (InterleavedDocument, documents),
        "pairs/images": (ImageTextPair, pairs),
        "rejections/documents": (Rejection, gone),
    }
    run = write_run(
        folder, tables, inputs=[put("file", payload) for payload in PAYLOADS], versions=dict.fromkeys(PAYLOADS, "1")
    )
    from lamella.reporting import report

    report.write_report(run)
    tags = Tags.of((folder / "report.html").read_text(encoding="utf-8"))
    assert tags.active == [] and tags.unknown == set()
    assert "default-src 'none'" in tags.policy and "script-src" not in tags.policy


XML = """<?xml version="1.0"?>
<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f SYSTEM "{file}">
<!ENTITY g SYSTEM "{url}"><!ENTITY % h SYSTEM "{url}/dtd"> %h;]>
"""
XML_FORMS = {
    "svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/><text>&e;&f;&g;</text></svg>'),
    "xhtml": ("application/xhtml+xml", "<html><body><p>words &e;&f;&g; of a page</p><img src='{url}'/></body></html>"),
    "html": ("text/html", "<html><body><p>words &e;&f;&g; of a page</p><svg><image href='{url}'/></svg></body></html>"),
    "xinclude": ("text/html", "<html xmlns:xi='http://www.w3.org/2001/XInclude'><p>a<xi:include href='{file}'/></p></html>"),
    "rss": ("application/rss+xml", "<rss><channel><title>&e;&f;&g;</title></channel></rss>"),
    "sniffed": ("application/octet-stream", "<svg><text>&e;&f;&g;</text></svg>"),
}


@pytest.mark.parametrize("form", XML_FORMS)
def test_no_entity_is_opened(tmp_path, canary, form):
    """H6: billion laughs, external entities, SVG, XInclude: 0 file reads, 0 connections, nothing grows."""
    mime, body = XML_FORMS[form]
    text = XML.replace("{file}", f"file://{canary.file}").replace("{url}", canary.url)
    text += body.replace("{file}", f"file://{canary.file}").replace("{url}", canary.url)
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n\r\n{text}".encode()
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/x\r\nContent-Length: {len(block)}\r\n\r\n"
    archive = tmp_path / "a.warc"
    archive.write_bytes(head.encode() + block + b"\r\n\r\n")
    outputs = list(read_archive(str(archive), ReadConfig()))
    assert "0123456789" not in str(outputs)
    parsed = parse_html(text, "https://a.example/x", ExtractConfig())
    said = " ".join(getattr(node, "text", "") for node in parsed.nodes)
    assert "0123456789" not in said and "hahaha" not in said and len(said) < 2 * len(text)
    assert canary.heard == []


RSL = '<rsl><content url="/"><license><prohibits type="usage">{}</prohibits></license></content></rsl>'


def test_a_licence_in_xml_has_no_entities_and_a_bound(canary):
    """H6: the one XML that is read is RSL, and only as plain elements."""
    external = f'<!DOCTYPE rsl [<!ENTITY canary SYSTEM "{canary.url}">]>'
    bomb = '<!DOCTYPE rsl [<!ENTITY a "train-ai "><!ENTITY b "' + "&a;" * 10_000 + '">]>'
    assert rsl_prohibits(RSL.format("train-ai")) == [("/", ("train-ai",))]
    for text in (
        external + RSL.format("&canary;"),
        bomb + RSL.format("&b;"),
        RSL.format("train-ai " * 200_000),
        RSL.format("&b;"),
    ):
        assert rsl_prohibits(text) == []
    assert canary.heard == []


def test_no_part_of_the_package_reads_xml():
    """H6: there is no XML parser to mislead, but for that of licences; trafilatura's answer is of its own writing."""
    import ast

    root = Path(__file__).resolve().parents[2]
    allowed = {"rsl.py": {"xml"}, "trafilatura_text.py": {"lxml"}}
    banned = {"xml", "lxml", "defusedxml", "bs4", "html5lib", "cairosvg", "svglib"}
    for folder in ("schemas", "transforms", "pipeline", "runners", "trainer", "weights"):
        for path in (root / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                found = banned & {name.split(".")[0] for name in names}
                assert found <= allowed.get(path.name, set()), path
