"""Redirects and revisits in an archive: where they lead, which capture a revisit means, and what leads nowhere."""

import hashlib
from base64 import b32encode

import pytest
from read_world import HTML, PNG, read, response, warc

from lamella.schemas.media import Alias, AliasKind, ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.formats.digests import payload_digest

A, B = "http://pond.example/a.png", "http://pond.example/b.png"
THEN, NOW = "2024-05-01T10:00:00Z", "2025-11-03T08:00:01Z"
SHA1 = b32encode(hashlib.sha1(PNG).digest()).decode()
EMPTY = b32encode(hashlib.sha1(b"").digest()).decode()
OTHER = b32encode(hashlib.sha1(b"other").digest()).decode()


def moved(location: str, status: str = "HTTP/1.1 301 Moved", url: str = A, headers: tuple[str, ...] = ()) -> bytes:
    return response(b"", "text/html", f"Location: {location}", *headers, status=status, url=url)


def revisit(*more: str, url: str = B, head: str = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n") -> bytes:
    return warc("revisit", url, head.encode(), *more)


def stored(*more: str, url: str = A, body: bytes = PNG, headers: tuple[str, ...] = ()) -> bytes:
    return response(body, "image/png", *headers, url=url, more=more, date=THEN)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_alias(tmp_path, status):
    record = moved("/b.png#top", f"HTTP/1.1 {status} ", headers=("X-Robots-Tag: noai", "TDM-Reservation: 1"))
    (alias,) = read(tmp_path, record)
    assert alias == Alias(
        url=A,
        kind=AliasKind.REDIRECT,
        archive=str(tmp_path / "a.warc"),
        offset=0,
        target=B,
        crawl_time=NOW,
        robots_header="noai",
        tdm_reservation="1",
    )


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("b.png", B),
        ("//other.example/x y.png", "http://other.example/x%20y.png"),
        ("https://pond.example/héron.png", "https://pond.example/h%C3%A9ron.png"),
        ("HTTP://Pond.Example:80/./b.png", B),
    ],
)
def test_where_a_redirect_leads(tmp_path, location, target):
    (alias,) = read(tmp_path, moved(location))
    assert alias.target == target


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "javascript:x", "mailto:a@b.example", "#top", "x" * 5000, A])
def test_a_redirect_that_leads_nowhere_is_an_error(tmp_path, location):
    (gone,) = read(tmp_path, moved(location))
    assert gone.reason is Reason.BAD_STATUS
    assert gone.detail.startswith("301 to ")


NAMED = [
    (f"WARC-Refers-To-Target-URI: {A}", f"WARC-Refers-To-Date: {THEN}"),
    (f"WARC-Refers-To-Target-URI: {A}",),
    (f"WARC-Payload-Digest: sha1:{SHA1}",),
    ("WARC-Refers-To: <urn:uuid:1>",),
    # The digest of the nothing that stands in the revisit itself, as some writers have it.
    (f"WARC-Refers-To-Target-URI: {A}", f"WARC-Payload-Digest: sha1:{EMPTY}"),
    (f"WARC-Refers-To-Target-URI: {A}", f"WARC-Refers-To-Date: {THEN}", "WARC-Payload-Digest: sha1:X"),
]


@pytest.mark.parametrize("more", NAMED)
def test_a_revisit_of_what_the_archive_holds_is_that_capture(tmp_path, more):
    first, second = read(tmp_path, stored("WARC-Record-ID: <urn:uuid:1>", f"WARC-Payload-Digest: sha1:{SHA1}"), revisit(*more))
    assert (second.url, second.blob, second.crawl_time) == (B, first.blob, NOW)
    assert read_blob(second.blob) == PNG


def test_what_either_says_of_its_use_is_said(tmp_path):
    """The revisit is the later word, and the first one was never taken back."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nX-Robots-Tag: noai\r\n\r\n"
    _, second = read(tmp_path, stored(headers=("TDM-Reservation: 1",)), revisit(f"WARC-Refers-To-Target-URI: {A}", head=head))
    assert (second.robots_header, second.tdm_reservation) == ("noai", "1")


OF_OTHERS = [
    (f"WARC-Refers-To-Target-URI: {A}", "WARC-Refers-To-Date: 2020-01-01T00:00:00Z"),  # another capture of the address
    (f"WARC-Refers-To-Target-URI: {A}", f"WARC-Payload-Digest: sha1:{OTHER}"),
    ("WARC-Refers-To-Target-URI: http://pond.example/never.png",),
    (f"WARC-Payload-Digest: sha1:{OTHER}",),
    ("WARC-Refers-To: <urn:uuid:2>",),
]


@pytest.mark.parametrize("more", OF_OTHERS)
def test_a_revisit_of_what_the_archive_lacks_is_an_alias(tmp_path, more):
    _, alias = read(tmp_path, stored("WARC-Record-ID: <urn:uuid:1>", f"WARC-Payload-Digest: sha1:{SHA1}"), revisit(*more))
    assert (type(alias), alias.kind, alias.url) == (Alias, AliasKind.REVISIT, B)


@pytest.mark.parametrize(
    ("head", "outcome"),
    [
        ("HTTP/1.1 304 Not Modified\r\n\r\n", ArchiveMedia),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", ArchiveMedia),  # its bytes are a picture's
        ("", ArchiveMedia),
        ("HTTP/1.1 404 Not Found\r\nContent-Type: image/png\r\n\r\n", Rejection),
        ("HTTP/1.1 302 Found\r\nLocation: /b.png\r\n\r\n", Alias),
    ],
)
def test_heads_of_revisits(tmp_path, head, outcome):
    _, found = read(tmp_path, stored(), revisit(f"WARC-Refers-To-Target-URI: {A}", head=head, url="http://pond.example/c.png"))
    assert type(found) is outcome
    if outcome is Alias:
        assert (found.kind, found.target) == (AliasKind.REDIRECT, B)


def test_a_revisit_of_a_page_stays_a_revisit(tmp_path):
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    page, gone = read(tmp_path, response(HTML, "text/html", url=A), revisit(f"WARC-Refers-To-Target-URI: {A}", head=head))
    assert (type(page), gone.reason, gone.detail) == (Page, Reason.REVISIT, A)


def test_revisits_of_revisits(tmp_path):
    """The second names the first by its address."""
    found = read(
        tmp_path,
        stored(),
        revisit(f"WARC-Refers-To-Target-URI: {A}"),
        revisit(f"WARC-Refers-To-Target-URI: {B}", url="http://pond.example/c.png"),
    )
    assert {out.blob for out in found} == {found[0].blob}
    assert [out.url for out in found] == [A, B, "http://pond.example/c.png"]


@pytest.mark.parametrize(
    ("header", "digest"),
    [
        (f"sha1:{SHA1}", "sha1:" + hashlib.sha1(PNG).hexdigest()),
        ("SHA-1:" + hashlib.sha1(PNG).hexdigest().upper(), "sha1:" + hashlib.sha1(PNG).hexdigest()),
        ("sha256:" + hashlib.sha256(PNG).hexdigest(), "sha256:" + hashlib.sha256(PNG).hexdigest()),
        ("sha256:" + b32encode(hashlib.sha256(PNG).digest()).decode(), "sha256:" + hashlib.sha256(PNG).hexdigest()),
        ("md5:" + hashlib.md5(PNG).hexdigest(), "md5:" + hashlib.md5(PNG).hexdigest()),
        (f"sha1:{EMPTY}", ""),
        ("sha1:X", ""),
        ("sha1:", ""),
        ("crc32:00000000", ""),
        ("sha1:" + "!" * 32, ""),
        ("x" * 9999, ""),
    ],
)
def test_digests_have_one_spelling(header, digest):
    assert payload_digest(header) == digest
