"""The first bytes of a body -> the media type with that signature, "" for none: images, videos and WebVTT.

After the WHATWG's MIME sniffing and the formats' own texts. Short signatures are compared with more of the file's head, so that
no text is taken for a picture.
"""

import re

_IMAGES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
)
_BMP = re.compile(
    rb"BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0{3}", re.DOTALL
)  # reserved, and the size of its second header
_EBML = b"\x1a\x45\xdf\xa3"
_VTT = re.compile(rb"(?:\xef\xbb\xbf)?WEBVTT(?:[ \t\r\n]|$)")
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"jxl ": "image/jxl",
    b"crx ": "image/x-canon-cr3",
    b"qt  ": "video/quicktime",
}
_STRUCTURAL = ("image/heif",)  # brands of the container alone: another brand says what is in it
_SOUND = frozenset((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "))
_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # files from before `ftyp`, or with space before it
_MAX_FTYP_BYTES = 1 << 12
_MAX_ATOM_BYTES = 1 << 29  # four letters would be a larger number


def signature(start: bytes) -> str:
    """Of a body that starts so; 1,024 bytes are enough."""
    for magic, mime in _IMAGES:
        if start.startswith(magic):
            return mime
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start.startswith(_EBML):
        return "video/x-matroska" if b"matroska" in start[:64] else "video/webm"
    if _VTT.match(start):
        return "text/vtt"
    return _boxed(start) or ("image/bmp" if _BMP.match(start) else "")


def _boxed(start: bytes) -> str:
    """ISO 14496-12 and QuickTime: a length, and a name."""
    length, name = int.from_bytes(start[:4], "big"), start[4:8]
    if name == b"ftyp" and 8 <= length < _MAX_FTYP_BYTES:
        brands = [start[at : at + 4] for at in (8, *range(16, min(length, len(start)), 4))]
        if brands[0] in _SOUND:
            return ""
        mime = _BRANDS.get(brands[0], "video/mp4")
        if mime in _STRUCTURAL:
            return next((found for brand in brands[1:] if (found := _BRANDS.get(brand, mime)) not in _STRUCTURAL), mime)
        return mime
    return "video/quicktime" if is_bare_quicktime(start) else ""


def is_bare_quicktime(start: bytes) -> bool:
    """Whether an atom of QuickTime stands first that is no `ftyp`."""
    length = int.from_bytes(start[:4], "big")
    return start[4:8] in _QUICKTIME and (length in (0, 1) or 8 <= length < _MAX_ATOM_BYTES)
