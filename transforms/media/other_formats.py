"""The first bytes of a file -> whether it is HEIC, BMP or TIFF, or the name of a format that nothing here decodes.

HEIC is decoded if the extra `heif` is installed (pillow-heif, whose wheel contains libheif and libde265).
"""

from functools import cache

SEEN_BYTES = 1024  # an SVG may stand behind a declaration, a comment and a document type

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI", "PNG of iPhone's own"),
    (b"II+\0", "BigTIFF"),
    (b"MM\0+", "BigTIFF"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\x01\0", "ICO"),
    (b"8BPS", "PSD"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"%!PS-Adobe", "PostScript"),
)
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # bytes
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs")
_OF_ANY_CODEC = (b"mif1", b"msf1")  # HEIF without a word on the codec, which follows among the compatible brands
_AVIF_BRANDS = (b"avif", b"avis")


def unsupported_format(data: bytes) -> str:
    """Such as "HEIC" or "SVG"."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if is_heic(data) and not reads_heic():
        return "HEIC"
    start = data[:SEEN_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "SVG" if start.startswith(b"<") and b"<svg" in start and b"<html" not in start else ""


def rare_format(data: bytes) -> str:
    """ "BMP", "TIFF" or "HEIC", which are decoded where `fetch.rare_formats` asks for them; "" for anything else."""
    known = (("BMP", is_bmp), ("TIFF", is_tiff), ("HEIC", is_heic))
    return next((name for name, is_one in known if is_one(data)), "")


def is_heic(data: bytes) -> bool:
    """Whether a file's brands say that it is of HEVC."""
    if data[4:8] != b"ftyp":
        return False
    brands = [data[at : at + 4] for at in range(8, min(int.from_bytes(data[:4], "big"), 256, len(data)), 4)]
    if not brands or brands[0] not in _OF_ANY_CODEC:
        return data[8:12] in _HEIF_BRANDS
    return not any(brand in _AVIF_BRANDS for brand in brands)


def is_bmp(data: bytes) -> bool:
    """ "BM" alone begins many a text: the header's length must be one that there is."""
    return data[:2] == b"BM" and data[6:10] == bytes(4) and int.from_bytes(data[14:18], "little") in _BMP_HEADERS


def is_tiff(data: bytes) -> bool:
    return data.startswith((b"II*\0", b"MM\0*"))


@cache
def reads_heic() -> bool:
    """Whether Pillow opens HEIC: teaches it, where the extra is installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    return True
