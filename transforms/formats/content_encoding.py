"""Coded bodies -> bodies, bounded: chunked transfer, and gzip, deflate, br and zstd content coding."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import brotli
import zstandard

from lamella.schemas.config import ReadConfig
from lamella.schemas.errors import DataError
from lamella.schemas.rejection import Reason

_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[^\r\n]*\r?\n")
_STEP = 1 << 16  # bytes decoded at a time
_FEED = 1 << 12  # bytes of a gzip body at a time
_GZIP = b"\x1f\x8b"
_PADDING = re.compile(rb"[\0\r\n]*+")  # behind a member
_MAX_ZSTD_WINDOW = 1 << 27
_MAX_CODINGS = 4  # of one body


class BadRecord(DataError):
    """A record that cannot be used; `reason` is what its Rejection carries."""

    def __init__(self, reason: Reason, detail: str):
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a coded body, or a packed record, may grow to."""

    max_bytes: int
    max_expansion: float  # refused once the output is above this many times the input ...
    expansion_floor_bytes: int  # ... and above this


def record_caps(config: ReadConfig) -> Caps:
    return _caps(config, config.max_record_bytes)


def html_caps(config: ReadConfig) -> Caps:
    return _caps(config, config.max_html_bytes)


def media_caps(config: ReadConfig) -> Caps:
    return _caps(config, config.max_media_bytes)


def _caps(config: ReadConfig, max_bytes: int) -> Caps:
    return Caps(max_bytes=max_bytes, max_expansion=config.max_expansion, expansion_floor_bytes=config.expansion_floor_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A decoded body. Not complete: its transfer or content coding ended early."""

    data: bytes
    complete: bool


def decode(data: bytes, transfer: str, content: str, caps: Caps) -> Body:
    """Undoes what the headers Transfer-Encoding and Content-Encoding name. Raises BadRecord (undecodable, record_too_large).

    Crawlers that store bodies decoded often leave the headers as they were, so a body that plainly is not in the coding
    that its header names is taken as it is. A coding that ends early gives what there is.
    """
    complete = True
    if "chunked" in transfer.lower():
        data, complete = _unchunked(data)
    codings = [coding.strip().lower() for coding in content.split(",")]
    for coding in reversed(codings[-_MAX_CODINGS:]):
        if data and (decoder := _DECODERS.get(coding)):
            data, whole = decoder(data, caps)
            complete = complete and whole
    if len(data) > caps.max_bytes:
        raise BadRecord(Reason.RECORD_TOO_LARGE, f"{len(data)} > {caps.max_bytes} bytes")
    return Body(data=data, complete=complete)


def _unchunked(data: bytes) -> tuple[bytes, bool]:
    """The body without chunk heads, and whether its last chunk was there; as it is where it is not chunked at all."""
    out, at = [], 0
    while chunk := _CHUNK.match(data, at):
        size, start = int(chunk[1], 16), chunk.end()
        if size == 0:
            return b"".join(out), True
        out.append(data[start : start + size])
        at = start + size
        at += 2 if data[at : at + 2] == b"\r\n" else data[at : at + 1] == b"\n"
    return (b"".join(out), False) if out else (data, True)


def _ungzipped(data: bytes, caps: Caps) -> tuple[bytes, bool]:
    if not data.startswith(_GZIP):
        return data, True
    return _joined(_members(data), data, caps)


def _undeflated(data: bytes, caps: Caps) -> tuple[bytes, bool]:
    """zlib or, as old servers had it, raw deflate."""
    if data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0:
        return _joined(_inflated(zlib.decompressobj(15), data), data, caps)
    if _is_text(data):
        return data, True
    return _joined(_inflated(zlib.decompressobj(-15), data), data, caps)


def _unbrotlied(data: bytes, caps: Caps) -> tuple[bytes, bool]:
    if _is_text(data):
        return data, True

    def pieces() -> Iterator[bytes]:
        decoder = brotli.Decompressor()
        feed = data
        try:
            while not decoder.is_finished():
                piece = decoder.process(feed, output_buffer_limit=_STEP)
                feed = b""
                if not piece and decoder.can_accept_more_data():
                    raise EOFError
                yield piece
        except brotli.error as error:
            raise BadRecord(Reason.UNDECODABLE, "content coding br: damaged") from error

    return _joined(pieces(), data, caps)


def _unzstd(data: bytes, caps: Caps) -> tuple[bytes, bool]:
    if not data.startswith(b"\x28\xb5\x2f\xfd"):
        return data, True

    def pieces() -> Iterator[bytes]:
        reader = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW).stream_reader(data, read_across_frames=True)
        try:
            while piece := reader.read(_STEP):
                yield piece
        except zstandard.ZstdError as error:
            raise BadRecord(Reason.UNDECODABLE, f"content coding zstd: {error}") from error

    return _joined(pieces(), data, caps)


_DECODERS = {
    "gzip": _ungzipped,
    "x-gzip": _ungzipped,
    "deflate": _undeflated,
    "br": _unbrotlied,
    "zstd": _unzstd,
}


def _members(data: bytes) -> Iterator[bytes]:
    """Pieces of all members of a gzip body (RFC 1952, 2.2). EOFError where it ends early, or where a later member is none.

    It is fed in small parts: what a decoder leaves unused is copied, and a body may have a member every 20 bytes.
    """
    at = 0
    while at < len(data):
        if not data.startswith(_GZIP, at):
            raise EOFError
        decoder, first = zlib.decompressobj(31), at == 0
        while not decoder.eof:
            if not (feed := data[at : at + _FEED]):
                raise EOFError
            try:
                piece = decoder.decompress(feed, _STEP)
            except zlib.error as error:
                if first:
                    raise BadRecord(Reason.UNDECODABLE, f"content coding: {error}") from error
                raise EOFError from error
            at += len(feed) - len(decoder.unused_data if decoder.eof else decoder.unconsumed_tail)
            yield piece
        at = _PADDING.match(data, at).end()


def _inflated(decoder, data: bytes) -> Iterator[bytes]:
    """Pieces of at most _STEP bytes; raises EOFError where the stream ends early, BadRecord where it is damaged."""
    feed = data
    try:
        while not decoder.eof:
            piece = decoder.decompress(feed, _STEP)
            feed = decoder.unconsumed_tail
            if not piece and not feed:
                raise EOFError
            yield piece
    except zlib.error as error:
        raise BadRecord(Reason.UNDECODABLE, f"content coding: {error}") from error


def _joined(pieces: Iterator[bytes], data: bytes, caps: Caps) -> tuple[bytes, bool]:
    """The pieces in one, bounded, and whether they came to their end."""
    out, size = [], 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > caps.max_bytes:
                raise BadRecord(Reason.RECORD_TOO_LARGE, f"more than {caps.max_bytes} bytes when decoded")
            if size > caps.expansion_floor_bytes and size > caps.max_expansion * len(data):
                raise BadRecord(Reason.RECORD_TOO_LARGE, f"grows more than {caps.max_expansion:g}-fold when decoded")
            out.append(piece)
    except EOFError:
        return b"".join(out), False
    return b"".join(out), True


def _is_text(data: bytes) -> bool:
    """Whether a body that should be coded is plain markup or text after all."""
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"<", b"WEBVTT")) and b"\0" not in start
