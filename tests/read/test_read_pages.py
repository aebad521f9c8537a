"""An archive -> pages, media, rejections and counters; the sums hold for every record."""

import gzip

import apache_beam as beam
import brotli
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ReadConfig
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Unit
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.formats.content_encoding import Body
from lamella.transforms.read.archive import read_archive
from lamella.transforms.read.stage import ReadPages

HTML = b"<!doctype html><title>Lamellae</title><p>A flamingo strains its food.</p>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
BOMB = brotli.compress(bytes(64 << 20), quality=1)
OCTETS = "application/octet-stream"


def warc(kind: str, url: str, block: bytes, *more: str, http: bool = True) -> bytes:
    head = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        f"WARC-Target-URI: {url}",
        "WARC-Record-ID: <urn:uuid:7>",
        "WARC-Date: 2025-11-03T08:00:01Z",
    ]
    head += ["Content-Type: application/http; msgtype=response"] * http + [*more, f"Content-Length: {len(block)}", "", ""]
    return "\r\n".join(head).encode() + block + b"\r\n\r\n"


def response(
    body: bytes, mime: str, *headers: str, status: str = "200 OK", url: str = "http://a.example/x", warc_headers=()
) -> bytes:
    http = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {mime}", *headers, "", ""]).encode()
    return warc("response", url, http + body, *warc_headers)


def read(tmp_path, *records: bytes, config: ReadConfig | None = None, name: str = "a.warc"):
    path = tmp_path / name
    path.write_bytes(b"".join(records))
    outputs = list(read_archive(str(path), config or ReadConfig()))
    counters = {(t.unit, t.kind): t.count for t in outputs if isinstance(t, Counter)}
    rejected = sum(isinstance(output, Rejection) for output in outputs)
    assert counters[Unit.RECORD, CounterKind.IN] == counters[Unit.RECORD, CounterKind.KEPT] + rejected
    assert all(t.archive == str(path) for t in outputs if isinstance(t, Counter))
    return [output for output in outputs if not isinstance(output, Counter)], counters


def test_a_page(tmp_path):
    headers = ("X-Robots-Tag: noai", "x-robots-tag: bot: noindex", "TDM-Reservation: 1")
    (page,), counters = read(tmp_path, response(HTML, "text/html; charset=utf-8", *headers))
    assert (page.url, page.html, page.charset) == ("http://a.example/x", HTML.decode(), "utf-8")
    assert (page.robots_header, page.tdm_reservation, page.truncated) == ("noai, bot: noindex", "1", False)
    assert (page.provenance.archive, page.provenance.offset) == (str(tmp_path / "a.warc"), 0)
    assert (page.provenance.record_id, page.provenance.crawl_time) == ("urn:uuid:7", "2025-11-03T08:00:01Z")
    assert counters == {
        (Unit.RECORD, CounterKind.IN): 1,
        (Unit.RECORD, CounterKind.KEPT): 1,
        (Unit.PAGE, CounterKind.MADE): 1,
        (Unit.PAGE, CounterKind.KEPT): 1,
    }


def test_media_stay_in_place(tmp_path):
    (medium,), _ = read(tmp_path, response(PNG, "image/png", url="http://A.example/i.png#x"))
    assert (medium.url, medium.mime, read_blob(medium.blob)) == ("http://a.example/i.png", "image/png", PNG)


KINDS = [
    ("not found", response(HTML, "text/html", status="404 Not Found"), Reason.BAD_STATUS),
    ("moved", response(HTML, "text/html", status="302 "), Reason.BAD_STATUS),
    ("empty", response(b"", "text/html"), Reason.EMPTY_BODY),
    ("blank", response(b" \r\n ", "text/html"), Reason.EMPTY_BODY),
    ("script", response(b"x=1", "text/javascript"), Reason.NOT_HTML),
    ("text", response(b"<p>x", "text/plain"), Reason.NOT_HTML),
    ("pdf", response(b"%PDF-1.5 x", "text/html"), Reason.NOT_HTML),
    ("octets", response(b"\0\1\2", OCTETS), Reason.NOT_HTML),
    ("dns", warc("response", "dns:a.example", b"20050101 a", "Content-Type: text/dns", http=False), Reason.NOT_HTML),
    ("revisit", warc("revisit", "http://a.example/", b"HTTP/1.1 200 OK\r\n\r\n"), Reason.REVISIT),
    ("brotli", response(b"\xff\xfe\xfd\xfc" * 9, "text/html", "Content-Encoding: br"), Reason.UNDECODABLE),
    ("long URL", response(HTML, "text/html", url="http://a.example/" + "x" * 5000), Reason.RECORD_TOO_LARGE),
    ("garbage", b"WARC/1.0\r\nFoo: bar\r\n\r\n", Reason.DAMAGED_RECORD),
    ("large", response(HTML + bytes(11 << 20), "text/html"), Reason.RECORD_TOO_LARGE),
    ("bomb", response(BOMB, "text/html", "Content-Encoding: br"), Reason.RECORD_TOO_LARGE),
    ("html", response(HTML, "text/html"), Page),
    ("xhtml", response(HTML, "application/xhtml+xml"), Page),
    ("xml", response(b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>', "application/xml"), Page),
    ("no type", response(HTML, ""), Page),
    ("html octets", response(HTML, OCTETS), Page),
    ("png octets", response(PNG, OCTETS), ArchiveMedia),
    ("png as html", response(PNG, "text/html"), ArchiveMedia),
    ("vtt", response(b"WEBVTT\n\n00:00.000 --> 00:01.000\nHi", "text/vtt"), ArchiveMedia),
    ("vtt as text", response(b"WEBVTT\n\n", "text/plain"), ArchiveMedia),
    ("resource", warc("resource", "http://a.example/i", PNG, "Content-Type: image/png", http=False), ArchiveMedia),
    ("html resource", warc("resource", "http://a.example/i", HTML, "Content-Type: text/html", http=False), Page),
    ("conversion", warc("conversion", "http://a.example/i", b"x", "Content-Type: text/plain", http=False), Reason.NOT_HTML),
    ("request", warc("request", "http://a.example/", b"GET / HTTP/1.1\r\n\r\n"), None),
    ("warcinfo", warc("warcinfo", "", b"software: x", http=False), None),
    ("metadata", warc("metadata", "http://a.example/", b"fetchTimeMs: 3", http=False), None),
]  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_kinds(tmp_path, record, expected):
    outputs, counters = read(tmp_path, record)
    assert counters[Unit.RECORD, CounterKind.IN] == 1
    if expected is None:
        assert outputs == []
    elif isinstance(expected, Reason):
        assert [output.reason for output in outputs] == [expected]
        assert (outputs[0].archive, outputs[0].offset) == (str(tmp_path / "a.warc"), 0)
    else:
        assert [type(output) for output in outputs] == [expected]


@pytest.mark.parametrize(
    ("record", "truncated"),
    [
        (response(HTML, "text/html", warc_headers=["WARC-Truncated: length"]), True),
        (response(PNG, "image/png", warc_headers=["WARC-Truncated: disconnect"]), True),
        (response(PNG[:-9], "image/png", f"Content-Length: {len(PNG)}"), True),
        (response(b"40\r\n" + PNG[:50], "image/png", "Transfer-Encoding: chunked"), True),
        (response(PNG, "image/png", f"Content-Length: {len(PNG)}"), False),
        (response(PNG, "image/png", "Transfer-Encoding: chunked", f"Content-Length: {len(PNG)}"), False),
    ],
)
def test_truncation_is_flagged(tmp_path, record, truncated):
    (output,), _ = read(tmp_path, record)
    assert output.truncated is truncated


def test_what_is_no_archive(tmp_path):
    for data in (b"", b"PK\x03\x04", b"<html>"):
        (rejection,), _ = read(tmp_path, data)
        assert rejection.reason is Reason.NOT_AN_ARCHIVE
    with pytest.raises(FileNotFoundError):
        list(read_archive(str(tmp_path / "missing.warc"), ReadConfig()))


def test_a_crash_is_a_rejection(tmp_path, monkeypatch):
    def crash(record, caps):
        if record.url.endswith("bad"):
            raise RecursionError("too deep")
        return Body(data=record.body, complete=True)

    monkeypatch.setattr("lamella.transforms.read.responses.decoded_body", crash)
    rejection, page = read(tmp_path, response(HTML, "text/html", url="http://a.example/bad"), response(HTML, "text/html"))[0]
    assert isinstance(page, Page)
    assert (rejection.reason, rejection.detail) == (Reason.CRASHED, "RecursionError: too deep")


def test_archives_packed_as_a_whole(tmp_path):
    records = [response(HTML, "text/html", url=f"http://a.example/{i}") for i in range(9)] + [response(PNG, "image/png")]
    outputs, _ = read(tmp_path, gzip.compress(b"".join(records)), name="whole.warc.gz")
    assert [type(output) for output in outputs] == [Page] * 9 + [ArchiveMedia]
    assert len({page.key for page in outputs[:9]}) == 9
    assert read_blob(outputs[9].blob) == PNG


def test_the_stage(tmp_path):
    paths = []
    for i, records in enumerate(([response(HTML, "text/html"), response(PNG, "image/png")], [response(b"", "text/html")])):
        (tmp_path / f"{i}.warc").write_bytes(b"".join(records))
        paths.append(str(tmp_path / f"{i}.warc"))
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        outcome = pipeline | beam.Create(paths) | ReadPages(ReadConfig())
        assert_that(outcome.pages | beam.Map(lambda page: page.html), equal_to([HTML.decode()]), label="pages")
        assert_that(outcome.media | beam.Map(lambda media: media.mime), equal_to(["image/png"]), label="media")
        assert_that(outcome.rejected | beam.Map(lambda left: left.reason.value), equal_to(["empty_body"]), label="rejected")
        sums = outcome.counters | beam.Map(lambda t: ((t.unit.value, t.kind.value), t.count)) | beam.CombinePerKey(sum)
        expected = [(("record", "in"), 3), (("record", "kept"), 2), (("page", "made"), 1), (("page", "kept"), 1)]
        assert_that(sums, equal_to(expected), label="counters")
