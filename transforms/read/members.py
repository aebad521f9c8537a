"""A stream of a web archive -> its records' bytes, one by one, and a Fault for each stretch without a usable one.

Damage loses only the record that it hit: reading goes on at the next place where a record starts. (warcio and FastWARC lose
everything behind a damaged gzip member.) `SizeLimits` bounds the memory.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from isal import isal_zlib

from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import SizeLimits
from lamella.transforms.formats.streams import Readable
from lamella.transforms.formats.warc import MAX_HEAD_BYTES, declared_length, is_warc, starts_record
from lamella.transforms.read.window import Window

_MAGIC = re.compile(rb"\x1f\x8b\x08")
_FEED = 1 << 14  # bytes packed, and inflated, at a time
_STEP = 1 << 17
_QUICK_FEED, _QUICK_STEP = 1 << 16, 1 << 20
_GLIMPSE = 1 << 9  # bytes of a member in which a head and the first of its data stand
_SCHEME_BYTES = 64
_FLAGS_AT = 3
_RESERVED_FLAGS = 0xE0  # RFC 1952, 2.3.1.2: must be zero
_UNCHECKED_FLAGS = _RESERVED_FLAGS | 0x02  # and the head's own checksum
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
            data = _inflate(window, limits)
        except _Unusable as fault:
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
                raise _Unusable(Reason.DAMAGED_RECORD, f"no record starts with {head[:16]!r}")
            end = _end_of(window, declared, limits)
        except _Unusable as fault:
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


class _Unusable(Exception):
    """`lost`: where the next record starts is not known."""

    def __init__(self, reason: Reason, detail: str, lost: bool = True):
        super().__init__(detail)
        self.reason, self.lost = reason, lost


def _inflate(window: Window, limits: SizeLimits) -> bytes:
    """Inflates the member at the window's front and drops it: by ISA-L, which is twice as fast, and where that does not come to
    the end of a member within the limits, by zlib, which says what is wrong."""
    quick = _inflate_quickly(window, limits)
    return _inflate_or_tell(window, limits) if quick is None else quick


def _inflate_quickly(window: Window, limits: SizeLimits) -> bytes | None:
    """None, and nothing is dropped, where the member is damaged, cut or too large, or has a head that ISA-L does not check."""
    if not window.has(_FLAGS_AT + 1) or window.data[_FLAGS_AT] & _UNCHECKED_FLAGS:
        return None
    decoder = isal_zlib.decompressobj(31)
    at, size, out = 0, 0, []
    try:
        while not decoder.eof:
            if at == len(window.data) and not window.grow():
                return None
            feed = bytes(memoryview(window.data)[at : at + _QUICK_FEED])
            piece = decoder.decompress(feed, _QUICK_STEP)
            at += len(feed) - len(decoder.unused_data if decoder.eof else decoder.unconsumed_tail)
            size += len(piece)
            if size > limits.max_bytes or (size > limits.expansion_floor_bytes and size > limits.max_expansion * at):
                return None
            out.append(piece)
    except isal_zlib.error:
        return None
    window.drop(at)
    return b"".join(out)


def _inflate_or_tell(window: Window, limits: SizeLimits) -> bytes:
    """The same by zlib. A member that is too large is dropped without being kept. Raises _Unusable."""
    decoder = zlib.decompressobj(31)
    at, taken, size, out = 0, 0, 0, []
    while not decoder.eof:
        if at == len(window.data) and not window.grow():
            raise _Unusable(Reason.TRUNCATED_RECORD, "cut off")
        feed = bytes(window.data[at : at + _FEED])
        try:
            piece = decoder.decompress(feed, _STEP)
        except zlib.error as error:
            raise _Unusable(Reason.DAMAGED_RECORD, str(error)) from error
        used = len(feed) - len(decoder.unused_data if decoder.eof else decoder.unconsumed_tail)
        at, taken, size = at + used, taken + used, size + len(piece)
        if size > limits.expansion_floor_bytes and size > limits.max_expansion * taken:
            window.drop(at)
            raise _Unusable(Reason.RECORD_TOO_LARGE, f"grows more than {limits.max_expansion:g}-fold when inflated")
        if size <= limits.max_bytes:
            out.append(piece)
        else:
            out.clear()
            window.drop(at)
            at = 0
    window.drop(at)
    if size > limits.max_bytes:
        raise _Unusable(Reason.RECORD_TOO_LARGE, f"{size} > {limits.max_bytes} bytes", lost=False)
    return b"".join(out)


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
    if len(member) < 4 or member[_FLAGS_AT] & _RESERVED_FLAGS:
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
        raise _Unusable(Reason.DAMAGED_RECORD, f"a length of {length} bytes, and the archive ends before them")
    if declared and length > limits.max_bytes:
        window.skip(end)
        detail = f"{length} > {limits.max_bytes} bytes"
        raise _Unusable(Reason.RECORD_TOO_LARGE, detail, lost=not _follows(window, 0))
    complete = window.has(end)
    if declared and complete and (_follows(window, end) or window.data[end : end + 4] == b"\r\n\r\n"):
        return end
    following = window.find(_NEXT_RECORD, block, limits.max_bytes)
    if declared and complete and not is_warc(window.data) and (following is None or following > end + _MISCOUNT):
        return end  # an ARC record has no other end than its length: what stands behind it is damage, and no part of it
    if following is None:
        if len(window.data) > limits.max_bytes:
            raise _Unusable(Reason.RECORD_TOO_LARGE, f"no end within {limits.max_bytes} bytes")
        if not complete:
            raise _Unusable(Reason.TRUNCATED_RECORD, f"{len(window.data) - block} of {length} bytes")
        following = len(window.data)
    held = len(window.data[:following].rstrip(_BLANK))
    if declared and held + _MISCOUNT < end and following + _MISCOUNT < end:
        raise _Unusable(Reason.DAMAGED_RECORD, f"{held - block} of {length} bytes, then another record")
    return following


def _follows(window: Window, at: int) -> bool:
    """Whether a record or the stream's end follows."""
    window.has(at + _HEAD_BYTES)
    rest = bytes(window.data[at : at + _HEAD_BYTES]).lstrip(_BLANK)
    return not rest or starts_record(rest)
