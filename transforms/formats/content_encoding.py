"""Encoded bodies -> bodies, bounded: chunked transfer, and the content encodings gzip, deflate, br and zstd."""

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import brotli
import zstandard

from lamella.schemas.config import ReadConfig
from lamella.schemas.errors import DataError
from lamella.schemas.rejection import Reason
from lamella.transforms.formats.deflate import GZIP, gzip_stream, raw_deflate, zlib_stream
from lamella.transforms.formats.signatures import signature

_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[^\r\n]*\r?\n")
_STEP = 1 << 16  # bytes decoded at a time
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")  # a frame that holds nothing may stand first (RFC 8878, 3.1.2)
_TEXT_BYTES = 256  # that tell text from what is coded
_LEAST_TEXT_BYTES = 32  # fewer printable ones may be a coded body's
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f\x7f]")
_MAX_ZSTD_WINDOW = 1 << 27
_MAX_CODINGS = 4  # of one body


class BadRecord(DataError):
    """A record that cannot be used; `reason` is what its Rejection carries."""

    def __init__(self, reason: Reason, detail: str):
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """What a coded body, or a packed record, may grow to."""

    max_bytes: int
    max_expansion: float  # refused once the output is above this many times the input ...
    expansion_floor_bytes: int  # ... and above this


def record_size_limits(config: ReadConfig) -> SizeLimits:
    return _size_limits(config, config.max_record_bytes)


def html_size_limits(config: ReadConfig) -> SizeLimits:
    return _size_limits(config, config.max_html_bytes)


def media_size_limits(config: ReadConfig) -> SizeLimits:
    return _size_limits(config, config.max_media_bytes)


def _size_limits(config: ReadConfig, max_bytes: int) -> SizeLimits:
    return SizeLimits(
        max_bytes=max_bytes, max_expansion=config.max_expansion, expansion_floor_bytes=config.expansion_floor_bytes
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A decoded body. Not complete: its transfer or content coding ended early."""

    data: bytes
    complete: bool


def decode(data: bytes, transfer: str, content: str, limits: SizeLimits) -> Body:
    """Undoes what the headers Transfer-Encoding and Content-Encoding name. Raises BadRecord (undecodable, record_too_large).

    The bytes are believed before the name. Crawlers that store bodies decoded often leave the headers as they were, so a body
    that plainly is in no coding is taken as it is; one that starts as gzip or zstd does is decoded so, whatever the header
    calls it. A coding that ends early, or whose checksum at the very end is wrong, gives what there is.
    """
    complete = True
    moved = [coding.strip().lower() for coding in transfer.split(",")]
    if any("chunked" in coding for coding in moved):
        data, complete = _unchunked(data)
    codings = [coding.strip().lower() for coding in content.split(",")] + [one for one in moved if one in _TRANSFER_CODINGS]
    for coding in reversed(codings[-_MAX_CODINGS:]):
        if data and (decoder := _decoder_of(coding, data)):
            data, whole = decoder(data, limits)
            complete = complete and whole
    if len(data) > limits.max_bytes:
        raise BadRecord(Reason.RECORD_TOO_LARGE, f"{len(data)} > {limits.max_bytes} bytes")
    return Body(data=data, complete=complete)


def _decoder_of(coding: str, data: bytes) -> Callable[[bytes, SizeLimits], tuple[bytes, bool]] | None:
    """What undoes a coding of this name in a body of these bytes; None where it is taken as it is."""
    if coding in _NO_CODINGS:
        return None
    if data.startswith(GZIP if coding not in _GZIP_NAMES else GZIP[:2]):
        return _ungzipped
    if data.startswith(_ZSTD) or (coding == "zstd" and _SKIPPABLE.match(data)):
        return _unzstd
    return None if _is_plain(data) else _DECODERS.get(coding)


def _unchunked(data: bytes) -> tuple[bytes, bool]:
    """The body without chunk heads, and whether its last chunk was there; as it is where it is not chunked at all."""
    out, at = [], 0
    while chunk := _CHUNK.match(data, at):
        size, start = int(chunk[1], 16), chunk.end()
        if size == 0:
            return b"".join(out), True
        out.append(data[start : start + min(size, len(data))])
        if size > len(data):
            return b"".join(out), False
        at = start + size
        at += 2 if data[at : at + 2] == b"\r\n" else data[at : at + 1] == b"\n"
    return (b"".join(out), False) if out else (data, True)


def _ungzipped(data: bytes, limits: SizeLimits) -> tuple[bytes, bool]:
    return _joined(gzip_stream(data), data, limits)


def _undeflated(data: bytes, limits: SizeLimits) -> tuple[bytes, bool]:
    """zlib or, as old servers had it, raw deflate."""
    zlib_head = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    return _joined(zlib_stream(data) if zlib_head else raw_deflate(data), data, limits)


def _unbrotlied(data: bytes, limits: SizeLimits) -> tuple[bytes, bool]:
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

    return _joined(pieces(), data, limits)


def _unzstd(data: bytes, limits: SizeLimits) -> tuple[bytes, bool]:
    def pieces() -> Iterator[bytes]:
        reader = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW).stream_reader(data, read_across_frames=True)
        try:
            while piece := reader.read(_STEP):
                yield piece
        except zstandard.ZstdError as error:
            raise BadRecord(Reason.UNDECODABLE, f"content coding zstd: {error}") from error

    return _joined(pieces(), data, limits)


_GZIP_NAMES = frozenset(("gzip", "x-gzip"))
_TRANSFER_CODINGS = frozenset((*_GZIP_NAMES, "deflate"))  # RFC 9112, 7
_NO_CODINGS = frozenset(("", "identity"))
_DECODERS = {"deflate": _undeflated, "br": _unbrotlied}  # gzip and zstd are known by their first bytes


def _joined(pieces: Iterator[bytes], data: bytes, limits: SizeLimits) -> tuple[bytes, bool]:
    """The pieces in one, bounded, and whether they came to their end."""
    out, size = [], 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > limits.max_bytes:
                raise BadRecord(Reason.RECORD_TOO_LARGE, f"more than {limits.max_bytes} bytes when decoded")
            if size > limits.expansion_floor_bytes and size > limits.max_expansion * len(data):
                raise BadRecord(Reason.RECORD_TOO_LARGE, f"grows more than {limits.max_expansion:g}-fold when decoded")
            out.append(piece)
    except EOFError:
        return b"".join(out), False
    except zlib.error as error:
        raise BadRecord(Reason.UNDECODABLE, f"content coding: {error}") from error
    return b"".join(out), True


def _is_plain(data: bytes) -> bool:
    """Whether a body that should be coded is markup, text or a picture after all."""
    if signature(data[:_TEXT_BYTES]):
        return True
    start = data[:_TEXT_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<", b"WEBVTT")) and b"\0" not in start:
        return True
    return len(start) >= _LEAST_TEXT_BYTES and not _CONTROL.search(start) and _is_utf8(start)


def _is_utf8(start: bytes) -> bool:
    """Whether it is UTF-8, except for a character that may be cut at its end."""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4 and len(start) > _LEAST_TEXT_BYTES
    return True
