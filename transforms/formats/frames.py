"""A zstd or LZ4 file with a frame for each record -> where a frame says that it ends, and its contents, bounded.

Web archives in these formats are written like those in gzip: a frame for each record, so that one can be read alone. zstd
frames may share a dictionary, which a skippable frame at the file's front holds (as the Internet Archive writes them).
"""

import re
from collections.abc import Callable
from io import BytesIO

import zstandard
from fastwarc.stream_io import Lz4Reader

from lamella.transforms.formats.content_encoding import SizeLimits

ZSTD, LZ4 = b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"
DICTIONARY = b"\x5d\x2a\x4d\x18"
SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
FRAME = re.compile(re.escape(ZSTD) + b"|" + re.escape(LZ4))
MAX_DICTIONARY_BYTES = 16 << 20
_MAX_ZSTD_WINDOW = 1 << 27
_MAX_LZ4_BLOCK = 4 << 20
_STEP = 1 << 16

Peek = Callable[[int, int], bytes]  # (at, size) -> so many bytes, or EOFError


class BadFrame(ValueError):
    """Bytes that are no frame, or a damaged one."""


class FrameTooLarge(ValueError):
    """A frame that holds more than the limits allow."""


def frame_length(peek: Peek, most: int) -> int:
    """Bytes of the frame that starts at 0. Raises BadFrame, EOFError where it is cut off, FrameTooLarge beyond `most`."""
    magic = peek(0, 4)
    if SKIPPABLE.match(magic):
        return 8 + int.from_bytes(peek(4, 4), "little")
    if magic == ZSTD:
        return _zstd_length(peek, most)
    if magic == LZ4:
        return _lz4_length(peek, most)
    raise BadFrame(f"no frame starts with {magic!r}")


def _zstd_length(peek: Peek, most: int) -> int:
    """RFC 8878, 3.1.1."""
    flags = peek(4, 1)[0]
    single = flags >> 5 & 1
    at = 5 + (1 - single) + (0, 1, 2, 4)[flags & 3] + (single, 2, 4, 8)[flags >> 6]
    while at <= most:
        block = int.from_bytes(peek(at, 3), "little")
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        if kind == 3:
            raise BadFrame("a block of no known kind")
        at += 3 + (1 if kind == 1 else size)
        if last:
            return at + (4 if flags >> 2 & 1 else 0)
    raise FrameTooLarge(f"more than {most} bytes, packed")


def _lz4_length(peek: Peek, most: int) -> int:
    """LZ4 frame format 1.6."""
    flags = peek(4, 1)[0]
    if flags >> 6 != 1:
        raise BadFrame("an LZ4 frame of no known version")
    at = 7 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0)
    while size := int.from_bytes(peek(at, 4), "little") & 0x7FFFFFFF:
        if size > _MAX_LZ4_BLOCK:
            raise BadFrame(f"a block of {size} bytes")
        at += 4 + size + (4 if flags & 16 else 0)
        if at > most:
            raise FrameTooLarge(f"more than {most} bytes, packed")
    return at + 4 + (4 if flags & 4 else 0)


def unframed(frame: bytes, limits: SizeLimits, dictionary: bytes = b"") -> bytes:
    """What a whole frame holds. Raises BadFrame and FrameTooLarge."""
    out, size = [], 0
    try:
        reader = _reader(frame, dictionary)
        while piece := reader.read(_STEP):
            size += len(piece)
            if size > limits.max_bytes:
                raise FrameTooLarge(f"more than {limits.max_bytes} bytes")
            if size > limits.expansion_floor_bytes and size > limits.max_expansion * len(frame):
                raise FrameTooLarge(f"grows more than {limits.max_expansion:g}-fold when unpacked")
            out.append(piece)
    except (zstandard.ZstdError, OSError) as error:
        raise BadFrame(str(error)) from error
    return b"".join(out)


def start_of(frame: bytes, size: int, dictionary: bytes = b"") -> bytes:
    """The first bytes that a frame holds, which need not be whole; b"" where it is none."""
    try:
        return _reader(frame, dictionary).read(size)
    except (zstandard.ZstdError, OSError, BadFrame):
        return b""


def needs_dictionary(frame: bytes) -> bool:
    """Whether a frame says that it was packed with one."""
    try:
        return frame.startswith(ZSTD) and bool(zstandard.get_frame_parameters(frame).dict_id)
    except zstandard.ZstdError:
        return False


def read_dictionary(frame: bytes) -> bytes:
    """The dictionary in the skippable frame that a file starts with, packed itself or not; b"" where it holds none."""
    content = frame[8:][:MAX_DICTIONARY_BYTES] if frame.startswith(DICTIONARY) else b""
    if not content.startswith(ZSTD):
        return content
    try:
        return zstandard.ZstdDecompressor().decompress(content, max_output_size=MAX_DICTIONARY_BYTES)
    except zstandard.ZstdError as error:
        raise BadFrame(f"its dictionary: {error}") from error


def _reader(frame: bytes, dictionary: bytes):
    if frame.startswith(LZ4):
        return Lz4Reader(BytesIO(frame))
    given = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdDecompressor(dict_data=given, max_window_size=_MAX_ZSTD_WINDOW).stream_reader(frame)
