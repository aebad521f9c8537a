"""Nothing of an archive is lost in silence: junk around records, bodies in many members, unknown types, long heads."""

import bz2
import gzip
import re

import pytest

from lamella.schemas.config import ReadConfig
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.formats.content_encoding import Body, decode, html_size_limits
from lamella.transforms.formats.warc import parse_record, starts_record
from lamella.transforms.read.archive import read_archive

HTML = b"<!doctype html><title>Lamellae</title><p>A flamingo strains its food.</p>"
JUNK = {
    "a byte order mark": b"\xef\xbb\xbf",
    "zeros": bytes(5000),
    "a page": b"<html><body>502 Bad Gateway</body></html>\n",
    "much": b"junk \x1f\x8b\x08 and more\n" * 60_000,
}


def record(number: int, *more: str, kind: str = "response", http: str = "", body: bytes = HTML) -> bytes:
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{http}\r\n".encode() + body
    head = ["WARC/1.1", f"WARC-Type: {kind}", f"WARC-Target-URI: http://a.example/{number}", *more]
    return "\r\n".join([*head, f"Content-Length: {len(block)}", "", ""]).encode() + block + b"\r\n\r\n"


ARC = b"http://a.example/%d 192.0.2.1 20031103080001 text/html %d\n%s\n"


def arc(number: int) -> bytes:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML
    return ARC % (number, len(body), body)


def read(folder, data: bytes) -> list:
    path = folder / "a.warc.gz"
    path.write_bytes(data)
    return [out for out in read_archive(str(path), ReadConfig()) if isinstance(out, Page | Rejection)]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(
    "packed",
    [b"".join, lambda records: b"".join(map(gzip.compress, records))],
    ids=["plain", "a gzip member a record"],
)
def test_junk_before_the_first_record_costs_no_record(tmp_path, junk, packed):
    found = read(tmp_path, JUNK[junk] + packed([record(number) for number in range(3)]))
    assert [out.reason for out in found if isinstance(out, Rejection)] == [Reason.DAMAGED_RECORD]
    assert [out.url for out in found if isinstance(out, Page)] == [f"http://a.example/{number}" for number in range(3)]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_junk_in_an_archive_that_is_packed_as_a_whole(tmp_path, pack):
    found = read(tmp_path, pack(JUNK["a page"] + b"".join(record(number) for number in range(3))))
    assert [type(out) for out in found] == [Rejection, Page, Page, Page]


LENGTHS = {"too long": "999999", "too short": "7", "no number": "1e3", "none": ""}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_a_first_length_that_is_false_costs_no_other_record_of_what_is_packed_as_a_whole(tmp_path, pack, length):
    first = re.sub(rb"(?<=\nContent-Length: )\d+(?=\r\n\r\nHTTP)", LENGTHS[length].encode(), record(0))
    found = read(tmp_path, pack(first + record(1) + record(2)))
    assert [out.url for out in found if isinstance(out, Page)][-2:] == ["http://a.example/1", "http://a.example/2"]


BROKEN_HEADS = {
    "its lines do not end": record(1).replace(b"\r\n", b"\r", 20),
    "it breaks off in a line": record(1)[:60],
    "it breaks off behind one": record(1).partition(b"WARC-Target")[0],
}


@pytest.mark.parametrize("broken", BROKEN_HEADS)
def test_a_head_without_its_end_costs_its_own_record_and_says_so(tmp_path, broken):
    found = read(tmp_path, record(0) + BROKEN_HEADS[broken] + record(2) + record(3))
    assert [out.url for out in found if isinstance(out, Page)] == [f"http://a.example/{number}" for number in (0, 2, 3)]
    assert [out.reason for out in found if isinstance(out, Rejection)] == [Reason.DAMAGED_RECORD]


def test_records_of_several_wrappings_in_one_file_are_all_read(tmp_path):
    """A crawl that was resumed with another setting; junk that begins like a gzip member."""
    plain, packed = record(1) + record(2), gzip.compress(record(3)) + gzip.compress(record(4))
    for front in (b"\x1f\x8b\x08" * 20, gzip.compress(record(0))[:-30]):
        found = read(tmp_path, front + plain + packed)
        assert [out.url for out in found if isinstance(out, Page)] == [f"http://a.example/{number}" for number in (1, 2, 3, 4)]
        assert [out.reason for out in found if isinstance(out, Rejection)] == [Reason.DAMAGED_RECORD]


def test_a_page_about_archives_is_one_page(tmp_path):
    body = HTML + b"<pre>\n" + record(7).replace(b"<", b"&lt;") + b"</pre>"
    for data in (record(0, body=body), gzip.compress(record(0, body=body)) + gzip.compress(record(1))):
        found = read(tmp_path, data)
        assert [type(out) for out in found] == [Page] * len(found) and b"flamingo" in found[0].html.encode()


def test_two_lines_of_arc_records_that_ran_together_are_damage(tmp_path):
    first = arc(1)
    found = read(tmp_path, arc(0) + first[: first.index(b" text/html") - 4] + arc(2) + arc(3))
    assert [out.url for out in found if isinstance(out, Page)] == ["http://a.example/0", "http://a.example/3"]
    assert [out.reason for out in found if isinstance(out, Rejection)] == [Reason.DAMAGED_RECORD]


def test_junk_before_an_arc(tmp_path):
    assert [type(out) for out in read(tmp_path, JUNK["a page"] + arc(0) + arc(1))] == [Rejection, Page, Page]


def test_what_holds_no_record_is_no_archive(tmp_path):
    [found] = read(tmp_path, JUNK["much"])
    assert found.reason is Reason.NOT_AN_ARCHIVE


PARTS = [b"%d lamellae, " % number for number in range(1000)]
MEMBERS = b"".join(gzip.compress(part, mtime=0) for part in PARTS)


@pytest.mark.parametrize(
    ("data", "text", "complete"),
    [
        (MEMBERS, b"".join(PARTS), True),
        (MEMBERS + bytes(8), b"".join(PARTS), True),  # padding
        (MEMBERS + b"junk", b"".join(PARTS), False),
        (MEMBERS[:-4], b"".join(PARTS), False),
        (gzip.compress(b"") * 3 + gzip.compress(b"x"), b"x", True),
    ],
    ids=["a thousand", "padding", "junk", "the last cut off", "empty ones"],
)
def test_all_members_of_a_body_are_joined(data, text, complete):
    assert decode(data, "", "gzip", html_size_limits(ReadConfig())) == Body(data=text, complete=complete)


def test_members_together_are_held_to_the_caps(tmp_path):
    bomb = gzip.compress(bytes(1 << 20)) * 64
    [found] = read(tmp_path, record(0, http="Content-Encoding: gzip\r\n", body=bomb))
    assert found.reason is Reason.RECORD_TOO_LARGE


@pytest.mark.parametrize(("kind", "reasons"), [("request", []), ("metadata", []), ("novelty", [Reason.NOT_HTML])])
def test_a_record_of_an_unknown_type_is_rejected(tmp_path, kind, reasons):
    found = read(tmp_path, record(0, kind=kind) + record(1))
    assert [out.reason for out in found if isinstance(out, Rejection)] == reasons
    assert [out.url for out in found if isinstance(out, Page)] == ["http://a.example/1"]


def test_header_values_are_cut_to_what_is_read_of_them(tmp_path):
    long = "n" * 20_000
    http = f"X-Robots-Tag: {long}\r\n"
    [page] = read(tmp_path, record(0, f"WARC-Record-ID: <{long}>", f"WARC-Date: {long[:1000]}", http=http))
    # What was cut off may forbid use, so the page is closed.
    assert len(page.robots_header) == ReadConfig().max_robots_characters + len(", noindex, noai")
    assert page.robots_header.endswith(", noindex, noai")
    assert (len(page.provenance.record_id), len(page.provenance.crawl_time)) == (256, 40)


@pytest.mark.parametrize("http", ["Set-Cookie: a=b\r\n" * 10_000, f"Link: {'<http://a.example/>, ' * 3000}\r\n"])
def test_a_long_head_is_read(tmp_path, http):
    """Policies and cookies of busy sites grow; browsers take 256 kB."""
    pages = read(tmp_path, record(0, http=http) + record(1))
    assert [type(page) for page in pages] == [Page, Page]


def test_a_head_that_is_too_long_is_told(tmp_path):
    found, page = read(tmp_path, record(0, http="Set-Cookie: a=b\r\n" * 20_000) + record(1))
    assert (found.reason, found.detail) == (Reason.DAMAGED_RECORD, "a head of more than 262144 bytes")
    assert isinstance(page, Page)


def test_details_stay_short(tmp_path):
    [found] = read(tmp_path, record(0, f"WARC-Refers-To-Target-URI: http://a.example/{'x' * 20_000}", kind="revisit"))
    assert (found.reason, len(found.detail)) == (Reason.REVISIT, 500)


@pytest.mark.parametrize(
    ("line", "url", "kind"),
    [
        (b"http://a.example/ 192.0.2.1 20031103080001 text/html 1", "http://a.example/", "text/html"),
        (b"http://a.example/a b  192.0.2.1  20031103080001  text/html; x  1", "http://a.example/a b", "text/html;"),
        (b"http://a.example/ 1 2 20031103080001 text/html 1", "http://a.example/ 1", "text/html"),
        (b"http://a.example/ 192.0.2.1 20031103080001 1", "http://a.example/", ""),
    ],
)
def test_heads_of_arc_records(line, url, kind):
    found = parse_record(line + b"\nx")
    assert (found.url, dict(found.headers)["content-type"], found.body) == (url, kind, b"x")
    assert found.crawl_time == "2003-11-03T08:00:01Z"


@pytest.mark.parametrize("line", [b"ab:" + b" " * 4000, b"ab: 1 20031103080001 " * 200, b"ab:\n1 2 3 4", b"ab: x y z w\n"])
def test_what_is_no_head_of_an_arc_record(line):
    assert not starts_record(line + b"!\n")
