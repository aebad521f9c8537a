"""A stream of a web archive -> its records' bytes, one by one, and a Fault for each stretch without a usable one.

Damage loses only the record that it hit: reading goes on at the next place where a record starts. (warcio and FastWARC lose
everything behind a damaged gzip member.) `SizeLimits` bounds the memory.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import SizeLimits
from lamella.transforms.formats.streams import Readable
from lamella.transforms.formats.warc import MAX_HEAD_BYTES, declared_length, is_warc, starts_record
from lamella.transforms.read.inflate import FLAGS_AT, RESERVED_FLAGS, Unusable, inflate
from lamella.transforms.read.window import Window

_MAGIC = re.compile(rb"\x1f\x8b\x08")
_FEED = 1 << 14  # bytes in which a member's start is looked for
_GLIMPSE = 1 << 9  # bytes of a member in which a head and the first of its data stand
_SCHEME_BYTES = 64
_OPENING = re.compile(rb"WARC/|[a-z][a-z0-9+.\-]{1,20}:|\Z", re.IGNORECASE)  # of a record of either format; or lines are blank
_HEAD_BYTES = 8192  # enough for nearly every header block
_BLANK = b"\r\n"
_NEXT_RECORD = re.compile(
    rb"(?i:warc)/\d\.\d+\r?\n[A-Za-z\-]+[ \t]*:"
    rb"|(?<=[\n\x00])[a-z][a-z0-9+.\-]{1,20}:[^\n]{0,4096}? (?:[0-9A-Fa-f.:]{1,45}|-) \d{14} [^\n]{0,200}\d\r?\n"
)
_RECORD_OR_MEMBER = re.compile(_MAGIC.pattern + b"|" + _NEXT_RECORD.pattern)
_MISCOUNT = 4  # bytes; real crawls miscount the line breaks at a record's end (CC-MAIN-2018-34)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One record: where it is stored, and its bytes, inflated."""

    offset: int
    length: int  # as stored
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A stretch of an archive that holds no usable record."""

    offset: int
    length: int
    reason: Reason
    detail: str


def gzip_members(stream: Readable, limits: SizeLimits) -> Iterator[Member | Fault]:
    """The members of a gzip file that has a member a record, as web archives should."""
    window = Window(stream)
    while window.has(1):
        start = window.start
        try:
            data = inflate(window, limits)
        except Unusable as fault:
            if fault.lost:
                window.drop(1 if window.start == start else 0)
                _skip_to_member(window)
            cut = fault.reason is Reason.TRUNCATED_RECORD and window.has(1)  # members follow, so it is not the end that lacks
            reason = Reason.DAMAGED_RECORD if cut else fault.reason
            yield Fault(offset=start, length=window.start - start, reason=reason, detail=str(fault))
            yield from _records(window, limits, until=_MAGIC)
            continue
        if data[:_GLIMPSE].strip(_BLANK) or data.strip(_BLANK):  # an empty member holds no record
            yield from first_of(Member(offset=start, length=window.start - start, data=data))


def plain_members(stream: Readable, limits: SizeLimits) -> Iterator[Member | Fault]:
    """The records of an archive that is not packed, or of the stream that it unpacks to."""
    return _records(Window(stream), limits)


def _records(window: Window, limits: SizeLimits, until: re.Pattern[bytes] | None = None) -> Iterator[Member | Fault]:
    """Records that are not packed, up to the stream's end or to where `until` begins instead of a record."""
    while _skip_blank(window) and not (until and until.match(window.data)):
        start = window.start
        head = _head(window)
        declared = declared_length(head)
        try:
            if not starts_record(head):
                raise Unusable(Reason.DAMAGED_RECORD, f"no record starts with {head[:16]!r}")
            end = _end_of(window, declared, limits)
        except Unusable as fault:
            if fault.lost:
                window.drop(1 if window.start == start else 0)
                window.skip_to(_NEXT_RECORD)
            yield Fault(offset=start, length=window.start - start, reason=fault.reason, detail=str(fault))
            continue
        yield Member(offset=start, length=end, data=bytes(window.data[:end]))
        window.drop(end)


def first_record(stream: Readable, within: int) -> bytes:
    """The first bytes of the first record, or of the gzip member that holds it; b"" if none starts within so many bytes."""
    window = Window(stream)
    while window.skip_to(_RECORD_OR_MEMBER) and window.start <= within:
        window.has(_FEED)
        start = bytes(window.data[:_FEED])
        if starts_record(start) or starts_record(_peek(start)):
            return start
        window.drop(1)
    return b""


def without_junk(data: bytes) -> bytes:
    """From the first record on; as it is where it starts with one, or holds none."""
    if starts_record(data.lstrip(_BLANK)):
        return data
    found = _NEXT_RECORD.search(data)
    return data[found.start() :] if found else data


def holds_another(data: bytes) -> bool:
    """Whether another record follows the first one, whatever length that declares."""
    return _end_of_first(data) is not None


def _skip_to_member(window: Window) -> None:
    """To the next place where a gzip member starts that starts a record, or a record that is not packed; to the end where there
    is neither."""
    while window.skip_to(_RECORD_OR_MEMBER):
        window.has(_FEED)
        if not _MAGIC.match(window.data):
            return
        if _may_hold_record(bytes(window.data[:_GLIMPSE])) and starts_record(_peek(bytes(window.data[:_FEED]))):
            return
        window.drop(1)


def _may_hold_record(member: bytes) -> bool:
    """Whether the first bytes of a gzip member, if it is one, inflate to what a record may start with: the cheap question comes
    first, since noise may hold the three bytes of a member's start over and over."""
    if len(member) < 4 or member[FLAGS_AT] & RESERVED_FLAGS:
        return False
    try:
        start = zlib.decompressobj(31).decompress(member, _SCHEME_BYTES)
    except zlib.error:
        return False
    return bool(start and _OPENING.match(start.lstrip(_BLANK)))


def _peek(member: bytes) -> bytes:
    """The first bytes of a gzip member's content, without line breaks; b"" if it is not one."""
    try:
        return zlib.decompressobj(31).decompress(member, _HEAD_BYTES).lstrip(_BLANK)
    except zlib.error:
        return b""


def first_of(member: Member) -> Iterator[Member | Fault]:
    """The member; if it holds a second record, that one as a Fault, because nothing could refer to it."""
    whole = _end_of_first(member.data)
    if whole is None:
        yield member
        return
    yield Member(offset=member.offset, length=member.length, data=member.data[:whole])
    yield Fault(
        offset=member.offset, length=member.length, reason=Reason.DAMAGED_RECORD, detail="second record in a gzip member"
    )


def _end_of_first(data: bytes) -> int | None:
    """Where the first of several records in a member ends, by its declared length, or where the next one starts if that is not
    true; None where it is the only one."""
    block, length = declared_length(data) or (1, len(data))
    rest = data[block + length :][:_HEAD_BYTES].lstrip(_BLANK)
    if rest and starts_record(rest):
        return block + length
    if block + length <= len(data) and not rest:
        return None
    following = _NEXT_RECORD.search(data, block)
    return following and following.start()


def _skip_blank(window: Window) -> bool:
    """Drops line breaks; whether anything is left."""
    while window.has(1) and window.data[0] in _BLANK:
        window.drop(len(window.data) - len(window.data.lstrip(_BLANK)))
    return window.has(1)


def _head(window: Window) -> bytes:
    """The window's front, as much of it as its header block needs."""
    window.has(_HEAD_BYTES)
    head = bytes(window.data[:_HEAD_BYTES])
    if declared_length(head) or len(head) < _HEAD_BYTES or not starts_record(head):
        return head
    window.has(MAX_HEAD_BYTES)
    return bytes(window.data[:MAX_HEAD_BYTES])


def _end_of(window: Window, declared: tuple[int, int] | None, limits: SizeLimits) -> int:
    """How many bytes of the window the record at its front takes.

    Its declared length, where a record or the end follows there, or where it is of the ARC format. Else up to the next
    record, unless that is nearer than declared, which says that bytes are missing.
    """
    block, length = declared or (1, 0)
    end = block + length
    if declared and length > limits.max_bytes and not window.may_reach(end):
        raise Unusable(Reason.DAMAGED_RECORD, f"a length of {length} bytes, and the archive ends before them")
    if declared and length > limits.max_bytes:
        window.skip(end)
        detail = f"{length} > {limits.max_bytes} bytes"
        raise Unusable(Reason.RECORD_TOO_LARGE, detail, lost=not _follows(window, 0))
    complete = window.has(end)
    if declared and complete and (_follows(window, end) or window.data[end : end + 4] == b"\r\n\r\n"):
        return end
    following = window.find(_NEXT_RECORD, block, limits.max_bytes)
    if declared and complete and not is_warc(window.data) and (following is None or following > end + _MISCOUNT):
        return end  # an ARC record has no other end than its length: what stands behind it is damage, and no part of it
    if following is None:
        if len(window.data) > limits.max_bytes:
            raise Unusable(Reason.RECORD_TOO_LARGE, f"no end within {limits.max_bytes} bytes")
        if not complete:
            raise Unusable(Reason.TRUNCATED_RECORD, f"{len(window.data) - block} of {length} bytes")
        following = len(window.data)
    held = len(window.data[:following].rstrip(_BLANK))
    if declared and held + _MISCOUNT < end and following + _MISCOUNT < end:
        raise Unusable(Reason.DAMAGED_RECORD, f"{held - block} of {length} bytes, then another record")
    return following


def _follows(window: Window, at: int) -> bool:
    """Whether a record or the stream's end follows."""
    window.has(at + _HEAD_BYTES)
    rest = bytes(window.data[at : at + _HEAD_BYTES]).lstrip(_BLANK)
    return not rest or starts_record(rest)
