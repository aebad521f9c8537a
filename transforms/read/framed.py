"""A file of zstd or LZ4 frames, one for each record -> its records, one by one, and a Fault for each stretch without one."""

from collections.abc import Iterator

from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import SizeLimits
from lamella.transforms.formats.frames import (
    DICTIONARY,
    FRAME,
    MAX_DICTIONARY_BYTES,
    SKIPPABLE,
    BadFrame,
    FrameTooLarge,
    frame_length,
    read_dictionary,
    start_of,
    unframed,
)
from lamella.transforms.formats.streams import Readable
from lamella.transforms.formats.warc import declared_length, starts_record
from lamella.transforms.read.members import Fault, Member, first_of
from lamella.transforms.read.window import Window

_HEAD_BYTES = 8192
_MAX_HEAD_BYTES = 1 << 20
_PEEK_BYTES = 1 << 14
_BLANK = b"\r\n"


def has_a_frame_a_record(start: bytes) -> bool:
    """Whether the first frame of a file holds exactly one record; then the others do too. `start` is its first 256 kB."""
    dictionary = b""
    try:
        while SKIPPABLE.match(start):
            length = frame_length(_peeking(start), len(start))
            dictionary = dictionary or read_dictionary(start[:length])
            start = start[length:]
        length, whole = frame_length(_peeking(start), len(start)), True
    except BadFrame:
        return False
    except (EOFError, FrameTooLarge):
        length, whole = len(start), False
    head = start_of(start[:length], _MAX_HEAD_BYTES if whole else _HEAD_BYTES, dictionary).lstrip(_BLANK)
    declared = declared_length(head)
    if not declared or head[sum(declared) :].lstrip(_BLANK):
        return False
    return not whole or len(head) >= min(sum(declared), _MAX_HEAD_BYTES - _HEAD_BYTES)


def framed_members(stream: Readable, limits: SizeLimits) -> Iterator[Member | Fault]:
    """The records of a file whose frames hold one each."""
    window, dictionary = Window(stream), b""
    while window.has(1):
        start = window.start
        try:
            length = frame_length(_windowed(window), limits.max_bytes)
            if SKIPPABLE.match(window.data):
                is_first = window.data.startswith(DICTIONARY) and not dictionary
                if is_first and length <= MAX_DICTIONARY_BYTES and window.has(length):
                    dictionary = read_dictionary(bytes(window.data[:length]))
                window.skip(length)
                continue
            if not window.has(length):
                raise EOFError
            try:
                data = unframed(bytes(window.data[:length]), limits, dictionary)
            except FrameTooLarge:
                window.drop(length)
                raise
            window.drop(length)
        except (EOFError, BadFrame, FrameTooLarge) as error:
            found = True
            if window.start == start:  # where the next one starts is not known: a length may be damage itself
                window.drop(1)
                found = _skip_to_record(window, dictionary, limits)
            yield Fault(offset=start, length=window.start - start, reason=_reason(error, found), detail=str(error) or "cut off")
            continue
        if data.strip(_BLANK):
            yield from first_of(Member(offset=start, length=length, data=data))


def _reason(error: Exception, found: bool) -> Reason:
    """`found`: records follow, so that it is not the file's end that lacks."""
    if isinstance(error, FrameTooLarge):
        return Reason.RECORD_TOO_LARGE
    return Reason.TRUNCATED_RECORD if isinstance(error, EOFError) and not found else Reason.DAMAGED_RECORD


def _skip_to_record(window: Window, dictionary: bytes, limits: SizeLimits) -> bool:
    """Goes to the next frame that starts a record; to the end, and returns False, if there is none."""
    while window.skip_to(FRAME):
        try:
            length = frame_length(_windowed(window), limits.max_bytes)
            whole = window.has(length)
        except (EOFError, BadFrame, FrameTooLarge):
            whole = False
        frame = bytes(window.data[: length if whole else _PEEK_BYTES])
        if starts_record(start_of(frame, _HEAD_BYTES, dictionary).lstrip(_BLANK)):
            return True
        window.drop(1)
    return False


def _windowed(window: Window):
    def peek(at: int, size: int) -> bytes:
        if not window.has(at + size):
            raise EOFError
        return bytes(window.data[at : at + size])

    return peek


def _peeking(data: bytes):
    def peek(at: int, size: int) -> bytes:
        if len(data) < at + size:
            raise EOFError
        return data[at : at + size]

    return peek
