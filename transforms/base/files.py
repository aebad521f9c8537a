"""Whole files on any fsspec path: bytes out, and bytes in that appear under their name at once or not at all."""

import os
import re
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, TypeGuard, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

RUN_FILE = "run.json"  # in a run's folder: what it was made with and from
TEMPORARY = ".tmp"  # suffix of what is not finished; readers never look at it
_TEMPORARY_NAME = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(TEMPORARY)}", re.DOTALL)


def join(folder: str, *names: str) -> str:
    return "/".join([folder.rstrip("/"), *names])


def is_local(path: str) -> bool:
    return isinstance(fsspec.core.url_to_fs(path)[0], LocalFileSystem)


def exists(path: str) -> bool:
    fs, inner = fsspec.core.url_to_fs(path)
    return fs.exists(inner)


def size_of(path: str) -> int:
    """In bytes; 0 where the file system does not say."""
    fs, inner = fsspec.core.url_to_fs(path)
    return fs.info(inner).get("size") or 0


def open_binary(path: str) -> AbstractContextManager[BinaryIO]:
    """A file on any file system, to be read. Raises OSError; ValueError or ImportError for a scheme that is not known."""
    return cast(AbstractContextManager[BinaryIO], fsspec.open(path, "rb"))  # one path gives one file, which fsspec does not say


def read_bytes(path: str) -> bytes:
    with open_binary(path) as stream:
        return stream.read()


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
    fs, inner = fsspec.core.url_to_fs(folder)
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


def write_atomically(path: str, data: bytes) -> None:
    """Writes under a temporary name, syncs, renames. Object stores show a file only once it is whole: there it is one put."""
    fs, inner = fsspec.core.url_to_fs(path)
    if not isinstance(fs, LocalFileSystem):
        fs.pipe_file(inner, data)
        return
    target = Path(inner)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(temporary_name(target.name))
    try:
        with temporary.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_files(folder: str, names: Iterable[str]) -> None:
    """Removes the named files of a folder, in their order; one that is not there, or is a folder, is passed over."""
    fs, inner = fsspec.core.url_to_fs(folder)
    there = list_files(folder)
    for name in names:
        if there.get(name, -1) >= 0:
            fs.rm_file(f"{inner.rstrip('/')}/{name}")
