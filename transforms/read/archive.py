"""The path of an archive -> its Pages, ArchiveMedia and Rejections, one by one, and the Counters of its records.

Reads gzip with a member a record (the standard), plain archives, and those packed as a whole (gzip, bzip2, zstd), WARC and
ARC alike; anything else is one `not_an_archive`. Never holds more than one record. Raises OSError where the path cannot be
read: that is no fault of a record.
"""

import posixpath
import zlib
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import BinaryIO

import fsspec

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ReadConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.accounting import Account, Units, caught, error_line
from lamella.transforms.base.blobs import UNPACKED
from lamella.transforms.formats.content_encoding import record_caps
from lamella.transforms.formats.decompress import UnpackedStream, is_packed
from lamella.transforms.formats.warc import declared_length, starts_record
from lamella.transforms.read.members import Fault, Member, first_record, gzip_members, plain_members, without_junk
from lamella.transforms.read.responses import Archive, judge

Read = Page | ArchiveMedia | Rejection | Counter

_ONE = ((Unit.RECORD, 1),)
_RECORD_AND_PAGE = ((Unit.RECORD, 0), (Unit.PAGE, 0))
_GZIP = b"\x1f\x8b\x08"
_PEEK_BYTES = 1 << 18
_BLANK = b"\r\n"


def read_archive(path: str, config: ReadConfig) -> Iterator[Read]:
    """Everything that an archive holds, in its order, then its counters. A crash costs one record, or the archive's rest."""
    account = Account(Stage.READ, makes=True, units=_units)
    account.add(CounterKind.IN, _RECORD_AND_PAGE[:1])  # an archive without a record, or without a page, says so
    account.add(CounterKind.MADE, _RECORD_AND_PAGE[1:])
    account.add(CounterKind.KEPT, _RECORD_AND_PAGE)
    try:
        yield from _outputs(path, config, account)
    except OSError:
        raise
    except Exception as error:  # the crash door again, for what cuts records out
        yield from account.settled(_ONE, [_rejected(path, Reason.CRASHED, error_line(error))])
    yield from (replace(counter, archive=path) for counter in account.counters())


def holds_records(stream: BinaryIO) -> bool:
    """Whether a file, open at any place, looks like an archive: it may start with junk."""
    stream.seek(0)
    start = stream.read(_PEEK_BYTES)
    stream.seek(0)
    return _kind(stream, start, record_caps(ReadConfig()).max_bytes) is not None


def _outputs(path: str, config: ReadConfig, account: Account) -> Iterator[Page | ArchiveMedia | Rejection]:
    with fsspec.open(path, "rb") as stream:
        start = stream.read(_PEEK_BYTES)
        stream.seek(0)
        kind = _kind(stream, start, record_caps(config).max_bytes)
        if not kind:
            yield from account.settled(_ONE, [_rejected(path, Reason.NOT_AN_ARCHIVE, f"starts with {start[:16]!r}")])
            return
        packed = kind is _Kind.PACKED
        archive = Archive(path=path, blob_path=UNPACKED + path if packed else path, name=posixpath.basename(path))
        for member in _members(stream, start, kind, config):
            yield from account.settled(_ONE, _judged(member, archive, config))


def _judged(member: Member | Fault, archive: Archive, config: ReadConfig) -> list[Page | ArchiveMedia | Rejection]:
    """What a record is, alone; nothing, of one that is kept and goes nowhere (a request, a crawl's facts)."""

    def run() -> list[Page | ArchiveMedia | Rejection]:
        output = judge(member, archive, config)
        return [] if output is None else [output]

    left = partial(_rejected, archive.path, offset=member.offset)
    return caught(run, left, limit_s=config.record_timeout_s)


def _units(output: Page | ArchiveMedia) -> Units:
    """A page is a new unit; media are their record still."""
    return ((Unit.PAGE, 1),) if isinstance(output, Page) else ()


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
