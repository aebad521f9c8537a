"""Bytes of a PNG -> the XMP that it holds compressed; what is not compressed is found in the bytes themselves.

XMP is in an iTXt chunk, which may be deflated (XMP, part 3, 1.1.5); ImageMagick writes it as a profile, in hexadecimal.
"""

import re
import zlib
from collections.abc import Iterator
from itertools import islice

from lamella.transforms.media.codestream import png_chunks
from lamella.transforms.media.readable import PNG

_XMP = b"XML:com.adobe.xmp\0\1\0"  # packed, by deflate
_PROFILE = b"Raw profile type xmp\0\0"
_LANGUAGES = re.compile(rb"[^\0]*+\0[^\0]*+\0")
_DIGITS = re.compile(rb"\s*+xmp\s++\d++\s++([0-9A-Fa-f\s]++)")
_MAX_BYTES = 1 << 20  # unpacked; packets are of some kB
_MOST = 4  # of one file


def packed_xmp(data: bytes) -> Iterator[bytes]:
    """Those that unpack to no more than a megabyte are whole; of others the beginning."""
    if data.startswith(PNG) and (b"iTXt" in data or b"zTXt" in data):
        yield from islice(_texts(data), _MOST)


def _texts(data: bytes) -> Iterator[bytes]:
    for at, end, name in png_chunks(data):
        if name == b"iTXt" and data.startswith(_XMP, at + 8) and (behind := _LANGUAGES.match(data, at + 8 + len(_XMP), end)):
            yield _inflated(data[behind.end() : end - 4])
        elif name == b"zTXt" and data.startswith(_PROFILE, at + 8):
            found = _DIGITS.match(_inflated(data[at + 8 + len(_PROFILE) : end - 4]))
            digits = b"".join(found[1].split()) if found else b""
            yield bytes.fromhex(digits[: len(digits) & ~1].decode("ascii"))


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MAX_BYTES)
    except zlib.error:
        return b""
