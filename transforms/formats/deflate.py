"""A gzip, zlib or deflate body -> its contents in pieces; then EOFError if it is cut or its checksum is wrong.

Python's own readers lose what they have read if the checksum behind it is wrong. Here the pieces come first: the checksum is at
the very end, and the caller flags what it says. Damage in the stream itself is a zlib.error.
"""

import re
import zlib
from collections.abc import Callable, Generator, Iterator

GZIP = b"\x1f\x8b\x08"
_FEED = 1 << 12  # bytes at a time: what a decoder leaves unused is copied, and a body may have a member every 20 bytes
_STEP = 1 << 16  # bytes of a piece
_PADDING = re.compile(rb"[\0\r\n]*+")  # behind a member


def gzip_stream(data: bytes) -> Iterator[bytes]:
    """Pieces of all members of a gzip body (RFC 1952, 2.2).

    EOFError where it ends early, where a later member is none, and last of all where a checksum is wrong.
    """
    at, sound = 0, True
    while at < len(data):
        first = at == 0
        if not data.startswith(GZIP, at):
            raise zlib.error("unknown compression method") if first else EOFError
        try:
            at, checksum, size = yield from _inflated(data, _end_of_head(data, at), zlib.crc32, 0)
        except zlib.error as error:
            if first:
                raise
            raise EOFError from error
        trailer, at = data[at : at + 8], _behind_padding(data, at + 8)
        if len(trailer) < 8:
            raise EOFError
        if trailer != checksum.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little"):
            sound = False
            if first and at < len(data) and not data.startswith(GZIP, at):
                raise zlib.error("incorrect data check, and no end")  # noise may be read as a short stream
    if not sound:
        raise EOFError


def zlib_stream(data: bytes) -> Iterator[bytes]:
    """Pieces of a zlib stream (RFC 1950), the same way."""
    at, checksum, _ = yield from _inflated(data, 2, zlib.adler32, 1)
    if data[at : at + 4] != checksum.to_bytes(4, "big"):
        if _behind_padding(data, at + 4) < len(data):
            raise zlib.error("incorrect data check, and no end")
        raise EOFError


def raw_deflate(data: bytes) -> Iterator[bytes]:
    """Pieces of a deflate stream alone (RFC 1951)."""
    yield from _inflated(data, 0, zlib.adler32, 1)


def _end_of_head(data: bytes, at: int) -> int:
    """Where a gzip member's deflate stream starts (RFC 1952, 2.3). EOFError where its head ends early."""
    flags = data[at + 3] if at + 3 < len(data) else 0
    at += 10
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for named in (8, 16):
        if flags & named:
            end = data.find(b"\0", at)
            at = end + 1 if end >= 0 else len(data)
    at += 2 if flags & 2 else 0
    if at >= len(data):
        raise EOFError
    return at


def _inflated(
    data: bytes, at: int, checksum: Callable[[bytes, int], int], start: int
) -> Generator[bytes, None, tuple[int, int, int]]:
    """Pieces of the deflate stream at `at`; in the end where it stopped, its checksum and its size."""
    decoder, value, size = zlib.decompressobj(-15), start, 0
    while not decoder.eof:
        feed = data[at : at + _FEED]
        piece = decoder.decompress(feed, _STEP)
        if not feed and not piece and not decoder.eof:
            raise EOFError
        at += len(feed) - len(decoder.unused_data if decoder.eof else decoder.unconsumed_tail)
        value, size = checksum(piece, value), size + len(piece)
        yield piece
    return at, value, size


def _behind_padding(data: bytes, at: int) -> int:
    padding = _PADDING.match(data, at)
    return padding.end() if padding else at
