"""Heads that old servers, gateways and proxies write: status lines, interim responses, partial content that is the whole."""

import gzip
import zlib

import pytest
from read_world import HTML, PNG, outputs_of, read, response, warc

from lamella.schemas.media import ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.blobs import read_blob

ARC = "http://mill.example/a.html 192.0.2.1 19970616061332 text/html {}\n"


def arc(folder, block: bytes) -> list:
    (folder / "a.arc").write_bytes(ARC.format(len(block)).encode() + block + b"\n")
    return outputs_of(str(folder / "a.arc"))


@pytest.mark.parametrize(
    "line",
    [
        "HTTP 200 Here it comes",
        "http/1.0 200 ok",
        "HTTP/1.1  200",
        "Http 200",
        "HTTP/1.1 200OK",
        "HTTP/V1.0 200 OK",
        "ICY 200 OK",
    ],
)
def test_status_lines_of_old_servers(tmp_path, line):
    (page,) = read(tmp_path, response(HTML, "text/html", status=line))
    assert page.html == HTML.decode()
    (page,) = arc(tmp_path, f"{line}\r\nContent-Type: text/html\r\n\r\n".encode() + HTML)
    assert page.html == HTML.decode()


@pytest.mark.parametrize("line", ["HTTP 404 Not here", "http/1.0 500 no", "HTTP/1.1 2000 OK", "HTTP/1.0 fine"])
def test_an_error_is_one_in_any_spelling(tmp_path, line):
    (gone,) = read(tmp_path, response(HTML, "text/html", status=line))
    assert gone.reason is Reason.BAD_STATUS
    (gone,) = arc(tmp_path, f"{line}\r\nContent-Type: text/html\r\n\r\n".encode() + HTML)
    assert gone.reason is Reason.BAD_STATUS


def test_a_page_that_speaks_of_http_is_no_head(tmp_path):
    """From before there were heads: the record holds the page alone."""
    (page,) = arc(tmp_path, b"HTTP 404 means that a page is gone.\n\n" + HTML)
    assert page.html.startswith("HTTP 404 means")


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Robots-Tag: noai\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n\r\n",
        b"http/1.1 102 Processing\n\n",
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        b"HTTP/1.0 200 Connection Established\r\nProxy-Agent: mole/2\r\n\r\n",
        b"\r\n\n",
    ],
)
def test_interim_responses_are_passed_over(tmp_path, before):
    block = before + b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML
    (page,) = read(tmp_path, warc("response", "http://a.example/", block))
    assert (page.html, page.robots_header) == (HTML.decode(), "")


def test_what_follows_an_interim_response_is_judged(tmp_path):
    error = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n" + HTML
    alone = b"HTTP/1.1 100 Continue\r\n\r\n"
    found = read(tmp_path, warc("response", "http://a.example/1", error), warc("response", "http://a.example/2", alone))
    assert [(out.reason, out.detail) for out in found] == [(Reason.BAD_STATUS, "404"), (Reason.BAD_STATUS, "100")]


def test_a_body_that_is_a_response_itself_is_a_body(tmp_path):
    inner = b"HTTP/1.1 404 Not Found\r\n\r\n"
    (page,) = read(tmp_path, response(inner + HTML, "text/html"))
    assert page.html.startswith("HTTP/1.1 404")


N = len(PNG)


@pytest.mark.parametrize(
    ("status", "content_range", "outcome"),
    [
        ("203 Non-Authoritative Information", "", ArchiveMedia),
        ("206 Partial Content", f"bytes 0-{N - 1}/{N}", ArchiveMedia),
        ("206 Partial Content", f"Bytes 0-{N - 1}/{N} ", ArchiveMedia),
        ("206 Partial Content", f"bytes 0-{N - 2}/{N}", Rejection),
        ("206 Partial Content", f"bytes 1-{N - 1}/{N}", Rejection),
        ("206 Partial Content", f"bytes 0-{N - 1}/*", Rejection),
        ("206 Partial Content", "", Rejection),
        ("204 No Content", "", Rejection),
        ("304 Not Modified", "", Rejection),
    ],
)
def test_partial_content_that_is_the_whole(tmp_path, status, content_range, outcome):
    headers = (f"Content-Range: {content_range}",) if content_range else ()
    (found,) = read(tmp_path, response(PNG, "image/png", *headers, status=f"HTTP/1.1 {status}"))
    assert type(found) is outcome
    if outcome is ArchiveMedia:
        assert (found.truncated, read_blob(found.blob)) == (False, PNG)
    else:
        assert (found.reason, found.detail) == (Reason.BAD_STATUS, " ".join(filter(None, (status[:3], content_range))))


def test_a_whole_range_of_which_less_came_is_cut(tmp_path):
    record = response(PNG[:99], "image/png", f"Content-Range: bytes 0-{N - 1}/{N}", status="HTTP/1.1 206 Partial Content")
    (found,) = read(tmp_path, record)
    assert found.truncated


def test_a_page_by_a_proxy(tmp_path):
    (page,) = read(tmp_path, response(HTML, "text/html", status="HTTP/1.1 203 Changed"))
    assert type(page) is Page


@pytest.mark.parametrize("kind", ("response", "resource"))
@pytest.mark.parametrize("head", (b"", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"))
def test_a_response_may_lack_its_head_and_a_resource_have_one(tmp_path, kind, head):
    """HTTP/0.9 has no heads; some tools store a whole response as a resource."""
    (page,) = read(tmp_path, warc(kind, "http://a.example/", head + HTML))
    assert page.html == HTML.decode()


def test_a_head_without_a_status_is_no_page(tmp_path):
    (gone,) = read(tmp_path, warc("response", "http://a.example/", b"Server: mill\r\n\r\n" + HTML))
    assert gone.reason is Reason.NOT_HTML


@pytest.mark.parametrize("transfer", ("gzip, chunked", "Gzip,Chunked", "deflate, chunked"))
def test_what_was_packed_for_the_way_is_unpacked(tmp_path, transfer):
    packed = zlib.compress(HTML) if "deflate" in transfer else gzip.compress(HTML)
    body = f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n"
    (page,) = read(tmp_path, response(body, "text/html", f"Transfer-Encoding: {transfer}"))
    assert (page.html, page.truncated) == (HTML.decode(), False)
