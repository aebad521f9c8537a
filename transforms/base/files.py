"""A path of any file system of fsspec -> its bytes; bytes -> a file that appears under its name at once or not at all.

Every file that a run leaves is written here, by `NewFile` or `write_atomically`.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, TypeGuard, TypeVar, cast

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

RUN_FILE = "run.json"  # in a run's folder: what it was made with and from
TEMPORARY = ".tmp"  # suffix of what is not finished; readers never look at it
_AT_ONCE = 32  # questions to a store
Answer = TypeVar("Answer")
_TEMPORARY_NAME = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(TEMPORARY)}", re.DOTALL)


def join(folder: str, *names: str) -> str:
    return "/".join([folder.rstrip("/"), *names])


def local_path(path: str) -> str | None:
    """Where a path of this machine lies, absolute; None for a path of any other file system.

    What fsspec would say. A path without a scheme, as most are, is not taken through its registry of file systems.
    Raises ValueError or ImportError for a scheme that is not known.
    """
    if "://" not in path and "::" not in path and not path.startswith("data:"):
        return LocalFileSystem._strip_protocol(path)
    fs, inner = url_to_fs(path)
    return inner if isinstance(fs, LocalFileSystem) else None


def is_local(path: str) -> bool:
    return local_path(path) is not None


def exists(path: str) -> bool:
    fs, inner = url_to_fs(path)
    return fs.exists(inner)


def size_of(path: str) -> int:
    """In bytes; 0 where the file system does not say."""
    if (local := local_path(path)) is not None:
        return Path(local).stat().st_size
    fs, inner = url_to_fs(path)
    return fs.info(inner).get("size") or 0


def side_by_side(ask: Callable[[str], Answer], paths: Sequence[str]) -> list[Answer]:
    """What is asked of each path, many at once: one after the other, a store's answers take hours."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(ask, paths))


def sizes_of(paths: Sequence[str]) -> dict[str, int]:
    """Path -> bytes."""
    return dict(zip(paths, side_by_side(size_of, paths), strict=True))


def open_binary(path: str) -> AbstractContextManager[BinaryIO]:
    """A file on any file system, to be read. Raises OSError; ValueError or ImportError for a scheme that is not known."""
    if (local := local_path(path)) is not None:
        return Path(local).open("rb")
    return cast(AbstractContextManager[BinaryIO], fsspec.open(path, "rb"))  # one path gives one file, which fsspec does not say


def read_bytes(path: str) -> bytes:
    with open_binary(path) as stream:
        return stream.read()


def read_range(path: str, offset: int, length: int) -> bytes:
    """The bytes from `offset`, fewer where the file ends before. Raises as `open_binary`."""
    if (local := local_path(path)) is None:
        fs, inner = url_to_fs(path)
        return fs.cat_file(inner, start=offset, end=offset + length)
    with Path(local).open("rb", buffering=0) as stream:
        stream.seek(offset)
        return stream.read(max(length, 0))


def temporary_name(name: str) -> str:
    """The name under which a file is written before it is whole. Random: the same work may run twice at once, and the last
    rename wins with the same bytes."""
    return f".{name}.{secrets.token_hex(4)}{TEMPORARY}"


def is_temporary(name: str) -> bool:
    """Whether `temporary_name` gives such names."""
    return bool(_TEMPORARY_NAME.fullmatch(name))


def is_plain_name(name: object) -> TypeGuard[str]:
    """Whether it names a file of one folder, and nothing above, below or beside it."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")


def list_files(folder: str) -> dict[str, int]:
    """Name -> bytes of what lies in a folder; -1 for what is a folder itself. Nothing where there is no such folder."""
    fs, inner = url_to_fs(folder)
    try:
        found = fs.ls(inner, detail=True)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    base = inner.rstrip("/")
    return {
        info["name"].rstrip("/").rpartition("/")[2]: -1 if info["type"] == "directory" else info["size"]
        for info in found
        if info["name"].rstrip("/") != base  # an object store lists the folder too, and a file for itself
    }


class NewFile:
    """A file that is written as a stream, under a temporary name beside `path`: `commit` syncs and renames.

    Left without a commit, nothing stands.

        with NewFile(path) as out:
            out.write(...)
            out.commit()

    The same work may run twice at once: each has its own temporary name, and the last rename wins with the same bytes.
    Every error of the file system propagates.
    """

    def __init__(self, path: str):
        self._fs, self._path = url_to_fs(path)
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


def write_atomically(path: str, data: bytes) -> None:
    """A file that is at hand as a whole. Object stores show a file only once it is whole: there it is one put."""
    fs, inner = url_to_fs(path)
    if not isinstance(fs, LocalFileSystem):
        fs.pipe_file(inner, data)
        return
    with NewFile(path) as out:
        out.write(data)
        out.commit()


def remove_files(folder: str, names: Iterable[str]) -> None:
    """Removes the named files of a folder, in their order; one that is not there, or is a folder, is passed over."""
    fs, inner = url_to_fs(folder)
    there = list_files(folder)
    for name in names:
        if there.get(name, -1) >= 0:
            fs.rm_file(f"{inner.rstrip('/')}/{name}")
