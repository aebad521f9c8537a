"""Bytes of a PNG and the picture that Pillow made of it -> whether rows are missing.

Pillow notices a file that ends early, but not pixel data that end early in a whole file: the other rows stay zero.
"""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type (PNG, 11.2.2)
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # Adam7
_PIECE_BYTES = 1 << 20


def lacks_rows(data: bytes, image: Image.Image) -> bool:
    """Rows come in order: they are counted where the last one is all zeros, and where the file is interlaced."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    last = image.crop((0, image.height - 1, image.width, image.height)).getextrema()
    highest = [band[1] if isinstance(band, tuple) else band for band in last]  # of a mode of one band: (lowest, highest)
    if not interlaced and any(highest):
        return False
    bits = depth * _SAMPLES.get(colour, 4)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    rows = [(-(-(width - x) // over), -(-(height - y) // down)) for x, y, over, down in passes if width > x and height > y]
    wanted = sum(down * (1 + (over * bits + 7) // 8) for over, down in rows)
    return sum(_inflated(data, wanted)) < wanted


def _inflated(data: bytes, most: int) -> Iterator[int]:
    """How many bytes the pixel data hold, piece by piece, up to `most`."""
    inflate, seen = zlib.decompressobj(), 0
    for packed in _pixel_data(data):
        while packed and seen < most and not inflate.eof:
            piece = len(inflate.decompress(packed, _PIECE_BYTES))
            packed = inflate.unconsumed_tail
            seen += piece
            yield piece


def _pixel_data(data: bytes) -> Iterator[bytes]:
    at = 8
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"IDAT":
            yield data[at + 8 : at + 8 + length]
        at += 12 + length
