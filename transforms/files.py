"""Whole files on any fsspec path: bytes out, and bytes in that appear under their name at once or not at all."""

import os
import secrets
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

TEMPORARY = ".tmp"  # suffix of what is not finished; readers never look at it


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


def read_bytes(path: str) -> bytes:
    with fsspec.open(path, "rb") as stream:
        return stream.read()


def write_atomically(path: str, data: bytes) -> None:
    """Writes under a temporary name, syncs, renames. Object stores show a file only once it is whole: there it is one put."""
    fs, inner = fsspec.core.url_to_fs(path)
    if not isinstance(fs, LocalFileSystem):
        fs.pipe_file(inner, data)
        return
    target = Path(inner)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A random name: the same work may run twice at once, and the last rename wins with the same bytes.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with temporary.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_files(folder: str, first: str) -> None:
    """Removes the files of a folder, `first` before all others; folders within it stay."""
    fs, inner = fsspec.core.url_to_fs(folder)
    if not fs.exists(inner):
        return
    files = [path for path in fs.ls(inner, detail=False) if not fs.isdir(path)]
    for path in sorted(files, key=lambda path: not path.endswith(f"/{first}")):
        fs.rm_file(path)
