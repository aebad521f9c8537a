"""An archive that is packed as a whole (gzip, bzip2, zstd) -> the stream of what it unpacks to.

Archives should be packed record by record, in gzip; where they are not, records are counted in the unpacked bytes.
"""

import bz2
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

_STEP = 1 << 16
_MAX_ZSTD_WINDOW = 1 << 27
_MAX_DICTIONARY_BYTES = 16 << 20
_END = b"\xf7end of the archive\xf7"
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"  # a skippable frame, in which the Internet Archive keeps the dictionary


class UnpackedStream:
    """A readable stream. Once it has ended, `damage` says why it ended early, "" where it did not."""

    def __init__(self, packed: BinaryIO, magic: bytes):
        self._pieces = next(unpack for known, unpack in _UNPACKERS.items() if magic.startswith(known))(packed)
        self._rest, self.damage = memoryview(b""), ""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; b"" at the end."""
        try:
            while not self._rest and (piece := next(self._pieces, None)) is not None:
                self._rest = memoryview(piece)
        except _Damaged as error:
            self.damage = str(error)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)

    def stretch(self, offset: int, length: int) -> bytes:
        """`length` bytes, `offset` bytes from here; fewer where the stream ends."""
        while offset > 0 and (piece := self.read(min(offset, _STEP))):
            offset -= len(piece)
        out = []
        while length > 0 and (piece := self.read(length)):
            out.append(piece)
            length -= len(piece)
        return b"".join(out)


def is_packed(magic: bytes) -> bool:
    """Whether the first bytes of a file say that it is packed in a way known here."""
    return magic.startswith(tuple(_UNPACKERS))


class _Damaged(Exception):
    pass


def _gzip(packed: BinaryIO) -> Iterator[bytes]:
    feed = packed.read(_STEP)
    while feed:
        decoder = zlib.decompressobj(31)
        while not decoder.eof:
            if not feed:
                raise _Damaged("cut off")
            try:
                yield decoder.decompress(feed, _STEP)
            except zlib.error as error:
                raise _Damaged(str(error)) from error
            feed = decoder.unconsumed_tail or (b"" if decoder.eof else packed.read(_STEP))
        feed = decoder.unused_data.lstrip(b"\0") or packed.read(_STEP)


def _bzip2(packed: BinaryIO) -> Iterator[bytes]:
    feed = packed.read(_STEP)
    while feed:
        decoder = bz2.BZ2Decompressor()
        while not decoder.eof:
            if decoder.needs_input and not feed:
                raise _Damaged("cut off")
            try:
                yield decoder.decompress(feed, _STEP)
            except (OSError, ValueError) as error:
                raise _Damaged(str(error)) from error
            feed = packed.read(_STEP) if decoder.needs_input and not decoder.eof else b""
        feed = decoder.unused_data or packed.read(_STEP)


def _zstd(packed: BinaryIO) -> Iterator[bytes]:
    return _zstd_frames(packed, zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW))


def _zstd_with_dictionary(packed: BinaryIO) -> Iterator[bytes]:
    size = int.from_bytes(packed.read(8)[4:], "little")
    content = packed.read(min(size, _MAX_DICTIONARY_BYTES))
    try:
        if content.startswith(_ZSTD_FRAME):
            content = zstandard.ZstdDecompressor().decompress(content, max_output_size=_MAX_DICTIONARY_BYTES)
        dictionary = zstandard.ZstdCompressionDict(content)
        decoder = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=_MAX_ZSTD_WINDOW)
    except zstandard.ZstdError as error:
        raise _Damaged(f"its dictionary: {error}") from error
    yield from _zstd_frames(packed, decoder)


def _zstd_frames(packed: BinaryIO, decoder: zstandard.ZstdDecompressor) -> Iterator[bytes]:
    """A reader that asks for its input itself, so that no frame can unpack to more than a step at once.

    It does not say whether its input ended within a frame. So a frame of our own is put behind: it comes out last, unless
    the one before it was cut.
    """
    reader = decoder.stream_reader(_WithEnd(packed), read_across_frames=True)
    held = b""
    while True:
        try:
            piece = reader.read(_STEP)
        except zstandard.ZstdError as error:
            raise _Damaged(str(error)) from error
        if not piece:
            break
        held += piece
        yield held[: -len(_END)]
        held = held[-len(_END) :]
    if held != _END:
        yield held
        raise _Damaged("cut off")


class _WithEnd:
    """The packed bytes, and then the frame that unpacks to `_END`."""

    def __init__(self, packed: BinaryIO):
        self._packed, self._frame = packed, zstandard.ZstdCompressor().compress(_END)

    def read(self, size: int) -> bytes:
        if data := self._packed.read(size):
            return data
        data, self._frame = self._frame[:size], self._frame[size:]
        return data


_UNPACKERS = {
    b"\x1f\x8b\x08": _gzip,
    b"BZh": _bzip2,
    _ZSTD_FRAME: _zstd,
    _ZSTD_DICTIONARY: _zstd_with_dictionary,
}
