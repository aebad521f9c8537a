"""A new file on any fsspec path: bytes in as a stream; size and SHA-256 out; under its name only once it is whole."""

import os
from hashlib import sha256

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lamella.transforms.base.files import temporary_name


class NewFile:
    """Writes under a temporary name beside `path`; `commit` syncs and renames. Left without a commit, nothing stands.

        with NewFile(path) as out:
            out.write(...)
            out.commit()

    The same work may run twice at once: each has its own temporary name, and the last rename wins with the same bytes.
    Every error of the file system propagates.
    """

    def __init__(self, path: str):
        self._fs, self._path = fsspec.core.url_to_fs(path)
        folder, _, name = self._path.rpartition("/")
        self._temporary = f"{folder}/{temporary_name(name)}"
        self._local = isinstance(self._fs, LocalFileSystem)
        self._fs.makedirs(folder, exist_ok=True)
        self._stream = self._fs.open(self._temporary, "wb")
        self._hash, self._bytes, self._committed = sha256(), 0, False

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._bytes += len(data)
        return self._stream.write(data)

    def tell(self) -> int:
        return self._bytes

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def commit(self) -> None:
        self._stream.flush()
        if self._local:
            os.fsync(self._stream.fileno())
        self._stream.close()
        if self._local:
            os.replace(self._temporary, self._path)  # noqa: PTH105  fsspec's own move copies where it cannot rename
        else:
            if self._fs.exists(self._path):
                self._fs.rm_file(self._path)
            self._fs.mv(self._temporary, self._path)
        self._committed = True

    def __enter__(self) -> "NewFile":
        return self

    def __exit__(self, *_) -> None:
        if self._committed:
            return
        try:
            self._stream.close()  # writes what it still holds: on a full disk this fails, too
        finally:
            if self._fs.exists(self._temporary):
                self._fs.rm_file(self._temporary)
