"""Coded bodies -> bodies: checksums that are wrong, names that are false, and what must stay damage."""

import gzip
import zlib

import brotli
import pytest
import zstandard

from lamella.schemas.config import ReadConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import BadRecord, Body, decode, html_size_limits

TEXT = b"<p>" + b"".join(b"%d herons, " % number for number in range(5000))
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
CAPS = html_size_limits(ReadConfig())


def with_names(data: bytes) -> bytes:
    """The same member with every optional field of a gzip head."""
    packed = gzip.compress(data, mtime=0)
    return packed[:3] + b"\x1e" + packed[4:10] + b"\4\0abcd" + b"name\0" + b"comment\0" + b"\1\2" + packed[10:]


def off(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at:][1:]


PACKED, STREAM = gzip.compress(TEXT, mtime=0), zlib.compress(TEXT)


@pytest.mark.parametrize(
    ("data", "coding", "complete"),
    [
        (PACKED, "gzip", True),
        (with_names(TEXT), "gzip", True),
        (off(PACKED, len(PACKED) - 5), "gzip", False),  # the CRC
        (off(PACKED, len(PACKED) - 1), "gzip", False),  # the length
        (PACKED[:-8] + bytes(8), "gzip", False),
        (PACKED[:-8], "gzip", False),
        (PACKED[:-3], "gzip", False),
        (off(PACKED, len(PACKED) - 5) + bytes(6), "gzip", False),
        (STREAM, "deflate", True),
        (off(STREAM, len(STREAM) - 1), "deflate", False),
        (STREAM[:-4], "deflate", False),
        (STREAM[2:-4], "deflate", True),
        (STREAM[2:], "deflate", True),
    ],
)
def test_a_wrong_checksum_at_the_end_is_a_flag(data, coding, complete):
    assert decode(data, "", coding, CAPS) == Body(data=TEXT, complete=complete)


def test_a_wrong_checksum_of_a_member_before_others_is_one_too():
    parts = [gzip.compress(TEXT[:9000], mtime=0), gzip.compress(TEXT[9000:], mtime=0)]
    parts[0] = off(parts[0], len(parts[0]) - 6)
    assert decode(b"".join(parts), "", "gzip", CAPS) == Body(data=TEXT, complete=False)


@pytest.mark.parametrize(
    "data",
    [
        off(PACKED, 40),
        off(PACKED, 11),
        b"\x1f\x8b\x08" + bytes(7) + b"\x03\x00" + b"noise " * 50,  # an empty stream, and then no end
        off(STREAM, 30),
    ],
)
def test_damage_stays_damage(data):
    try:
        body = decode(data, "", "gzip" if data.startswith(b"\x1f") else "deflate", CAPS)
    except BadRecord as error:
        assert error.reason is Reason.UNDECODABLE
    else:
        assert not body.complete  # the stream went on, and its checksum tells


CODED = {
    "gzip": gzip.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "br": brotli.compress(TEXT),
    "deflate": STREAM,
}


@pytest.mark.parametrize(
    ("real", "named"),
    [
        *((name, name) for name in CODED),
        ("gzip", "br"),
        ("gzip", "deflate"),
        ("gzip", "x-gzip"),
        ("gzip", "utf-8"),
        ("zstd", "gzip"),
        ("zstd", "br"),
    ],
)
def test_bytes_are_believed_before_names(real, named):
    assert decode(CODED[real], "", named, CAPS) == Body(data=TEXT, complete=True)


@pytest.mark.parametrize("named", ["gzip", "br", "deflate", "zstd", "utf-8", "none", "identity", "text/html"])
@pytest.mark.parametrize("body", [TEXT, PICTURE, "Réservé aux hérons, et à nul autre oiseau du lac.".encode()])
def test_a_body_in_no_coding_is_taken_as_it_is(named, body):
    assert decode(body, "", named, CAPS) == Body(data=body, complete=True)


def test_a_frame_that_holds_nothing_may_stand_first():
    skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    assert decode(skipped + CODED["zstd"], "", "zstd", CAPS) == Body(data=TEXT, complete=True)


@pytest.mark.parametrize("size", [b"ffffffffffffffff", b"7fffffffffffffff", b"80000000", b"20000"])
def test_a_chunk_that_ends_behind_the_body_is_cut(size):
    assert decode(size + b"\r\n" + TEXT, "chunked", "", CAPS) == Body(data=TEXT, complete=False)


def test_what_no_header_names_is_not_decoded():
    assert decode(CODED["gzip"], "", "", CAPS).data == CODED["gzip"]
    assert decode(CODED["gzip"], "", "identity", CAPS).data == CODED["gzip"]


@pytest.mark.parametrize("named", ["br", "deflate", "zstd"])
def test_a_false_name_gets_round_no_cap(named):
    with pytest.raises(BadRecord) as caught:
        decode(gzip.compress(bytes(64 << 20), 1), "", named, CAPS)
    assert caught.value.reason is Reason.RECORD_TOO_LARGE
