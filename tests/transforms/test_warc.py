"""One stored record: headers, boundaries, codings; what is damaged or too large raises with its reason."""

import gzip
import zlib

import brotli
import pytest
import zstandard

from lamella.schemas.config import ReadConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import BadRecord, SizeLimits, decode, html_size_limits
from lamella.transforms.formats.warc import declared_length, decoded_body, first, parse_record

CAPS = html_size_limits(ReadConfig())
HTML = b"<html><body>" + b"A flamingo strains its food from the water. " * 100 + b"</body></html>"


def stored(http: bytes, body: bytes, length: str | None = None, kind: str = "response", line: bytes = b"\r\n") -> bytes:
    block = http + body
    head = [
        b"WARC/1.1",
        b"WARC-Type: " + kind.encode(),
        b"WARC-Target-URI: <http://a.example/>",
        b"WARC-Record-ID: <urn:uuid:1>",
    ]
    head += [b"Content-Type: application/http; msgtype=response", b"Content-Length: " + (length or str(len(block))).encode()]
    return line.join([*head, b"", block, b"", b""])


def body_of(headers: str, body: bytes) -> bytes:
    return decoded_body(parse_record(stored(f"HTTP/1.1 200 OK\r\n{headers}\r\n".encode(), body)), CAPS).data


def chunked(body: bytes, size: int = 100) -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def test_a_response():
    record = parse_record(stored(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n folded\r\nX: a\r\nX: \xe9\r\n\r\n", HTML))
    assert (record.kind, record.url, record.status, record.record_id) == ("response", "http://a.example/", 200, "urn:uuid:1")
    assert record.http == (("content-type", "text/html folded"), ("x", "a"), ("x", "é"))
    assert record.body == HTML
    assert not record.length_mismatch


@pytest.mark.parametrize("length", ["1", "-4", "99999999999999999999", "abc", str(2 + len(HTML) + 17), str(len(HTML) + 17 - 2)])
def test_the_boundary_wins_over_the_length(length):
    record = parse_record(stored(b"HTTP/1.1 200 OK\r\n\r\n", HTML, length=length))
    assert record.body.rstrip() == HTML
    # spare bytes of white space at the end pass for padding
    assert record.length_mismatch or length == str(2 + len(HTML) + 17)


def test_lines_that_end_with_lf_alone():
    record = parse_record(stored(b"HTTP/1.1 404 Gone\nContent-Type: text/plain\n\n", b"x", line=b"\n"))
    assert (record.status, record.content_type, record.body) == (404, "text/plain", b"x")


def test_an_arc_record():
    http = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML
    record = parse_record(b"http://a.example/x 192.0.2.1 20051012080000 text/html %d\n%s\n" % (len(http), http))
    assert (record.kind, record.url, record.status, record.crawl_time) == (
        "response",
        "http://a.example/x",
        200,
        "2005-10-12T08:00:00Z",
    )
    assert record.body == HTML


@pytest.mark.parametrize("data", [b"", b"garbage", b"WARC/1.0\r\n\r\n", b"WARC/1.0\r\nWARC-Type: response", b"\0" * 5000])
def test_what_is_no_record(data):
    with pytest.raises(BadRecord) as caught:
        parse_record(data)
    assert caught.value.reason is Reason.DAMAGED_RECORD


def test_declared_length():
    record = stored(b"", b"12345", kind="resource")
    start, length = declared_length(record)
    assert record[start : start + length] == b"12345"
    assert declared_length(b"WARC/1.0\r\nWARC-Type: response\r\n\r\n") is None
    assert first((("a", "1"), ("a", "2")), "a") == "1"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "gzip": gzip.compress(HTML),
    "x-gzip": gzip.compress(HTML),
    "GZIP": gzip.compress(HTML),
    "deflate": zlib.compress(HTML),
    "deflate ": raw_deflate(HTML),
    "br": brotli.compress(HTML),
    "zstd": zstandard.compress(HTML),
    "identity": HTML,
    "gzip, br": brotli.compress(gzip.compress(HTML)),
    "utf-8": HTML,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_codings(coding):
    header = f"Content-Encoding: {coding}\r\n"
    assert body_of(header, CODINGS[coding]) == HTML
    assert body_of(header + "Transfer-Encoding: chunked\r\n", chunked(CODINGS[coding])) == HTML


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_decoded_already_is_taken_as_it_is(coding):
    assert body_of(f"Content-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n", HTML) == HTML


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_coding_that_ends_early_gives_what_there_is(coding):
    noise = b"".join(b"%x" % (i * i * 2654435761 % 2**32) for i in range(20000))
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[coding](noise)
    body = decode(packed[: len(packed) // 2], "", coding, CAPS)
    assert not body.complete
    assert len(body.data) > 1000
    assert noise.startswith(body.data)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_are_too_large(coding):
    zeros = bytes(64 << 20)
    packers = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.compress}
    packed = packers.get(coding, lambda data: brotli.compress(data, quality=1))(zeros)
    for limits in (CAPS, SizeLimits(max_bytes=1 << 30, max_expansion=50, expansion_floor_bytes=1 << 20)):
        with pytest.raises(BadRecord) as caught:
            decode(packed, "", coding, limits)
        assert caught.value.reason is Reason.RECORD_TOO_LARGE


@pytest.mark.parametrize(
    ("coding", "data"), [("gzip", b"\x1f\x8bnot gzip at all"), ("br", b"\xff\xfe\xfd" * 9), ("deflate", b"\xff" * 9)]
)
def test_damaged_codings_are_undecodable(coding, data):
    with pytest.raises(BadRecord) as caught:
        decode(data, "", coding, CAPS)
    assert caught.value.reason is Reason.UNDECODABLE


def test_chunks_that_stop():
    body = decode(chunked(HTML)[:1000], "chunked", "", CAPS)
    assert not body.complete
    assert HTML.startswith(body.data)
