"""A run's folder that others made: what it names is not fetched, what it says is not run, and what it holds is not believed."""

import io
import json
import os
import re
import tracemalloc
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from rich.console import Console
from run_folder import (
    SITE,
    ImageNode,
    InterleavedDocument,
    Media,
    Pack,
    Rejection,
    TextNode,
    document,
    image_pair,
    media,
    put_table,
    rejection,
    write_run,
)
from test_report import Tags

from lamella.pipeline.damage import Damaged
from lamella.pipeline.enclosed import ways_out
from lamella.pipeline.recipes import demo
from lamella.pipeline.run_file import config_of
from lamella.pipeline.tables import FileInfo, TableManifest, read_manifest
from lamella.reporting.inspect import inspect
from lamella.reporting.report import write_report
from lamella.reporting.verify import verify
from lamella.reporting.why import why
from lamella.schemas.config import ExtractConfig, ReadConfig
from lamella.schemas.errors import DataError
from lamella.schemas.media import Alias, ArchiveMedia, Container
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import Dataset, ImageTextPair
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest
from lamella.transforms.base.packed import UNPACKED
from lamella.transforms.extract.parse import parse_html
from lamella.transforms.formats.rsl import rsl_prohibits
from lamella.transforms.read.archive import read_archive
from tests.schemas.test_shards import HOSTILE

MAX_TAR_MEMORY = 32 << 20  # bytes at once, for tars of a few kilobytes


def tree(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_size for path in folder.rglob("*")}


@pytest.mark.parametrize("container", Container)
def test_tables_of_others_reach_no_file_and_no_address(tmp_path, canary, container):
    folder = tmp_path / "run"
    pack, pairs, found = Pack(folder), [], []
    for number, path in enumerate(
        (canary.url, canary.file, f"file://{canary.file}", "../canary", f"simplecache::{canary.url}", UNPACKED + canary.url)
    ):
        one = media(pack, f"{SITE}/{number}.jpg")
        one = replace(one, blob=replace(one.blob, path=path, length=10, offset=0, container=container))
        found.append(one)
        pairs.append(image_pair(one, f"a picture of number {number}"))
    archived = [ArchiveMedia(url=one.url, blob=one.blob, mime="image/jpeg") for one in found]
    nodes = [ImageNode(url=one.url, position=at, media=one) for at, one in enumerate(found)]
    tables = {
        "media": (Media, found),
        "archive_media": (ArchiveMedia, archived),
        "archive_aliases": (Alias, []),
        "opt_outs": (OptOut, []),
        "pairs/images": (ImageTextPair, pairs),
        "interleaved": (InterleavedDocument, [document(f"{SITE}/page", nodes)]),
        "rejections/media": (
            Rejection,
            [rejection("fetch", "media", "image_too_small", one.url, url=one.url) for one in found],
        ),
    }
    run = write_run(folder, tables)
    write_report(run)
    lines = list(verify(run))
    assert len([line for line in lines if "0123456789" in line]) == 0
    for one in found:
        assert any(one.blob.path in line for line in lines)
    assert Tags.of((folder / "report.html").read_text()).images == []
    assert canary.heard == []


def test_inputs_of_others_are_not_asked_for_a_ledger(tmp_path, canary):
    inputs = [canary.url + "/a.warc.gz", f"simplecache::{canary.url}/a.warc.gz", "odd://a/b.warc.gz", "/dev/null/a.warc.gz"]
    write_report(write_run(tmp_path / "run", {"media": (Media, [])}, inputs=inputs))
    assert canary.heard == []


@pytest.mark.parametrize("where", ["url", "file"])
def test_the_list_of_unsafe_files_that_another_run_names_is_not_opened(tmp_path, canary, where):
    """Without the list nothing is shown, since nobody knows what must not be."""
    folder = tmp_path / "run"
    config = demo().model_dump(mode="json")
    config["fetch"]["unsafe_hashes"] = canary.url if where == "url" else str(tmp_path / "gone.txt")
    pairs = [image_pair(media(Pack(folder), f"{SITE}/ok.jpg"), "a picture")]
    run = write_run(folder, {"pairs/images": (ImageTextPair, pairs)}, config=config)
    write_report(run)
    list(verify(run))
    assert canary.heard == []
    page = (folder / "report.html").read_text()
    assert Tags.of(page).images == []
    assert "--unsafe-hashes FILE" in page


@pytest.mark.parametrize("name", ["run.json", "media", "media/_manifest.json", "media/part-00000-of-00002.parquet", "pipe"])
def test_links_that_lead_out_of_a_run_are_not_followed(tmp_path, name):
    """A sound table of somebody else, where the run's own should be: its rows are in no report."""
    folder = write_run(tmp_path / "run", {"media": (Media, [])})
    secret = replace(media(Pack(tmp_path / "other"), f"{SITE}/secret.jpg"), url=f"{SITE}/secret.jpg")
    write_run(tmp_path / "other", {"media": (Media, [secret])})
    path = Path(folder, name)
    if name == "pipe":
        os.mkfifo(path)
        says = "pipe is not a file"
    else:
        path.rename(tmp_path / "moved")
        path.symlink_to(tmp_path / "other" / name)
        says = f"{name} is a link that leads out of the run's folder"
    for read in (write_report, config_of, lambda run: why(run, f"{SITE}/secret.jpg"), lambda run: inspect(run, 5, Console())):
        with pytest.raises((DataError, ValueError), match=re.escape(says)):
            read(folder)
    assert list(verify(folder)) == [says.replace(" is ", ": ", 1)]
    assert not Path(folder, "report.html").exists()


def test_links_within_a_run_are_followed(tmp_path):
    folder = write_run(tmp_path / "run", {"media": (Media, [])})
    Path(folder, "media").rename(Path(folder, "elsewhere"))
    Path(folder, "media").symlink_to("elsewhere")
    assert list(ways_out(folder)) == []
    assert write_report(folder)["tables"]


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


NAMES = ["../a.parquet", "/etc/hostname", "a/b.parquet", ".a.parquet", "..", "", "a\0b", "a\nb", "\\..\\a", "~", "a:b"]
NAMES += ["é.parquet", "a" * 300, 7, None]
SUMS = ["../../../x", "0" * 63, "G" * 64, "0" * 63 + "/", "", None, 7]


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_names_files_beside_itself(tmp_path, name):
    sound = {"name": "a.parquet", "rows": 0, "bytes": 1, "sha256": "0" * 64}
    table = {"table": "t", "made_from": "", "files": [sound | {"name": name}]}
    shard = {"name": name, "split": "train", "samples": 1, "bytes": 1, "sha256": "0" * 64}
    sidecar = {"name": "a.tar", "sidecar": name or ".x"}
    for decode, raw in (
        (TableManifest.decode, table),
        (ShardManifest.decode, {"dataset": "align", "made_from": "", "shards": [shard]}),
        (
            ShardManifest.decode,
            {"dataset": "align", "made_from": "", "shards": [shard | sidecar]},
        ),
    ):
        with pytest.raises((ValueError, TypeError)):
            decode(json.dumps(raw).encode())


@pytest.mark.parametrize("checksum", SUMS)
def test_a_checksum_is_a_checksum(checksum):
    shard = {"name": "a.tar", "split": "train", "samples": 1, "bytes": 1, "sha256": checksum}
    with pytest.raises((ValueError, TypeError)):
        ShardManifest.decode(json.dumps({"dataset": "align", "made_from": "", "shards": [shard]}).encode())
    with pytest.raises((ValueError, TypeError)):
        TableManifest(table="t", fingerprint="", files=(FileInfo(name="a", rows=1, bytes=1, sha256=checksum),)).decode(
            json.dumps(
                {"table": "t", "made_from": "", "files": [{"name": "a", "rows": 1, "bytes": 1, "sha256": checksum}]}
            ).encode()
        )


def test_a_manifest_that_leads_out_is_a_fault_of_verify(tmp_path):
    run = write_run(tmp_path / "run", {"media": (Media, [])})
    put_table(tmp_path / "run" / "media", Media, [])
    manifest = json.loads((tmp_path / "run" / "media" / MANIFEST).read_bytes())
    manifest["files"][0]["name"] = "../../canary"
    (tmp_path / "run" / "media" / MANIFEST).write_text(json.dumps(manifest))
    assert any(line.startswith(f"media/{MANIFEST}: ") and "'../../canary'" in line for line in verify(run))
    with pytest.raises(Damaged):
        read_manifest(str(tmp_path / "run" / "media"))
    (tmp_path / "run" / "media" / MANIFEST).write_text("[" * 100_000)
    assert any(line.startswith(f"media/{MANIFEST}: ") for line in verify(run))


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_tar_is_looked_at_and_nothing_leaves_it(tmp_path, data):
    """T1: traversal, links, devices, sparse maps, pax: `inspect` and `verify` write nothing, in bounded memory."""
    run = tmp_path / "run"
    folder = run / "shards" / "align"
    folder.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"inputs": []}))
    (folder / "align-train-00000.tar").write_bytes(data)
    info = ShardInfo(name="align-train-00000.tar", split="train", samples=1, bytes=len(data), sha256=sha256(data).hexdigest())
    (folder / MANIFEST).write_bytes(ShardManifest(dataset=Dataset.ALIGN, shards=(info,)).encode())
    before = tree(tmp_path)
    tracemalloc.start()
    lines = list(verify(str(run)))
    try:
        inspect(str(folder / "align-train-00000.tar"), 5, Console(file=io.StringIO()))
    except ValueError as error:
        assert "\n" not in str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any(line.startswith("shards/align/align-train-00000.tar: ") for line in lines)
    assert tree(tmp_path) == before and peak < MAX_TAR_MEMORY
