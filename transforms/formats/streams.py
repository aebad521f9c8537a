"""Streams over other streams: a stretch of one, pieces as one, one whose start was read already; and reading from them."""

import io
from collections.abc import Iterator
from typing import BinaryIO, Protocol

STEP = 1 << 16


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Seekable(Readable, Protocol):
    def seek(self, offset: int, whence: int = 0, /) -> int: ...


class Damaged(Exception):
    """Ends a stream; the message says why."""


class PieceStream:
    """A readable stream of pieces. Once it has ended, `damage` says why it ended early, "" where it did not."""

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces, self._rest, self.damage = pieces, memoryview(b""), ""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; b"" at the end."""
        try:
            while not self._rest and (piece := next(self._pieces, None)) is not None:
                self._rest = memoryview(piece)
        except Damaged as error:
            self.damage = str(error)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)

    def stretch(self, offset: int, length: int) -> bytes:
        """`length` bytes, `offset` bytes from here; fewer where the stream ends."""
        return read_stretch(self, offset, length)


class Section(io.RawIOBase):
    """A stretch of a file, as a file of its own that can be read and sought in."""

    def __init__(self, file: BinaryIO, offset: int, length: int):
        super().__init__()
        self._file, self._offset, self._length, self._at = file, offset, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._length - self._at)
        size = left if size is None or size < 0 else min(size, left)
        if not size:
            return b""
        self._file.seek(self._offset + self._at)
        data = self._file.read(size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._length)[whence])
        return self._at

    def tell(self) -> int:
        return self._at


class TakenFrom:
    """The next `left` bytes of a stream, as a stream of their own."""

    def __init__(self, stream: Readable, left: int):
        self._stream, self.left = stream, left

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self.left)) if self.left > 0 else b""
        self.left -= len(data)
        return data

    def skip(self) -> None:
        """Reads what is left."""
        while self.read(STEP):
            pass


class Again:
    """A stream whose first bytes were read, from its start."""

    def __init__(self, start: bytes, rest: Readable):
        self._start, self._rest, self._at = start, rest, 0

    def read(self, size: int) -> bytes:
        if self._start:
            data, self._start = self._start[:size], self._start[size:]
        else:
            data = self._rest.read(size)
        self._at += len(data)
        return data

    def tell(self) -> int:
        return self._at


def read_stretch(stream: Readable, offset: int, length: int) -> bytes:
    """`length` bytes, `offset` bytes from where a stream is; fewer where it ends."""
    while offset > 0 and (piece := stream.read(min(offset, STEP))):
        offset -= len(piece)
    out = []
    while length > 0 and (piece := stream.read(length)):
        out.append(piece)
        length -= len(piece)
    return b"".join(out)


def exactly(packed: Readable, size: int) -> bytes:
    """So many bytes, of a stream that may give fewer at a time; fewer where it ends."""
    out = b""
    while len(out) < size and (piece := packed.read(size - len(out))):
        out += piece
    return out
