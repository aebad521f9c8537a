"""A member of a zip as it is stored, and its compression method -> the stream of its contents.

APPNOTE 4.4.5 has the methods. bzip2, xz and zstd are streams that begin like their files; LZMA has a header of its own.
"""

import lzma
import zlib
from collections.abc import Iterator

from lamella.transforms.formats.decompress import MAX_XZ_BYTES, UnpackedStream
from lamella.transforms.formats.streams import STEP, Damaged, PieceStream, Readable, exactly

METHODS = {8: "deflated", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}  # name by number; 0 is stored as it is
_LZMA_PROPERTIES = 5  # bytes


def unzipped(packed: Readable, method: str) -> PieceStream:
    """What a member unpacks to; `method` is a name of METHODS."""
    unpack = {"deflated": _raw_deflate, "lzma": _lzma}.get(method)
    return PieceStream(unpack(packed)) if unpack else UnpackedStream(packed)


def _raw_deflate(packed: Readable) -> Iterator[bytes]:
    decoder = zlib.decompressobj(-15)
    feed = packed.read(STEP)
    while not decoder.eof:
        try:
            piece = decoder.decompress(feed, STEP)
        except zlib.error as error:
            raise Damaged(str(error)) from error
        if not feed and not piece and not decoder.eof:
            raise Damaged("cut off")
        yield piece
        feed = decoder.unconsumed_tail or (b"" if decoder.eof else packed.read(STEP))


def _lzma(packed: Readable) -> Iterator[bytes]:
    """Of LZMA alone, behind a version and its properties (APPNOTE 5.8.8). It need not say where it ends."""
    head = exactly(packed, 4)
    properties = exactly(packed, min(int.from_bytes(head[2:4], "little"), _LZMA_PROPERTIES))
    if len(properties) < _LZMA_PROPERTIES:
        raise Damaged("cut off")
    bits, size = properties[0], int.from_bytes(properties[1:], "little")
    if bits >= 9 * 5 * 5 or size > MAX_XZ_BYTES:
        raise Damaged(f"a dictionary of {size} > {MAX_XZ_BYTES} bytes" if bits < 9 * 5 * 5 else "no properties of LZMA")
    how = {"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": bits % 9, "lp": bits // 9 % 5, "pb": bits // 45}
    try:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[how])
        while not decoder.eof:
            feed = packed.read(STEP) if decoder.needs_input else b""
            piece = decoder.decompress(feed, STEP)
            if not feed and not piece and decoder.needs_input:
                return
            yield piece
    except (lzma.LZMAError, ValueError) as error:
        raise Damaged(str(error)) from error
