"""An AVIF file -> the frame sizes in its AV1 sequence headers, because the container may be wrong."""

import struct
from collections.abc import Iterator

_SEQUENCE_HEADER = 1
_CONTAINERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"meta", b"iprp", b"ipco"))
_MOST_HEADERS = 4096  # sequence headers, or places where one may stand; a grid has a few hundred tiles


def sequence_sizes(data: bytes) -> list[tuple[int, int]]:
    """(width, height) of every item and of every track's first sample, as far as they can be found."""
    sizes = []
    for at in _streams(data):
        if (size := _first_size(data, at)) and size not in sizes:
            sizes.append(size)
        if len(sizes) > _MOST_HEADERS:
            break
    return sizes


def _streams(data: bytes) -> Iterator[int]:
    """Where AV1 streams begin."""
    ideas = 0
    for name, start, end in boxes(data, 0, len(data)):
        places: Iterator[int] = iter(())
        if name == b"av1C":
            places = iter((start + 4,))
        elif name == b"iloc":
            places = _items(data, start, end)
        elif name in (b"stco", b"co64"):
            code = ">I" if name == b"stco" else ">Q"
            places = (struct.unpack_from(code, data, start + 8)[0] for _ in range(1) if start + 16 <= end)
        for place in places:
            ideas += 1
            if ideas > _MOST_HEADERS:
                return
            yield place


def boxes(data: bytes, at: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of every box and of those within, 8 deep."""
    while at + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1 and at + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = end if length == 0 else min(at + length, end)
        if stop < start:
            return
        yield name, start, stop
        if name in _CONTAINERS and depth < 8:
            yield from boxes(data, start + (4 if name == b"meta" else 0), stop, depth + 1)
        at = stop


def _items(data: bytes, start: int, end: int) -> Iterator[int]:
    """Where each item's first extent lies (ISO 14496-12, 8.11.3); one within `idat` is looked for there."""
    version, sizes, more = data[start], data[start + 4], data[start + 5]
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, more >> 4
    index_size = more & 15 if version else 0
    at, wide = start + 6, 4 if version == 2 else 2
    count = int.from_bytes(data[at : at + wide], "big")
    at += wide
    inside = data.find(b"idat", 0, end + (1 << 20))
    for _ in range(min(count, _MOST_HEADERS)):
        at += wide
        method = 0
        if version:
            method, at = data[at + 1] & 15, at + 2
        at += 2
        base, at = int.from_bytes(data[at : at + base_size], "big"), at + base_size
        extents, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        if at > end:
            return
        if extents:
            offset = int.from_bytes(data[at + index_size : at + index_size + offset_size], "big")
            yield base + offset + (inside + 4 if method == 1 and inside >= 0 else 0)
        at += extents * (index_size + offset_size + length_size)


def _first_size(data: bytes, at: int) -> tuple[int, int] | None:
    """The first sequence header among the OBUs at `at` (AV1 specification, 5.3)."""
    for _ in range(8):
        if at >= len(data):
            return None
        head = data[at]
        if head & 0x80:  # the forbidden bit
            return None
        at += 2 if head & 4 else 1
        length = len(data) - at
        if head & 2:
            length, at = _leb128(data, at)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            return _size(_Bits(data[at : at + min(length, 64)]))
        at += length
    return None


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 56, 7):
        if at >= len(data):
            return 0, at
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            break
    return value, at


class _Bits:
    def __init__(self, data: bytes):
        self._value, self._left = int.from_bytes(data, "big"), len(data) * 8

    def take(self, count: int) -> int:
        """The next bits as a number; zeros where there are no more."""
        self._left -= count
        return (self._value >> max(0, self._left)) & ((1 << count) - 1) if self._left >= 0 else 0


def _size(bits: _Bits) -> tuple[int, int]:
    """Width and height of a sequence header (AV1 specification, 5.5.1)."""
    bits.take(3)  # profile
    bits.take(1)  # still picture
    if bits.take(1):  # reduced header
        bits.take(5)
    else:
        decoder_model, delay = False, 0
        if bits.take(1):  # timing information
            bits.take(64)
            if bits.take(1):
                _uvlc(bits)
            if decoder_model := bool(bits.take(1)):
                delay = bits.take(5) + 1
                bits.take(42)
        shown_delay = bits.take(1)
        for _ in range(bits.take(5) + 1):
            bits.take(12)
            if bits.take(5) > 7:
                bits.take(1)
            if decoder_model and bits.take(1):
                bits.take(2 * delay + 1)
            if shown_delay and bits.take(1):
                bits.take(4)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(wide) + 1, bits.take(high) + 1


def _uvlc(bits: _Bits) -> None:
    zeros = 0
    while zeros < 32 and not bits.take(1):
        zeros += 1
    bits.take(min(zeros, 32))
