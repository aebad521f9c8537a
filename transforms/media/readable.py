"""Bytes of a picture -> the same picture without the parts beside its pixels that decoders fail on.

A text, profile or resolution that is damaged or too large does not spoil the picture: viewers skip it (libpng drops optional
chunks with a wrong checksum), while Pillow refuses the whole file. Parts that the pixels depend on stay as they are.
"""

import zlib
from collections.abc import Iterator

from lamella.transforms.media.codestream import header_segments, png_chunks

PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_MAX_TEXT_BYTES = 1 << 16
_MAX_PROFILE_BYTES = 1 << 20  # Pillow's own bound, inflated
_MAX_NAME_BYTES = 80  # of a profile, and the zero behind it
_SIZES = {b"pHYs": 9, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
_KEY_BYTES = {0: 2, 2: 6}  # of a transparent colour, by colour type; of a palette up to a byte for each colour
_PALETTE = 3
_APP0, _APP2, _APP14 = 0xE0, 0xE2, 0xEE
_JFIF, _ADOBE, _ICC = b"JFIF\0", b"Adobe", b"ICC_PROFILE\0"
_LEAST = {(_APP0, _JFIF): 14, (_APP14, _ADOBE): 12}  # bytes behind the length


def readable(data: bytes) -> bytes:
    """The bytes themselves where there is nothing to stumble over."""
    if data.startswith(PNG):
        gone = list(_broken_chunks(data))
    elif data.startswith(_JPEG):
        gone = list(_broken_segments(data))
    else:
        gone = []
    return _without(data, gone) if gone else data


def _without(data: bytes, stretches: list[tuple[int, int]]) -> bytes:
    out, at = [], 0
    for start, end in stretches:
        out.append(data[at:start])
        at = end
    return b"".join((*out, data[at:]))


def _broken_chunks(data: bytes) -> Iterator[tuple[int, int]]:
    """Those of a PNG that may be done without. It has one profile: others are not even looked into."""
    has_profile = False
    for at, end, name in png_chunks(data):
        is_profile = name == b"iCCP"
        if name[0] & 0x20 and ((is_profile and has_profile) or not _can_be_read(data, at, end, name)):
            yield at, end
        has_profile = has_profile or is_profile


def _can_be_read(data: bytes, at: int, end: int, name: bytes) -> bool:
    """Whether a chunk that may be done without is whole and as its name says (PNG, 11.3)."""
    length = end - at - 12
    if name in _TEXTS and (length > _MAX_TEXT_BYTES or name != b"tEXt"):
        return False
    if length != _SIZES.get(name, length) or zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
        return False
    if name == b"tRNS":
        colour = data[25] if len(data) > 25 else -1
        return length <= 256 if colour == _PALETTE else length == _KEY_BYTES.get(colour)
    return name != b"iCCP" or _is_profile(data[at + 8 : end - 4])


def _is_profile(body: bytes) -> bool:
    named = body.find(b"\0", 0, _MAX_NAME_BYTES)
    if named < 0:
        return False
    inflate = zlib.decompressobj()
    try:
        inflate.decompress(body[named + 2 :], _MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return inflate.eof


def _broken_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Of a JPEG, in their order."""
    profile, parts, gone, before = [], [], [], 2
    for marker, start, end in header_segments(data):
        body = data[start + 4 : end]
        if start > before:  # padding, or what a false length left over: libjpeg looks for the next marker
            gone.append((before, start))
        before = end
        if any(marker == of and body.startswith(name) and len(body) < least for (of, name), least in _LEAST.items()):
            gone.append((start, end))
        elif marker == _APP2 and body.startswith(_ICC):
            profile.append((start, end))
            parts.append(tuple(body[len(_ICC) : len(_ICC) + 2]))
    wanted = [(number, len(parts)) for number in range(1, len(parts) + 1)]
    yield from sorted(gone + (profile if sorted(parts) != wanted else []))
