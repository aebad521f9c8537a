"""BlobRef -> bytes: from a record of a web archive, or from a pack, on any fsspec path, bounded."""

import posixpath
import zlib

import fsspec
from fsspec.core import url_to_fs

from lamella.schemas.config import ReadConfig
from lamella.schemas.media import BlobRef, Container
from lamella.transforms.codings import BadRecord, Caps, media_caps, record_caps
from lamella.transforms.unpack import UnpackedStream
from lamella.transforms.warc import decoded_body, parse_record

# Marks the path of an archive that is packed as a whole: offset and length then count in what it unpacks to.
UNPACKED = "unpacked::"


class BlobError(Exception):
    """Bytes that cannot be had, or are not what the ref says; the message says why."""


def read_blob(blob: BlobRef, root: str = "", config: ReadConfig = ReadConfig()) -> bytes:
    """The blob's bytes: a pack's byte range, or the decoded body of an archive's record.

    A pack's relative path is resolved against `root`; `config` has the sizes that the archive was read with. Raises BlobError.
    """
    try:
        if blob.container is Container.RAW:
            return _range(resolve(blob.path, root), blob.offset, blob.length)
        return _body(blob, config)
    except (OSError, ValueError, EOFError, zlib.error) as error:  # a ValueError of fsspec: an unknown scheme
        raise BlobError(f"{blob.path} at {blob.offset}: {type(error).__name__}: {error}") from error
    except BadRecord as error:
        raise BlobError(f"{blob.path} at {blob.offset}: {error.reason}: {error.detail}") from error


def resolve(path: str, root: str) -> str:
    """A path as it is where it is absolute or a URL, else within `root`."""
    if not root or "://" in path or path.startswith("/"):
        return path
    return posixpath.join(root, path)


def _range(path: str, offset: int, length: int) -> bytes:
    filesystem, inner = url_to_fs(path)
    data = filesystem.cat_file(inner, start=offset, end=offset + length)
    if len(data) != length:
        raise BlobError(f"{path} at {offset}: {len(data)} of {length} bytes")
    return data


def _body(blob: BlobRef, config: ReadConfig) -> bytes:
    if blob.path.startswith(UNPACKED):
        with fsspec.open(blob.path.removeprefix(UNPACKED), "rb") as packed:
            magic = packed.read(4)
            packed.seek(0)
            stored = UnpackedStream(packed, magic).stretch(blob.offset, blob.length)
    else:
        stored = _range(blob.path, blob.offset, blob.length)
        if stored.startswith(b"\x1f\x8b"):
            stored = _inflated(stored, record_caps(config))
    return decoded_body(parse_record(stored), media_caps(config)).data


def _inflated(member: bytes, caps: Caps) -> bytes:
    """A gzip member, inflated and checked. The expansion was judged when the archive was read; the size is judged again."""
    inflater = zlib.decompressobj(31)
    data = inflater.decompress(member, caps.max_bytes)
    if not inflater.eof:
        raise BlobError(f"a member of more than {caps.max_bytes} bytes, or cut off")
    return data
