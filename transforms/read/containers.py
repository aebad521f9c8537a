"""A zip (WACZ) or a tar -> the web archives in it, also nested: where each is, and how it is compressed.

Members are read in place, by their own records; nothing is written out. What a container says of a member is not believed
beyond the file's own bounds, and no byte belongs to two members: a zip whose members overlap would never end.
"""

import re
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from lamella.transforms.formats.streams import Readable, Section, TakenFrom, exactly
from lamella.transforms.formats.zip_methods import METHODS

_ZIP = b"PK\x03\x04"
_ARCHIVE = re.compile(r"\.(?:warc|arc)(?:\.(?:gz|zst|lz4|bz2|xz)){0,2}", re.IGNORECASE)
_CONTAINER = re.compile(r"\.(?:wacz|zip|tar)", re.IGNORECASE)
_MOST_NESTED = 2  # containers in containers
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
    method: str = ""  # by which it is packed, of `zip_methods`; "" where it is stored as it is
    fault: str = ""  # why it cannot be read


def inner_archives(stream: BinaryIO, start: bytes, nested: int = 0) -> list[Inner] | None:
    """In the order in which they lie; None for a file that is no container. `start` is its first bytes."""
    if start.startswith(_ZIP):
        found = _in_zip(stream)
    elif is_tar(start):
        found = list(_in_tar(stream))
    else:
        return None
    if found is None:
        return None
    whole = _apart(sorted(found, key=lambda inner: inner.offset))
    return [archive for inner in whole for archive in _opened(stream, inner, nested)]


def _opened(stream: BinaryIO, inner: Inner, nested: int) -> list[Inner]:
    """A member that is an archive; of one that is a container, stored where it lies, what it holds."""
    if _is_archive(inner.name):
        return [inner]
    if inner.method or inner.fault or nested >= _MOST_NESTED:
        return [inner._replace(fault=inner.fault or "a container that is packed, or too deep in others")]
    section = Section(stream, inner.offset, inner.length)
    start = section.read(_BLOCK)
    section.seek(0)
    held = inner_archives(cast(BinaryIO, section), start, nested + 1)
    return [one._replace(offset=one.offset + inner.offset) for one in held or ()]


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
            infos = [info for info in zipped.infolist() if _may_hold(info.filename)]
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
    elif info.compress_type != zipfile.ZIP_STORED and info.compress_type not in METHODS:
        fault = f"packed by method {info.compress_type}"
    length = max(0, min(info.compress_size, end - at))
    return Inner(info.filename, at, length, METHODS.get(info.compress_type, ""), fault)


def is_tar(start: bytes) -> bool:
    """Whether a file that starts so is a tar."""
    return len(start) >= _BLOCK and _checked(start[:_BLOCK])


def _in_tar(stream: BinaryIO) -> Iterator[Inner]:
    end = stream.seek(0, 2)
    stream.seek(0)
    for name, at, part in _tar_members(stream):
        if _may_hold(name):
            yield Inner(name, at, min(part.left, end - at))
        if at + part.left > end:
            return
        stream.seek(at + part.left)
        part.left = 0


def archives_in_tar(stream: Readable) -> Iterator[tuple[str, int, TakenFrom]]:
    """Of a tar that can only be read forwards: name, offset and bytes of each archive, to be read before the next."""
    return (member for member in _tar_members(stream) if _is_archive(member[0]))


def _tar_members(stream: Readable) -> Iterator[tuple[str, int, TakenFrom]]:
    """Of regular files. Sizes are read by hand: Python's reader goes back, and on for ever, where one is negative."""
    at, long_name = 0, ""
    while len(head := exactly(stream, _BLOCK)) == _BLOCK and _checked(head):
        size, kind = _number(head[124:136]), head[156:157]
        at += _BLOCK
        if size is None:
            return
        part = TakenFrom(stream, size)
        if kind in (_LONG_NAME, _PAX):
            named = exactly(part, _MAX_NAME_BYTES)
            found = _PAX_PATH.search(named) if kind == _PAX else None
            long_name = _text(found[1] if found else named if kind == _LONG_NAME else b"")
        else:
            name, long_name = long_name or _text(head[:100]), ""
            if kind in _REGULAR:
                yield name, at, part
        part.left += -size % _BLOCK
        part.skip()
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


def _may_hold(name: str) -> bool:
    return _is_archive(name) or _ends(name, _CONTAINER)


def _is_archive(name: str) -> bool:
    return _ends(name, _ARCHIVE) and not name.rpartition("/")[2].startswith("._")  # which macOS packs beside each file


def _ends(name: str, ending: re.Pattern[str]) -> bool:
    found = ending.search(name.rpartition("/")[2][-20:])
    return bool(found) and name.endswith(found[0])


def _text(name: bytes) -> str:
    return name.partition(b"\0")[0].decode("utf-8", "replace")
