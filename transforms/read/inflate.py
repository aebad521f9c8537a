"""The gzip member at the front of a window -> its content, bounded; raises Unusable where there is none."""

import zlib
from typing import cast

from isal import isal_zlib

from lamella.schemas.rejection import Reason
from lamella.transforms.formats.content_encoding import SizeLimits
from lamella.transforms.read.window import Window

FLAGS_AT = 3
RESERVED_FLAGS = 0xE0  # RFC 1952, 2.3.1.2: must be zero
_UNCHECKED_FLAGS = RESERVED_FLAGS | 0x02  # and the head's own checksum
_FEED, _STEP = 1 << 14, 1 << 17  # bytes packed, and inflated, at a time
_QUICK_FEED, _QUICK_STEP = 1 << 16, 1 << 20
_QUICK_ERROR = cast(type[Exception], isal_zlib.error)  # its types say an instance


class Unusable(Exception):
    """`lost`: where the next record starts is not known."""

    def __init__(self, reason: Reason, detail: str, lost: bool = True):
        super().__init__(detail)
        self.reason, self.lost = reason, lost


def inflate(window: Window, limits: SizeLimits) -> bytes:
    """Inflates the member at the window's front and drops it: by ISA-L, which is twice as fast, and where that does not come to
    the end of a member within the limits, by zlib, which says what is wrong."""
    quick = _inflate_quickly(window, limits)
    return _inflate_or_tell(window, limits) if quick is None else quick


def _inflate_quickly(window: Window, limits: SizeLimits) -> bytes | None:
    """None, and nothing is dropped, where the member is damaged, cut or too large, or has a head that ISA-L does not check."""
    if not window.has(FLAGS_AT + 1) or window.data[FLAGS_AT] & _UNCHECKED_FLAGS:
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
    except _QUICK_ERROR:
        return None
    window.drop(at)
    return b"".join(out)


def _inflate_or_tell(window: Window, limits: SizeLimits) -> bytes:
    """The same by zlib. A member that is too large is dropped without being kept. Raises Unusable."""
    decoder = zlib.decompressobj(31)
    at, taken, size, out = 0, 0, 0, []
    while not decoder.eof:
        if at == len(window.data) and not window.grow():
            raise Unusable(Reason.TRUNCATED_RECORD, "cut off")
        feed = bytes(window.data[at : at + _FEED])
        try:
            piece = decoder.decompress(feed, _STEP)
        except zlib.error as error:
            raise Unusable(Reason.DAMAGED_RECORD, str(error)) from error
        used = len(feed) - len(decoder.unused_data if decoder.eof else decoder.unconsumed_tail)
        at, taken, size = at + used, taken + used, size + len(piece)
        if size > limits.expansion_floor_bytes and size > limits.max_expansion * taken:
            window.drop(at)
            raise Unusable(Reason.RECORD_TOO_LARGE, f"grows more than {limits.max_expansion:g}-fold when inflated")
        if size <= limits.max_bytes:
            out.append(piece)
        else:
            out.clear()
            window.drop(at)
            at = 0
    window.drop(at)
    if size > limits.max_bytes:
        raise Unusable(Reason.RECORD_TOO_LARGE, f"{size} > {limits.max_bytes} bytes", lost=False)
    return b"".join(out)
