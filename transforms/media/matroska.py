"""Bytes of a Matroska or WebM file -> whether the file ends before its segment does (RFC 8794, 4 and 5)."""

_SEGMENT = 0x18538067
_MOST_BEFORE = 8  # elements before the segment: the EBML header, and padding


def lacks_bytes(data: bytes) -> bool:
    """Whether the segment says how long it is, and is longer: nobody who writes as he goes says so."""
    at = 0
    for _ in range(_MOST_BEFORE):
        name, at = _number(data, at, marked=True)
        size, at = _number(data, at, marked=False)
        if size is None or at > len(data):  # unknown, or no EBML
            return False
        if name == _SEGMENT:
            return at + size > len(data)
        at += size
    return False


def _number(data: bytes, at: int, *, marked: bool) -> tuple[int | None, int]:
    """A number of 1 to 8 bytes, with the bits that tell their count or without, and where it ends. None: all ones, or none."""
    first = data[at] if at < len(data) else 0
    count = 9 - first.bit_length()
    whole = data[at : at + count]
    if not first or len(whole) < count:
        return None, len(data) + 1
    value = int.from_bytes(whole, "big")
    ones = (1 << 7 * count) - 1
    if marked:
        return value, at + count
    return (None if value & ones == ones else value & ones), at + count
