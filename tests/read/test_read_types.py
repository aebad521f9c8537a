"""What a body is: its first bytes before its header, for pictures, clips and tracks; and what a header means that is odd."""

import gzip

import pytest
from read_world import HTML, PNG, read, response

from lamella.schemas.media import ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.formats.signatures import signature
from lamella.transforms.read.sniff import media_type

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(64)
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + bytes(64)
VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nA heron waits.\n"

WRONG_TYPES = [
    "application/force-download",
    "application/octet-stream",
    "application/json",
    "application/x-javascript",
    "application/mp4",
    "text/css",
    "text/plain",
    "text/html",
    "multipart/form-data",
    "image/png",
    "video/x-made-up",
    "picture",
    "jpg",
    "",
]


@pytest.mark.parametrize("mime", WRONG_TYPES)
@pytest.mark.parametrize(("body", "kind"), [(JPEG, "image/jpeg"), (MP4, "video/mp4"), (VTT, "text/vtt")])
def test_a_signature_wins_over_any_header(tmp_path, mime, body, kind):
    (found,) = read(tmp_path, response(body, mime))
    assert (type(found), found.mime, read_blob(found.blob)) == (ArchiveMedia, kind, body)


def test_a_signature_is_found_within_codings(tmp_path):
    chunked = b"5\r\n" + JPEG[:5] + b"\r\n%x\r\n" % len(JPEG[5:]) + JPEG[5:] + b"\r\n0\r\n\r\n"
    packed = response(gzip.compress(JPEG), "application/json", "Content-Encoding: gzip")
    for record in (response(chunked, "application/json", "Transfer-Encoding: chunked"), packed):
        (found,) = read(tmp_path, record)
        assert (found.mime, read_blob(found.blob)) == ("image/jpeg", JPEG)


@pytest.mark.parametrize(
    ("start", "mime"),
    [
        (PNG, "image/png"),
        (b"GIF89a" + bytes(8), "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "image/avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1", "image/heif"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (b"\0\0\1\0moov" + bytes(8), "video/quicktime"),
        (b"\0\0\0\x18free" + bytes(16), "video/quicktime"),
        (b"Get free films", ""),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska", "video/x-matroska"),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp"),
        (b"II*\0\x08\0\0\0", "image/tiff"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
        (b"\xef\xbb\xbfWEBVTT", "text/vtt"),
        (b"", ""),
        (b"BMW and its cars, of which it makes many", ""),
        (b"the moov atom comes first", ""),
        (b"The ftyp box names brands", ""),
        (b"WEBVTTX", ""),
        (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", ""),  # sound alone
        (b"MM is two thousand", ""),
        (b"RIFF\x10\0\0\0WAVEfmt ", ""),
        (b"%PDF-1.4", ""),
    ],
)
def test_signatures(start, mime):
    assert signature(start) == mime


@pytest.mark.parametrize(
    ("header", "mime"),
    [
        ("text/html", "text/html"),
        (" Text/HTML ; charset=UTF-8", "text/html"),
        ("text/html, text/html", "text/html"),
        ("text/html;;charset=utf-8", "text/html"),
        ("text/html charset=utf-8", "text/html"),
        ('"text/html"', "text/html"),
        ("text/plain, text/html", "text/html"),  # the last counts, as in browsers
        ("text/html, text/plain", "text/plain"),
        ("text/html, nonsense", "text/html"),
        ("text/plain; x=1 text/html", "text/plain"),
        ("html", ""),
        ("*/*", ""),
        (",;", ""),
        ("", ""),
    ],
)
def test_content_types(header, mime):
    assert media_type(header) == mime


PAGES = ["text/html, text/html", "html", "text/html charset=utf-8", "", "text", "text/html;", "; charset=utf-8"]
NO_PAGES = ["text/plain", "text/plain, text/plain", "text/plain charset=utf-8", "application/json", "text/x-made-up"]


@pytest.mark.parametrize(("header", "is_page"), [(h, True) for h in PAGES] + [(h, False) for h in NO_PAGES])
def test_pages_by_their_header(tmp_path, header, is_page):
    (found,) = read(tmp_path, response(HTML, header))
    assert type(found) is (Page if is_page else Rejection)


def test_two_headers_of_one_type_are_one(tmp_path):
    (page,) = read(tmp_path, response(HTML, "text/html", "Content-Type: text/html; charset=utf-8"))
    assert (page.html, page.charset) == (HTML.decode(), "utf-8")


@pytest.mark.parametrize(
    ("body", "mime", "outcome"),
    [
        (b"just words, and no markup at all", "html", Rejection),  # looked at, and no page
        (b"<html><p>a page where a picture was promised", "image/jpeg", ArchiveMedia),  # the header decides; fetch refuses it
        (b"WEBVTT is a format, says this page: <p>it has cues", "text/html", Page),
        (b"\xff\xfe\xfd" * 20, "application/x-download", Rejection),
    ],
)
def test_what_has_no_signature_is_what_its_header_says(tmp_path, body, mime, outcome):
    (found,) = read(tmp_path, response(body, mime))
    assert type(found) is outcome


def test_a_script_that_cannot_be_decoded_is_a_script(tmp_path):
    (found,) = read(
        tmp_path, response(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xff\xff\xff", "text/javascript", "Content-Encoding: gzip")
    )
    assert (found.reason, found.detail) == (Reason.NOT_HTML, "text/javascript")


ROBOTS = b"User-agent: *\nDisallow: /closed\n"


@pytest.mark.parametrize(
    ("url", "mime", "body", "outcome"),
    [
        ("http://a.example/robots.txt", "text/plain", ROBOTS, ArchiveMedia),
        ("http://a.example:8080/robots.txt", "application/x-made-up", ROBOTS, ArchiveMedia),
        ("http://a.example/.well-known/tdmrep.json", "application/json", b"[]", ArchiveMedia),
        ("http://a.example/ai.txt", "text/plain", ROBOTS, ArchiveMedia),
        ("http://a.example/licence", "application/rsl+xml", b"<rsl/>", ArchiveMedia),
        ("http://a.example/robots.txt", "text/html", HTML, Page),  # what is there is the site's page
        ("http://a.example/sub/robots.txt", "text/plain", ROBOTS, Rejection),
        ("http://a.example/robots.txt?x", "text/plain", ROBOTS, Rejection),
        ("http://a.example/notes.txt", "text/plain", ROBOTS, Rejection),
    ],
)
def test_files_in_which_a_site_speaks_of_its_use_are_kept(tmp_path, url, mime, body, outcome):
    (found,) = read(tmp_path, response(body, mime, url=url))
    assert type(found) is outcome
    if outcome is ArchiveMedia:
        assert (found.url, read_blob(found.blob)) == (url, body)
