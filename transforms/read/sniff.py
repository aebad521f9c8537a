"""The first bytes of a body and the type that its server names -> what it is: page, media or neither (WHATWG MIME sniffing)."""

import re

HTML = "text/html"
_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
_MEDIA_TYPES = ("image/", "video/", "text/vtt")
_UNKNOWN_TYPES = frozenset(
    ("", "application/octet-stream", "binary/octet-stream", "application/unknown", "unknown/unknown", "*/*")
)
_TEXT_TYPES = frozenset(("text/plain", "text/xml", "application/xml"))
SNIFFED_BYTES = 1024

_MAGICS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"WEBVTT", "text/vtt"),
    (b"\xef\xbb\xbfWEBVTT", "text/vtt"),
)
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic", b"mif1": "image/heif"}
_MARK_AND_SPACE = re.compile(rb"(?:\xef\xbb\xbf)?\s*+")
_SPACE = re.compile(rb"\s*+")
_ASIDE = re.compile(rb"<!--|<\?xml", re.IGNORECASE)
_TAG = re.compile(
    rb"<(?:!doctype\s{1,80}html|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p)[\s>]", re.IGNORECASE
)
_NO_MARKUP = (b"%PDF-", b"PK\x03\x04", b"\x1f\x8b\x08", b"Rar!", b"\x7fELF", b"MZ\x90", b"\xd0\xcf\x11\xe0", b"OggS", b"ID3")


def media_type(content_type: str) -> str:
    """`text/html` for "Text/HTML; charset=utf-8"."""
    return content_type.partition(";")[0].strip().lower()


def needs_sniffing(mime: str) -> bool:
    """Whether the server's word does not settle what the body is."""
    return not mime.startswith(_MEDIA_TYPES) and (mime in _HTML_TYPES or mime in _UNKNOWN_TYPES or mime in _TEXT_TYPES)


def is_media(mime: str) -> bool:
    return mime.startswith(_MEDIA_TYPES)


def sniffed(mime: str, start: bytes) -> str:
    """The type of a body by its first bytes, where the server's word does not settle it: HTML, a media type, or `mime`."""
    if magic := _magic(start):
        return magic if magic != "text/vtt" or mime not in _HTML_TYPES else mime
    if mime in _HTML_TYPES:
        return next((f"not HTML, {magic!r}" for magic in _NO_MARKUP if start.startswith(magic)), HTML)
    if mime in _UNKNOWN_TYPES or (mime != "text/plain" and b"http://www.w3.org/1999/xhtml" in start):
        return HTML if _opens_page(start) else mime
    return mime


def _opens_page(start: bytes) -> bool:
    """Whether a tag of a page follows on comments and XML declarations."""
    at = _MARK_AND_SPACE.match(start).end()
    while aside := _ASIDE.match(start, at):
        end = b"-->" if aside[0] == b"<!--" else b">"
        closed = start.find(end, aside.end())
        if closed < 0:
            return False
        at = _SPACE.match(start, closed + len(end)).end()
    return bool(_TAG.match(start, at))


def _magic(start: bytes) -> str:
    for magic, mime in _MAGICS:
        if start.startswith(magic):
            return mime
    if start[4:8] == b"ftyp":
        return _BRANDS.get(start[8:12], "video/mp4")
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return ""
