"""A file -> the stretches of records in it, however wrapped: each with its members, and the file that their offsets count in.

WARC and ARC, plain or with a gzip member, a zstd frame or an LZ4 frame for each record; any of these compressed as a whole
(gzip, bzip2, xz, zstd, LZ4); and any of these in a zip (WACZ) or a tar, which may itself be compressed (`.tar.gz`) or be in
another.
"""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import BinaryIO, NamedTuple

from lamella.schemas.rejection import Reason
from lamella.transforms.base.packed import Packed
from lamella.transforms.formats.content_encoding import SizeLimits
from lamella.transforms.formats.decompress import UnpackedStream, is_packed
from lamella.transforms.formats.frames import FRAME, SKIPPABLE
from lamella.transforms.formats.streams import Again, PieceStream, Section, Seekable, exactly
from lamella.transforms.formats.warc import declared_length, starts_record
from lamella.transforms.formats.zip_methods import unzipped
from lamella.transforms.read.containers import Inner, archives_in_tar, inner_archives, is_tar
from lamella.transforms.read.framed import framed_members, has_a_frame_a_record
from lamella.transforms.read.members import (
    Fault,
    Member,
    first_record,
    gzip_members,
    holds_another,
    plain_members,
    without_junk,
)

_GZIP = b"\x1f\x8b\x08"
_PEEK_BYTES = 1 << 18
_TAR_BYTES = 512
_BLANK = b"\r\n"


class Stretch(NamedTuple):
    """Records that lie together. `blob_path` names them in a BlobRef: the file's own path if they are in place."""

    members: Iterator[Member | Fault]
    blob_path: str
    apart: bool = False  # each can be read by itself, by its offset and length in the file: a gzip member, or not packed


def stretches(stream: BinaryIO, path: str, limits: SizeLimits) -> Iterator[Stretch]:
    """Of a file that can be sought in; none where it is no archive."""
    start = _start(stream)
    inner = inner_archives(stream, start)
    stream.seek(0)
    if inner is None:
        yield from _whole(stream, start, path, limits)
        return
    for one in inner:
        yield _within(stream, one, path, limits)


def holds_records(stream: BinaryIO, limits: SizeLimits) -> bool:
    """Whether a file, open at any place, looks like an archive: it may start with junk."""
    start = _start(stream)
    inner = inner_archives(stream, start)
    found = bool(inner) if inner is not None else _kind(stream, start, limits.max_bytes) is not None
    stream.seek(0)
    return found


class _Kind(Enum):
    PACKED = "packed as a whole"
    GZIP = "a gzip member a record"
    FRAMES = "a frame a record"
    PLAIN = "not packed"


_READERS = {_Kind.GZIP: gzip_members, _Kind.FRAMES: framed_members, _Kind.PLAIN: plain_members}


def _start(stream: Seekable) -> bytes:
    stream.seek(0)
    start = stream.read(_PEEK_BYTES)
    stream.seek(0)
    return start


def _whole(stream: BinaryIO, start: bytes, path: str, limits: SizeLimits) -> Iterator[Stretch]:
    kind = _kind(stream, start, limits.max_bytes)
    if kind is _Kind.PACKED and is_tar(_unpacked_start(stream)):
        yield from _in_packed_tar(UnpackedStream(stream), str(Packed(path=path)), limits)
    elif kind is _Kind.PACKED:
        yield Stretch(_unpacked(UnpackedStream(stream), limits), str(Packed(path=path)))
    elif kind:
        yield Stretch(_READERS[kind](stream, limits), path, apart=kind is not _Kind.FRAMES)


def _unpacked_start(stream: BinaryIO) -> bytes:
    start = UnpackedStream(stream).stretch(0, _TAR_BYTES)
    stream.seek(0)
    return start


def _in_packed_tar(stream: UnpackedStream, blob_path: str, limits: SizeLimits) -> Iterator[Stretch]:
    """The archives of a packed tar, one after the other: offsets count in what it unpacks to."""
    found = False
    for name, offset, part in archives_in_tar(stream):
        found = True
        start = exactly(part, _PEEK_BYTES)
        kind = _kind_of_start(start)
        inner = Inner(name, offset, len(start) + part.left)
        if kind in (None, _Kind.PACKED) or SKIPPABLE.match(start):
            said = f"{name[-100:]}, in a packed tar, starts with {start[:16]!r}"
            yield Stretch(iter([_fault(inner, Reason.NOT_AN_ARCHIVE, said)]), blob_path)
        else:
            yield Stretch(_moved(_READERS[kind](Again(start, part), limits), offset), blob_path)
    if stream.damage or not found:
        said = f"unpacking stopped: {stream.damage}" if stream.damage else "a tar without archives"
        reason = Reason.TRUNCATED_RECORD if stream.damage else Reason.NOT_AN_ARCHIVE
        yield Stretch(iter([Fault(offset=0, length=0, reason=reason, detail=said)]), blob_path)


def _within(stream: BinaryIO, inner: Inner, path: str, limits: SizeLimits) -> Stretch:
    """A member of a container. A stored member is in place: its records' offsets count in the container."""
    section = Section(stream, inner.offset, inner.length)
    if inner.fault:
        return Stretch(iter([_fault(inner, Reason.UNDECODABLE, inner.fault)]), path)
    packed = Packed(path=path, offset=inner.offset, length=inner.length, method=inner.method)
    if inner.method:
        start = unzipped(section, inner.method).stretch(0, _PEEK_BYTES)
        section.seek(0)
        kind = _kind_of_start(start)
        if kind is _Kind.PACKED:
            return Stretch(_unpacked(UnpackedStream(unzipped(section, inner.method)), limits), str(packed))
        if kind:
            unpacked = unzipped(section, inner.method)
            return Stretch(_told(_READERS[kind](unpacked, limits), unpacked), str(replace(packed, packed=False)))
    else:
        start = _start(section)
        kind = _kind(section, start, limits.max_bytes)
        section.seek(0)
        if kind is _Kind.PACKED:
            return Stretch(_unpacked(UnpackedStream(section), limits), str(packed))
        if kind is _Kind.FRAMES and SKIPPABLE.match(start):  # frames with a dictionary need the front of their own file
            return Stretch(_unpacked(UnpackedStream(section), limits), str(packed))
        if kind:
            return Stretch(_moved(_READERS[kind](section, limits), inner.offset), path)
    return Stretch(iter([_fault(inner, Reason.NOT_AN_ARCHIVE, f"{inner.name[-100:]} starts with {start[:16]!r}")]), path)


def _fault(inner: Inner, reason: Reason, detail: str) -> Fault:
    return Fault(offset=inner.offset, length=inner.length, reason=reason, detail=detail)


def _moved(members: Iterator[Member | Fault], by: int) -> Iterator[Member | Fault]:
    return (replace(member, offset=member.offset + by) for member in members)


def _unpacked(stream: UnpackedStream, limits: SizeLimits) -> Iterator[Member | Fault]:
    """The records of an unpacked stream: plain, or packed once more, each by itself."""
    start = exactly(stream, _PEEK_BYTES)
    kind = _kind_of_start(start)
    reader = _READERS[kind] if kind in (_Kind.GZIP, _Kind.FRAMES) else plain_members
    return _told(reader(Again(start, stream), limits), stream)


def _told(members: Iterator[Member | Fault], stream: PieceStream) -> Iterator[Member | Fault]:
    """The members, and the damage that ended them, where there was any."""
    end = 0
    for member in members:
        end = member.offset + member.length
        yield member
    if stream.damage:
        yield Fault(offset=end, length=0, reason=Reason.TRUNCATED_RECORD, detail=f"unpacking stopped: {stream.damage}")


def _kind(stream: Seekable, start: bytes, max_junk: int) -> _Kind | None:
    """How an archive is packed, junk before its first record aside; None where the first `max_junk` bytes hold no record."""
    if kind := _kind_of_start(start):
        return kind
    found = first_record(stream, max_junk)
    stream.seek(0)
    if not found:
        return None
    return _Kind.GZIP if found.startswith(_GZIP) else _Kind.PLAIN


def _kind_of_start(start: bytes) -> _Kind | None:
    if (FRAME.match(start) or SKIPPABLE.match(start)) and has_a_frame_a_record(start):
        return _Kind.FRAMES
    if _packed_as_a_whole(start):
        return _Kind.PACKED
    if start.startswith(_GZIP):
        return _Kind.GZIP
    return _Kind.PLAIN if starts_record(start.lstrip(_BLANK)) else None


def _packed_as_a_whole(start: bytes) -> bool:
    """Whether the file is packed, but not a gzip member a record."""
    if not start.startswith(_GZIP):
        return is_packed(start)
    decoder = zlib.decompressobj(31)
    try:
        data = decoder.decompress(start, _PEEK_BYTES)
        following = zlib.decompressobj(31).decompress(decoder.unused_data, _PEEK_BYTES) if decoder.unused_data else b""
    except zlib.error:
        return False
    if is_tar(data) or (data.startswith(_GZIP) and _kind_of_start(data) is _Kind.GZIP):
        return True
    data = without_junk(data)
    declared = declared_length(data)
    if not declared:
        return decoder.eof and not following and starts_record(data) and holds_another(data)
    rest = data[sum(declared) :].lstrip(_BLANK)
    if rest and starts_record(rest):
        return True
    if decoder.eof and not following and holds_another(data):
        return True
    if rest:
        return False
    blocks = decoder.eof and len(data) < sum(declared) and following  # cut into blocks, as bgzip does
    return bool(blocks) and not starts_record(following.lstrip(_BLANK))
