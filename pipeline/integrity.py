"""A table's or dataset's folder -> what differs from its manifest, in a few words; '' if it is whole.

Sizes come from one listing of the folder. Checksums are compared only if the caller asks, because every file is read then.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from lamella.pipeline.columns import read_columns
from lamella.pipeline.damage import Damaged
from lamella.schemas.media import Container
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import is_plain_name, join, list_files, open_binary, read_bytes
from lamella.transforms.fetch.packs import FOLDER as PACKS

_CHUNK = 1 << 20


class NamedFile(NamedTuple):
    """A file as a manifest names it."""

    name: str
    bytes: int
    sha256: str


def named_files(manifest: bytes) -> Iterator[NamedFile]:
    """The files that the manifest of a table or dataset names. Raises ValueError for what is no manifest."""
    try:
        raw = json.loads(manifest)
        for file in raw["files"] if "files" in raw else raw["shards"]:
            yield _named(file["name"], file["bytes"], file["sha256"])
            if file.get("sidecar"):
                yield _named(file["sidecar"], file["sidecar_bytes"], file["sidecar_sha256"])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _named(name: object, size: object, digest: object) -> NamedFile:
    if not is_plain_name(name) or type(size) is not int or not isinstance(digest, str):
        raise ValueError(f"not the name, size and checksum of a file: {name!r}, {size!r}, {digest!r}")
    return NamedFile(name, size, digest)


def fault_of(folder: str, deep: bool) -> str:
    """What makes a folder with a manifest less than whole. '' for one without: it is not finished, which is no damage."""
    try:
        manifest = read_bytes(join(folder, MANIFEST))
    except FileNotFoundError:
        return ""
    try:
        files = list(named_files(manifest))
    except ValueError as error:
        return f"{MANIFEST} cannot be read: {' '.join(str(error).split())[:120]}"
    there = list_files(folder)
    for file in files:
        if there.get(file.name, -1) < 0:
            return f"{file.name} is missing"
        if there[file.name] != file.bytes:
            return f"{file.name} has {there[file.name]} bytes and not {file.bytes}"
    if deep:
        return next(
            (f"{f.name} has not the SHA-256 of its manifest" for f in files if checksum(join(folder, f.name)) != f.sha256), ""
        )
    return ""


def fault_of_packs(run: str, deep: bool) -> str:
    """What is wrong with the packs that a whole media table names: a pack that is gone, or ends before its last file does."""
    ends: dict[str, int] = defaultdict(int)
    blobs: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    try:
        for batch in read_columns(join(run, "media"), ("blob", "sha256")):
            for blob, digest in zip(batch.column("blob").to_pylist(), batch.column("sha256").to_pylist(), strict=True):
                folder, _, name = blob["path"].rpartition("/")
                if blob["container"] == Container.RAW and folder == PACKS:
                    ends[name] = max(ends[name], blob["offset"] + blob["length"])
                    if deep:
                        blobs[name].append((blob["offset"], blob["length"], digest))
    except Damaged as error:
        return str(error)
    there = list_files(join(run, PACKS)) if ends else {}
    for name, end in sorted(ends.items()):
        if there.get(name, -1) < 0:
            return f"{PACKS}/{name} is missing"
        if there[name] < end:
            return f"{PACKS}/{name} has {there[name]} bytes and not {end} or more"
        if any(digest != found for digest, found in _digests(join(run, PACKS, name), blobs[name])):
            return f"{PACKS}/{name} holds other bytes than the media table says"
    return ""


def _digests(path: str, blobs: list[tuple[int, int, str]]) -> Iterator[tuple[str, str]]:
    """(checksum as the table says, checksum as it is) of files in a pack."""
    if not blobs:
        return
    with open_binary(path) as stream:
        for offset, length, digest in sorted(blobs):
            stream.seek(offset)
            yield digest, sha256(stream.read(length)).hexdigest()


def checksum(path: str) -> str:
    digest = sha256()
    with open_binary(path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
