"""The path of an archive -> its Pages, ArchiveMedia and Rejections, one by one, and the Tallies of its records.

Reads gzip with a member a record (the standard), plain archives, and those packed as a whole (gzip, bzip2, zstd), WARC and
ARC alike; anything else is one `not_an_archive`. Never holds more than one record. Raises OSError where the path cannot be
read: that is no fault of a record.
"""

import posixpath
import zlib
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO

import fsspec

from lamella.schemas.account import Door, Tally
from lamella.schemas.config import ReadConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.blobs import UNPACKED
from lamella.transforms.base.watchdog import TimedOut, limited
from lamella.transforms.formats.content_encoding import record_caps
from lamella.transforms.formats.decompress import UnpackedStream, is_packed
from lamella.transforms.formats.warc import declared_length, starts_record
from lamella.transforms.read.members import Fault, Member, first_record, gzip_members, plain_members, without_junk
from lamella.transforms.read.responses import Archive, judge

Read = Page | ArchiveMedia | Rejection | Tally

_GZIP = b"\x1f\x8b\x08"
_PEEK_BYTES = 1 << 18
_BLANK = b"\r\n"


def read_archive(path: str, config: ReadConfig) -> Iterator[Read]:
    """Everything that an archive holds, in its order, then its tallies. A crash costs one record, or the archive's rest."""
    counts = Counter()
    try:
        yield from _outputs(path, config, counts)
    except OSError:
        raise
    except Exception as error:  # the crash door again, for what cuts records out
        counts["in"] += 1
        yield _crashed(path, error, -1)
    yield from _tallies(path, counts)


def holds_records(stream: BinaryIO) -> bool:
    """Whether a file, open at any place, looks like an archive: it may start with junk."""
    stream.seek(0)
    start = stream.read(_PEEK_BYTES)
    stream.seek(0)
    return _kind(stream, start, record_caps(ReadConfig()).max_bytes) is not None


def _outputs(path: str, config: ReadConfig, counts: Counter) -> Iterator[Page | ArchiveMedia | Rejection]:
    with fsspec.open(path, "rb") as stream:
        start = stream.read(_PEEK_BYTES)
        stream.seek(0)
        kind = _kind(stream, start, record_caps(config).max_bytes)
        if not kind:
            counts["in"] += 1
            yield _rejected(path, Reason.NOT_AN_ARCHIVE, f"starts with {start[:16]!r}")
            return
        packed = kind is _Kind.PACKED
        archive = Archive(path=path, blob_path=UNPACKED + path if packed else path, name=posixpath.basename(path))
        for member in _members(stream, start, kind, config):
            counts["in"] += 1
            output = _judged(member, archive, config)
            counts["pages"] += isinstance(output, Page)
            counts["kept"] += not isinstance(output, Rejection)
            if output is not None:
                yield output


def _judged(member: Member | Fault, archive: Archive, config: ReadConfig) -> Page | ArchiveMedia | Rejection | None:
    try:
        return limited(config.record_timeout_s, judge, member, archive, config)
    except TimedOut:
        return _rejected(archive.path, Reason.TIMED_OUT, f"more than {config.record_timeout_s:g} s", member.offset)
    except Exception as error:  # the crash door: counted, limited by `max_crash_ratio`, never silent
        return _crashed(archive.path, error, member.offset)


class _Kind(Enum):
    PACKED = "packed as a whole"
    GZIP = "a gzip member a record"
    PLAIN = "not packed"


def _kind(stream: BinaryIO, start: bytes, max_junk: int) -> _Kind | None:
    """How an archive is packed, junk before its first record aside; None where the first `max_junk` bytes hold no record."""
    if _packed_as_a_whole(start):
        return _Kind.PACKED
    if start.startswith(_GZIP):
        return _Kind.GZIP
    if starts_record(start.lstrip(_BLANK)):
        return _Kind.PLAIN
    found = first_record(stream, max_junk)
    stream.seek(0)
    if not found:
        return None
    return _Kind.GZIP if found.startswith(_GZIP) else _Kind.PLAIN


def _members(stream: BinaryIO, start: bytes, kind: _Kind, config: ReadConfig) -> Iterator[Member | Fault]:
    caps = record_caps(config)
    if kind is not _Kind.PACKED:
        yield from (gzip_members if kind is _Kind.GZIP else plain_members)(stream, caps)
        return
    unpacked, end = UnpackedStream(stream, start), 0
    for member in plain_members(unpacked, caps):
        end = member.offset + member.length
        yield member
    if unpacked.damage:
        yield Fault(offset=end, length=0, reason=Reason.TRUNCATED_RECORD, detail=f"unpacking stopped: {unpacked.damage}")


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
    data = without_junk(data)
    declared = declared_length(data)
    if not declared:
        return False
    rest = data[sum(declared) :].lstrip(_BLANK)
    if rest:
        return starts_record(rest)
    blocks = decoder.eof and len(data) < sum(declared) and following  # cut into blocks, as bgzip does
    return bool(blocks) and not starts_record(following.lstrip(_BLANK))


def _crashed(path: str, error: Exception, offset: int) -> Rejection:
    return _rejected(path, Reason.CRASHED, f"{type(error).__name__}: {error}"[:500], offset)


def _rejected(path: str, reason: Reason, detail: str, offset: int = -1) -> Rejection:
    return Rejection(
        stage=Stage.READ,
        unit=Unit.RECORD,
        key=stable_key(posixpath.basename(path), offset),
        reason=reason,
        detail=detail,
        archive=path,
        offset=offset,
    )


def _tallies(path: str, counts: Counter) -> Iterator[Tally]:
    rows = (
        (Unit.RECORD, Door.IN, counts["in"]),
        (Unit.RECORD, Door.KEPT, counts["kept"]),
        (Unit.PAGE, Door.MADE, counts["pages"]),
        (Unit.PAGE, Door.KEPT, counts["pages"]),
    )
    for unit, door, count in rows:
        yield Tally(stage=Stage.READ, unit=unit, door=door, count=count, archive=path)
