"""A stream read forward through a window of bytes that grows on demand and is dropped from the front."""

import io
import re

from lamella.transforms.formats.streams import Readable

_CHUNK_BYTES = 1 << 20
_OVERLAP = 8192  # bytes kept at the end while searching, so that what is sought is not cut in two


class Window:
    """`data` is what was read and not yet dropped; `start` is its offset in the stream."""

    def __init__(self, stream: Readable):
        self._stream, self._ended = stream, False
        self.data, self.start = bytearray(), 0

    def has(self, size: int) -> bool:
        """Whether `size` bytes are there, once the window has grown as far as it can."""
        while len(self.data) < size and self.grow():
            pass
        return len(self.data) >= size

    def grow(self) -> bool:
        """Reads a chunk more; False at the end of the stream."""
        if not self._ended:
            chunk = self._stream.read(_CHUNK_BYTES)
            self._ended = not chunk
            self.data += chunk
        return not self._ended

    def drop(self, size: int) -> None:
        size = min(size, len(self.data))
        del self.data[:size]
        self.start += size

    def skip(self, size: int) -> None:
        """Drops bytes, those not yet read too."""
        end = self.start + size
        while self.start < end and self.has(1):
            self.drop(end - self.start)

    def may_reach(self, size: int) -> bool:
        """False where the stream is known to end before `size` bytes from the window's front."""
        if not isinstance(self._stream, io.IOBase) or not self._stream.seekable():
            return True
        here, end = self._stream.tell(), self._stream.seek(0, 2)
        self._stream.seek(here)
        return self.start + size <= end

    def find(self, pattern: re.Pattern, at: int, limit: int) -> int | None:
        """Where, from the window's front, the pattern is found from `at` on; None where it is not within `limit` bytes."""
        while True:
            place = self._search(pattern, at)
            searched = len(self.data)
            if place is not None or searched > limit or not self.grow():
                return place
            at = max(at, searched - _OVERLAP)

    def skip_to(self, pattern: re.Pattern) -> bool:
        """Drops all that stands before the pattern; all there is, and False, where it is not found."""
        while (place := self._search(pattern, 0)) is None:
            searched = len(self.data)
            if not self.grow():
                self.drop(searched)
                return False
            self.drop(max(0, searched - _OVERLAP))
        self.drop(place)
        return True

    def _search(self, pattern: re.Pattern, at: int) -> int | None:
        found = pattern.search(self.data, at)
        return found.start() if found else None  # the match would hold on to the buffer, which then could not grow
