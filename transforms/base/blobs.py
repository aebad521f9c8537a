"""A BlobRef -> its bytes, bounded: from a record of a web archive or from a pack, on any fsspec path.

A run's tables may be somebody else's: a ref is read only if it is within the run's folder (packs), or is an archive that the
run's `run.json` names. No other file or address is opened.
"""

import json
import zlib
from functools import lru_cache
from pathlib import Path

from lamella.schemas.config import ReadConfig
from lamella.schemas.errors import DataError
from lamella.schemas.media import BlobRef, Container
from lamella.transforms.base.files import RUN_FILE, join, local_path, read_bytes, read_range
from lamella.transforms.base.packed import Packed, archive_of
from lamella.transforms.base.spool import unpacked_stretch
from lamella.transforms.formats.content_encoding import BadRecord, SizeLimits, media_size_limits, record_size_limits
from lamella.transforms.formats.frames import (
    DICTIONARY,
    FRAME,
    MAX_DICTIONARY_BYTES,
    BadFrame,
    frame_length,
    needs_dictionary,
    read_dictionary,
    unframed,
)
from lamella.transforms.formats.warc import decoded_body, parse_record


class BlobError(DataError):
    """Bytes that cannot be had, or are not what the ref says; the message says why."""


def read_blob(blob: BlobRef, root: str = "", config: ReadConfig = ReadConfig()) -> bytes:
    """The blob's bytes: a pack's byte range, or the decoded body of an archive's record.

    Args:
        blob: where they lie.
        root: the folder of the run whose table says so; "" for a ref that was made here and now, by reading an archive.
        config: the sizes that the archive was read with.

    Raises:
        BlobError: they cannot be had, are not what the ref says, or lie where the run has no business.
    """
    try:
        if blob.container is Container.RAW:
            return _range(inside(blob.path, root), blob.offset, blob.length)
        if root and not is_own_archive(blob.path, root):
            raise BlobError(f"{blob.path}: not one of the archives that {RUN_FILE} names")
        return _body(blob, config)
    except (OSError, ValueError, EOFError, zlib.error) as error:  # a ValueError of fsspec: an unknown scheme
        raise BlobError(f"{blob.path} at {blob.offset}: {type(error).__name__}: {error}") from error
    except BadRecord as error:
        raise BlobError(f"{blob.path} at {blob.offset}: {error.reason}: {error.detail}") from error


def inside(path: str, root: str) -> str:
    """A pack's path within the run's folder, joined to it. Raises BlobError for what is relative to nothing or leads out."""
    plain = path.isprintable() and not any(mark in path for mark in ("\\", ":", "%"))  # `::` chains, `://` leads elsewhere
    if not root or not plain or any(part in ("", ".", "..") for part in path.split("/")):
        raise BlobError(f"{path}: not a path within the run's folder")
    joined = join(root, path)
    if (local := local_path(root)) is not None:
        folder = Path(local).resolve()
        real = (folder / path).resolve()
        if not real.is_relative_to(folder):
            raise BlobError(f"{path}: a link that leads out of the run's folder")
        if real.exists() and not real.is_file():  # a pipe or a device would never end
            raise BlobError(f"{path}: not a file")
    return joined


def is_own_archive(path: str, root: str) -> bool:
    """Whether the run in `root` was made from this archive, as its `run.json` says. Raises OSError where there is none."""
    archive = archive_of(path)
    local = local_path(root)
    stamp = 0 if local is None else Path(local, RUN_FILE).stat().st_mtime_ns
    if archive in _archives(root, stamp):
        return True
    if stamp:
        return False
    _archives.cache_clear()  # elsewhere a later run of this process may have named more
    return archive in _archives(root, 0)


@lru_cache(maxsize=4)
def _archives(root: str, stamp: int) -> frozenset[str]:
    try:
        inputs = json.loads(read_bytes(join(root, RUN_FILE)))["inputs"]
        return frozenset(path for path in inputs if isinstance(path, str))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{RUN_FILE} names no inputs") from error


def _range(path: str, offset: int, length: int) -> bytes:
    data = read_range(path, offset, length)
    if len(data) != length:
        raise BlobError(f"{path} at {offset}: {len(data)} of {length} bytes")
    return data


def _body(blob: BlobRef, config: ReadConfig) -> bytes:
    packed = Packed.of(blob.path)
    stored = unpacked_stretch(packed, blob.offset, blob.length) if packed else _range(blob.path, blob.offset, blob.length)
    if stored.startswith(b"\x1f\x8b"):
        stored = _inflated(stored, record_size_limits(config))
    elif FRAME.match(stored):
        stored = _unframed(stored, blob.path, record_size_limits(config))
    return decoded_body(parse_record(stored), media_size_limits(config)).data


def _unframed(frame: bytes, path: str, limits: SizeLimits) -> bytes:
    """What a frame holds. Where its dictionary is no more than bytes, it has no number, and no frame says that it needs it."""
    if needs_dictionary(frame):
        return unframed(frame, limits, _dictionary(path))
    try:
        return unframed(frame, limits)
    except BadFrame:
        if dictionary := _dictionary(path):
            return unframed(frame, limits, dictionary)
        raise


@lru_cache(maxsize=4)
def _dictionary(path: str) -> bytes:
    """That the frames of an archive share, from its front; b"" where there is none."""
    head = read_range(path, 0, 8)
    if not head.startswith(DICTIONARY):
        return b""
    length = frame_length(lambda at, size: head[at : at + size], MAX_DICTIONARY_BYTES)
    return read_dictionary(read_range(path, 0, min(length, MAX_DICTIONARY_BYTES)))


def _inflated(member: bytes, limits: SizeLimits) -> bytes:
    """A gzip member, inflated and checked. The expansion was judged when the archive was read; the size is judged again."""
    inflater = zlib.decompressobj(31)
    data = inflater.decompress(member, limits.max_bytes)
    if not inflater.eof:
        raise BlobError(f"a member of more than {limits.max_bytes} bytes, or cut off")
    return data
