"""The first bytes of a body and its declared type -> what it is: page, media or neither (WHATWG MIME sniffing).

A signature of an image, a video or a track wins over any header: servers send pictures as downloads, as text, as made-up types.
Without a signature the header decides; a page is looked for only if the header says nothing that can be read.
"""

import re

from lamella.transforms.formats.signatures import signature

HTML = "text/html"
SNIFFED_BYTES = 1024
_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
_MEDIA_TYPES = ("image/", "video/", "text/vtt")
_UNKNOWN_TYPES = frozenset(
    (
        "",
        "*/*",
        "application/octet-stream",
        "binary/octet-stream",
        "application/unknown",
        "unknown/unknown",
        # names for pages that nobody registered
        "application/html",
        "application/vnd.wap.xhtml+xml",
        "text/htm",
        "text/x-server-parsed-html",
    )
)
_XML_TYPES = frozenset(("text/xml", "application/xml"))
_TYPE = re.compile(r"[\s\"']*+([a-z0-9!#$&^_.+\-]{1,127}/[a-z0-9!#$&^_.+\-]{1,127})")

_CUE = re.compile(rb"\d\d:\d\d[.,]\d{3}[ \t]++-->")
_MARK_AND_SPACE = re.compile(rb"(?:\xef\xbb\xbf)?\s*+")
_SPACE = re.compile(rb"\s*+")
_ASIDE = re.compile(rb"<!--|<\?xml", re.IGNORECASE)
_TAG = re.compile(
    rb"<(?:!doctype\s{1,80}html|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p)[\s>]", re.IGNORECASE
)
_NO_MARKUP = (b"%PDF-", b"PK\x03\x04", b"\x1f\x8b\x08", b"Rar!", b"\x7fELF", b"MZ\x90", b"\xd0\xcf\x11\xe0", b"OggS", b"ID3")


def media_type(content_type: str) -> str:
    """`text/html` for "Text/HTML; charset=utf-8"; of several, the last that can be read (Fetch, 2.2.6); "" where none can."""
    for value in reversed(content_type.lower().split(",")):
        if found := _TYPE.match(value):
            return found[1]
    return ""


def may_be_page(mime: str) -> bool:
    """Whether a body of this type may be a page."""
    return mime in _HTML_TYPES or mime in _UNKNOWN_TYPES or mime in _XML_TYPES


def is_media(mime: str) -> bool:
    return mime.startswith(_MEDIA_TYPES)


def sniffed(mime: str, start: bytes) -> str:
    """The type of a body by its first bytes: HTML, a media type, or, where they do not say, `mime`."""
    found = signature(start)
    if found and not (found == "text/vtt" and mime in _HTML_TYPES and not _CUE.search(start)):
        return found
    if mime in _HTML_TYPES:
        return next((f"not HTML, {magic!r}" for magic in _NO_MARKUP if start.startswith(magic)), HTML)
    if mime in _UNKNOWN_TYPES or (mime in _XML_TYPES and b"http://www.w3.org/1999/xhtml" in start):
        return HTML if _opens_page(start) else mime
    return mime


def _opens_page(start: bytes) -> bool:
    """Whether a tag of a page follows on comments and XML declarations."""
    mark = _MARK_AND_SPACE.match(start)
    at = mark.end() if mark else 0
    while aside := _ASIDE.match(start, at):
        end = b"-->" if aside[0] == b"<!--" else b">"
        closed = start.find(end, aside.end())
        if closed < 0:
            return False
        at = closed + len(end)
        space = _SPACE.match(start, at)
        at = space.end() if space else at
    return bool(_TAG.match(start, at))
