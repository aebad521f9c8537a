"""An archive that is compressed as a whole (gzip, bzip2, xz, zstd, LZ4) -> the stream of its contents.

Archives should be compressed record by record, in gzip; in others, records are counted in the unpacked bytes.
"""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

import zstandard
from fastwarc.stream_io import Lz4Reader

from lamella.transforms.formats.streams import STEP, Again, Damaged, PieceStream, Readable, exactly

_MAX_ZSTD_WINDOW = 1 << 27
MAX_XZ_BYTES = 1 << 28  # that its dictionary may take; `xz -9` takes 65 MiB
_MAX_DICTIONARY_BYTES = 16 << 20
_MAGIC_BYTES = 6
_EXPANSION_FLOOR_BYTES, _MAX_EXPANSION = 64 << 20, 200  # of a pack as a whole; text is packed to a tenth
_END = b"\xf7end of the archive\xf7"
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_LZ4 = b"\x04\x22\x4d\x18"
_ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"  # a skippable frame, in which the Internet Archive keeps the dictionary


class UnpackedStream(PieceStream):
    """What a packed stream unpacks to; nothing, and damage, where it is packed in no way known here."""

    def __init__(self, packed: Readable):
        magic = exactly(packed, _MAGIC_BYTES)
        unpack = next((unpack for known, unpack in _UNPACKERS.items() if magic.startswith(known)), _unknown)
        source = Again(magic, packed)
        super().__init__(_bounded(unpack(source), source))


def is_packed(magic: bytes) -> bool:
    """Whether the first bytes of a file say that it is packed in a way known here."""
    return magic.startswith(tuple(_UNPACKERS))


def _bounded(pieces: Iterator[bytes], packed: Again) -> Iterator[bytes]:
    """The pieces, up to where they are more than a crawl can be packed to: it would take hours to look for records in zeros."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _EXPANSION_FLOOR_BYTES and size > _MAX_EXPANSION * packed.tell():
            raise Damaged(f"grows more than {_MAX_EXPANSION}-fold")
        yield piece


def _unknown(packed: Readable) -> Iterator[bytes]:
    raise Damaged("packed in no known way")
    yield b""


def _lz4(packed: Readable) -> Iterator[bytes]:
    reader = Lz4Reader(cast(BinaryIO, packed))  # only read, though FastWARC's types ask for a whole file
    while True:
        try:
            piece = reader.read(STEP)
        except OSError as error:
            raise Damaged(str(error)) from error
        if not piece:
            return
        yield piece


def _gzip(packed: Readable) -> Iterator[bytes]:
    feed = packed.read(STEP)
    while feed:
        decoder = zlib.decompressobj(31)
        while not decoder.eof:
            if not feed:
                raise Damaged("cut off")
            try:
                yield decoder.decompress(feed, STEP)
            except zlib.error as error:
                raise Damaged(str(error)) from error
            feed = decoder.unconsumed_tail or (b"" if decoder.eof else packed.read(STEP))
        feed = decoder.unused_data.lstrip(b"\0") or packed.read(STEP)


def _bzip2(packed: Readable) -> Iterator[bytes]:
    feed = packed.read(STEP)
    while feed:
        decoder = bz2.BZ2Decompressor()
        while not decoder.eof:
            if decoder.needs_input and not feed:
                raise Damaged("cut off")
            try:
                yield decoder.decompress(feed, STEP)
            except (OSError, ValueError) as error:
                raise Damaged(str(error)) from error
            feed = packed.read(STEP) if decoder.needs_input and not decoder.eof else b""
        feed = decoder.unused_data or packed.read(STEP)


def _xz(packed: Readable) -> Iterator[bytes]:
    feed = packed.read(STEP)
    while feed:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_BYTES)
        while not decoder.eof:
            if decoder.needs_input and not feed:
                raise Damaged("cut off")
            try:
                yield decoder.decompress(feed, STEP)
            except lzma.LZMAError as error:
                raise Damaged(str(error)) from error
            feed = packed.read(STEP) if decoder.needs_input and not decoder.eof else b""
        feed = decoder.unused_data.lstrip(b"\0") or packed.read(STEP)


def _zstd(packed: Readable) -> Iterator[bytes]:
    return _zstd_frames(packed, zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW))


def _zstd_with_dictionary(packed: Readable) -> Iterator[bytes]:
    head = exactly(packed, 8)
    content = exactly(packed, min(int.from_bytes(head[4:], "little"), _MAX_DICTIONARY_BYTES))
    try:
        if content.startswith(_ZSTD_FRAME):
            content = zstandard.ZstdDecompressor().decompress(content, max_output_size=_MAX_DICTIONARY_BYTES)
        dictionary = zstandard.ZstdCompressionDict(content)
        decoder = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=_MAX_ZSTD_WINDOW)
    except zstandard.ZstdError as error:
        raise Damaged(f"its dictionary: {error}") from error
    yield from _zstd_frames(packed, decoder)


def _zstd_frames(packed: Readable, decoder: zstandard.ZstdDecompressor) -> Iterator[bytes]:
    """A reader that asks for its input itself, so that no frame can unpack to more than a step at once.

    It does not say whether its input ended within a frame. So a frame of our own is put behind: it comes out last, unless
    the one before it was cut.
    """
    source = cast(BinaryIO, _WithEnd(packed))  # only read, though zstandard's types ask for a whole file
    reader = decoder.stream_reader(source, read_across_frames=True)
    held = b""
    while True:
        try:
            piece = reader.read(STEP)
        except zstandard.ZstdError as error:
            raise Damaged(str(error)) from error
        if not piece:
            break
        held += piece
        yield held[: -len(_END)]
        held = held[-len(_END) :]
    if held != _END:
        yield held
        raise Damaged("cut off")


class _WithEnd:
    """The packed bytes, and then the frame that unpacks to `_END`."""

    def __init__(self, packed: Readable):
        self._packed, self._frame = packed, zstandard.ZstdCompressor().compress(_END)

    def read(self, size: int) -> bytes:
        if data := self._packed.read(size):
            return data
        data, self._frame = self._frame[:size], self._frame[size:]
        return data


_UNPACKERS = {
    b"\x1f\x8b\x08": _gzip,
    b"BZh": _bzip2,
    b"\xfd7zXZ\0": _xz,
    _ZSTD_FRAME: _zstd,
    _ZSTD_DICTIONARY: _zstd_with_dictionary,
    _LZ4: _lz4,
}
