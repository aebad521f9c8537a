"""A packed stretch of an archive -> any part of its unpacked bytes; it is unpacked once, into a temporary file.

Media of one archive are read in the order of their hashes. Unpacking from the start for each would take time quadratic in the
archive; so a process keeps what it has unpacked of the last few archives, within bounds, in files without a name.
"""

import os
import threading
from collections import OrderedDict
from contextlib import ExitStack
from tempfile import TemporaryFile

import fsspec

from lamella.transforms.base.packed import Packed
from lamella.transforms.formats.streams import read_stretch

MAX_BYTES = 4 << 30  # on disk, a process; an archive that unpacks to more is unpacked anew each time
_MAX_FILES = 8
_STEP = 1 << 20


class _Spool:
    """The beginning of what a stretch unpacks to."""

    def __init__(self, packed: Packed):
        self._open = ExitStack()
        self._stream = self._open.enter_context(packed.opened())
        self._file = self._open.enter_context(TemporaryFile(prefix="lamella-"))  # noqa: SIM115 (the stack closes it)
        self.size = 0

    def stretch(self, offset: int, length: int) -> bytes | None:
        """Fewer bytes where the stream ends; None where more would have to be kept than may be."""
        while self.size < offset + length:
            if self.size + _STEP > MAX_BYTES:
                return None
            piece = self._stream.read(_STEP)
            if not piece:
                break
            self._file.seek(self.size)
            self._file.write(piece)
            self.size += len(piece)
        self._file.seek(offset)
        return self._file.read(length)

    def close(self) -> None:
        self._open.close()


_spools: OrderedDict[tuple, _Spool] = OrderedDict()  # the one that was used last, last
_lock = threading.Lock()


def unpacked_stretch(packed: Packed, offset: int, length: int) -> bytes:
    """`length` bytes of what it unpacks to; fewer where it ends before. Raises OSError."""
    with _lock:
        key = (packed, _stamp(packed.path))
        spool = _spools.pop(key, None) or _Spool(packed)
        _spools[key] = spool
        data = spool.stretch(offset, length)
        while len(_spools) > 1 and (len(_spools) > _MAX_FILES or sum(one.size for one in _spools.values()) > MAX_BYTES):
            _spools.popitem(last=False)[1].close()
    if data is not None:
        return data
    with packed.opened() as stream:
        return read_stretch(stream, offset, length)


def _stamp(path: str) -> tuple:
    fs, inner = fsspec.core.url_to_fs(path)
    info = fs.info(inner)
    return tuple(str(info.get(name, "")) for name in ("size", "mtime", "ETag", "etag", "LastModified"))


def _forget() -> None:
    """In a forked child: the streams are the parent's, and so is where they stand."""
    global _lock
    _lock = threading.Lock()
    _spools.clear()


os.register_at_fork(after_in_child=_forget)
