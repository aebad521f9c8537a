"""Records that are packed together with others -> a name for the stretch of a file that was unpacked, and back.

A BlobRef names bytes in place. If they cannot be reached without unpacking what comes before them (an archive that is packed as
a whole, a packed member of a zip), its path says which stretch of the file unpacks to the bytes that its offset counts in:
`unpacked::PATH` for the whole file, `unpacked@OFFSET+LENGTH.deflated::PATH` for a member.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from lamella.transforms.base.files import open_binary
from lamella.transforms.formats.decompress import UnpackedStream
from lamella.transforms.formats.streams import PieceStream, Section
from lamella.transforms.formats.zip_methods import unzipped

UNPACKED = "unpacked::"
_NAME = re.compile(r"unpacked(?:@(\d{1,15})\+(\d{1,15})(?:\.(deflated|bzip2|lzma|zstd|xz))?(\.packed)?)?::")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A stretch of a file; the whole of it where it has no length."""

    path: str  # the archive's
    offset: int = 0
    length: int | None = None
    method: str = ""  # by which a zip has packed it, of `zip_methods`; "" where it lies as it is
    packed: bool = True  # it, or what it unpacks to, is packed as a whole: gzip, bzip2, xz, zstd, LZ4

    def __str__(self) -> str:
        if self.length is None:
            return UNPACKED + self.path
        how = (self.method, "packed" if self.packed else "")
        return f"unpacked@{self.offset}+{self.length}{''.join(f'.{word}' for word in how if word)}::{self.path}"

    @classmethod
    def of(cls, blob_path: str) -> "Packed | None":
        """None for a path that names bytes in place."""
        named = _NAME.match(blob_path)
        if not named:
            return None
        path = blob_path[named.end() :]
        if not named[1]:
            return cls(path=path)
        return cls(path=path, offset=int(named[1]), length=int(named[2]), method=named[3] or "", packed=bool(named[4]))

    @contextmanager
    def opened(self) -> Iterator[BinaryIO | Section | PieceStream]:
        """The stream that it unpacks to."""
        with open_binary(self.path) as file:
            stream = file if self.length is None else Section(file, self.offset, self.length)
            if self.method:
                stream = unzipped(stream, self.method)
            yield UnpackedStream(stream) if self.packed else stream


def archive_of(blob_path: str) -> str:
    """The archive in which a BlobRef's bytes lie, packed or not."""
    named = _NAME.match(blob_path)
    return blob_path[named.end() :] if named else blob_path
