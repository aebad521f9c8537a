"""The start of an HTTP response -> what its head says: whether it is one, its status, and whether it is complete.

Servers before HTTP/1.0 was written down, and gateways since, have status lines of their own: `HTTP 200 Document follows`.
"""

import re

_VERSIONED = re.compile(rb"(?:HTTP/|ICY[ \t]{1,20}\d{3}(?![0-9]))", re.IGNORECASE)  # ICY: media servers after SHOUTcast
# Without a version only where a header follows: a text may start with "HTTP 404" as well.
_BARE = re.compile(
    rb"HTTP[ \t]{1,20}\d{3}(?:[ \t][^\r\n]{0,200})?\r?\n[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}[ \t]{0,20}:", re.IGNORECASE
)
_STATUS = re.compile(rb"(?:HTTP(?:/[!-~]{1,20})?|ICY)[ \t]{1,20}(\d{3})(?![0-9])", re.IGNORECASE)
_TUNNEL = re.compile(rb"HTTP/[!-~]{1,20}[ \t]{1,20}200[ \t]{1,20}(?:connection|tunnel) established\b", re.IGNORECASE)
_RANGE = re.compile(r"\s*+bytes[ \t=]++0-(\d{1,15})/(\d{1,15})\s*+", re.IGNORECASE)

REDIRECTS = (301, 302, 303, 307, 308)


def starts_response(block: bytes) -> bool:
    """Whether a status line stands here."""
    return bool(_VERSIONED.match(block) or _BARE.match(block))


def status_of(block: bytes) -> int | None:
    """The status that a block starts with; None where its status line has none."""
    found = _STATUS.match(block)
    return int(found[1]) if found else None


def is_interim(block: bytes) -> bool:
    """Whether the response proper follows on the head that a block starts with (RFC 9110, 15.2), or on a proxy's own."""
    status = status_of(block)
    return (status is not None and 100 <= status < 200) or bool(_TUNNEL.match(block))


def gives_all(status: int | None, content_range: str) -> bool:
    """Whether the body is the whole: 200; 203, which a proxy has changed; 206 of a range from the first byte to the last."""
    return status in (200, 203) or (status == 206 and bool(length_of_range(content_range)))


def length_of_range(content_range: str) -> int:
    """The bytes of the whole, where the range is all of it; 0 where it is not, or is not said."""
    found = _RANGE.fullmatch(content_range)
    return int(found[2]) if found and int(found[1]) + 1 == int(found[2]) else 0
