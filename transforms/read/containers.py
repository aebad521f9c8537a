"""A zip (WACZ) or a tar -> the web archives in it: where each lies, and whether it is deflated.

Members are read where they lie, by their own records; nothing is written out. What a container says of a member is not
believed beyond the file's own bounds, and no byte belongs to two members: a zip whose members overlap would never end.
"""

import re
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_ZIP = b"PK\x03\x04"
_ARCHIVE = re.compile(r"\.(?:warc|arc)(?:\.(?:gz|zst|lz4|bz2))?", re.IGNORECASE)
_LOCAL_HEAD = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 1
_BLOCK = 512
_REGULAR = (b"0", b"\0", b"7")
_LONG_NAME, _PAX = b"L", b"x"
_MAX_NAME_BYTES = 1 << 16
_PAX_PATH = re.compile(rb"(?:\A|\n)\d{1,9} path=([^\n]*)\n")


class Inner(NamedTuple):
    """An archive in a container."""

    name: str
    offset: int  # of its bytes, in the container
    length: int
    deflated: bool = False
    fault: str = ""  # why it cannot be read


def inner_archives(stream: BinaryIO, start: bytes) -> list[Inner] | None:
    """In the order in which they lie; None for a file that is no container. `start` is its first bytes."""
    if start.startswith(_ZIP):
        found = _in_zip(stream)
    elif _is_tar(start):
        found = list(_in_tar(stream))
    else:
        return None
    return None if found is None else _apart(sorted(found, key=lambda inner: inner.offset))


def _apart(found: list[Inner]) -> list[Inner]:
    out, end = [], 0
    for inner in found:
        overlaps = inner.offset < end and not inner.fault
        out.append(inner._replace(fault="it overlaps with the member before") if overlaps else inner)
        end = end if overlaps else max(end, inner.offset + inner.length)
    return out


def _in_zip(stream: BinaryIO) -> list[Inner] | None:
    """None where the zip has no directory any more."""
    end = stream.seek(0, 2)
    try:
        with zipfile.ZipFile(stream) as zipped:
            infos = [info for info in zipped.infolist() if _is_archive(info.filename)]
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError, OverflowError):
        return None
    return [_zipped(stream, info, end) for info in infos]


def _zipped(stream: BinaryIO, info: zipfile.ZipInfo, end: int) -> Inner:
    """The directory's word for the length, the member's own head for where its bytes start."""
    at, fault = max(0, min(info.header_offset, end)), ""  # a directory may place a member before the file's start
    stream.seek(at)
    head = stream.read(_LOCAL_HEAD.size)
    if len(head) < _LOCAL_HEAD.size or not head.startswith(_ZIP):
        fault = "no member stands where the directory says"
    else:
        *_, name_length, extra_length = _LOCAL_HEAD.unpack(head)
        at += _LOCAL_HEAD.size + name_length + extra_length
    if info.flag_bits & _ENCRYPTED:
        fault = "encrypted"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        fault = f"packed by method {info.compress_type}"
    length = max(0, min(info.compress_size, end - at))
    return Inner(info.filename, at, length, info.compress_type == zipfile.ZIP_DEFLATED, fault)


def _is_tar(start: bytes) -> bool:
    return len(start) >= _BLOCK and _checked(start[:_BLOCK])


def _in_tar(stream: BinaryIO) -> Iterator[Inner]:
    """Sizes are read by hand: Python's reader goes back, and on for ever, where one is negative."""
    end, at, long_name = stream.seek(0, 2), 0, ""
    while at + _BLOCK <= end:
        stream.seek(at)
        head = stream.read(_BLOCK)
        if not _checked(head):
            return
        size, kind = _number(head[124:136]), head[156:157]
        at += _BLOCK
        if size is None:
            return
        length = min(size, end - at)
        if kind in (_LONG_NAME, _PAX):
            named = stream.read(min(length, _MAX_NAME_BYTES))
            found = _PAX_PATH.search(named) if kind == _PAX else None
            long_name = _text(found[1] if found else named if kind == _LONG_NAME else b"")
        else:
            name, long_name = long_name or _text(head[:100]), ""
            if kind in _REGULAR and _is_archive(name):
                yield Inner(name, at, length)
        at += size + -size % _BLOCK


def _checked(head: bytes) -> bool:
    """Whether the block's checksum is its own."""
    said = _number(head[148:156])
    return bool(said) and said == sum(head[:148]) + 8 * 32 + sum(head[156:])


def _number(digits: bytes) -> int | None:
    """Octal, or base 256 for large ones; None for what is neither, or negative."""
    if digits[:1] == b"\x80":
        return int.from_bytes(digits[1:], "big")
    digits = digits.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else (None if digits else 0)


def _is_archive(name: str) -> bool:
    ending = _ARCHIVE.search(name.rpartition("/")[2][-20:])
    return bool(ending) and name.endswith(ending[0])


def _text(name: bytes) -> str:
    return name.partition(b"\0")[0].decode("utf-8", "replace")
