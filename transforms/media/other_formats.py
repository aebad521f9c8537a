"""The first bytes of a file in; the name of a picture's format that nothing here decodes, or "", out."""

SEEN_BYTES = 1024  # an SVG may stand behind a declaration, a comment and a document type

_SIGNATURES = (
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
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
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs")
_OF_ANY_CODEC = (b"mif1", b"msf1")  # HEIF without a word on the codec, which follows among the compatible brands
_AVIF_BRANDS = (b"avif", b"avis")


def unsupported_format(data: bytes) -> str:
    """Such as "HEIC" or "SVG"."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[4:8] == b"ftyp" and _is_heic(data):
        return "HEIC"
    start = data[:SEEN_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "SVG" if start.startswith(b"<") and b"<svg" in start and b"<html" not in start else ""


def _is_heic(data: bytes) -> bool:
    brands = [data[at : at + 4] for at in range(8, min(int.from_bytes(data[:4], "big"), 256, len(data)), 4)]
    if brands[0] in _HEIF_BRANDS:
        return True
    return brands[0] in _OF_ANY_CODEC and not any(brand in _AVIF_BRANDS for brand in brands)
