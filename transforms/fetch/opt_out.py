"""What a site says about use of its media (X-Robots-Tag, robots meta, TDM-Reservation) -> the directive that forbids it, or "".

Every directive is read alone, wherever it stands: headers of one name arrive joined by commas, and a colon elsewhere
(`unavailable_after: 25 Jun 2030 15:00:00 PST, noai`) must not hide one. Where a header can be read in two ways, the one
that forbids is taken.
"""

import re
from typing import NamedTuple

ABOUT_AI = ("noai", "noimageai", "noml", "noimageindex")  # about pictures or training: whatever page shows the picture
ABOUT_INDEX = ("noindex", "none")  # about the response itself

_DIRECTIVE = re.compile(rf"(?<![\w-])(?:{'|'.join(ABOUT_AI + ABOUT_INDEX)})(?![\w-])", re.I)
_ADDRESSED = re.compile(r"\s*+:\s*+([\w.*-]++)")  # backwards, from the directive
_MAX_ADDRESS = 128  # characters before a directive in which a colon and a name are looked for
_RESERVED = re.compile(r"(?<![\w-])tdm-reservation\s*+[:=]\s*+[\"']?1(?!\d)", re.I)
_WITH_VALUES = frozenset(("max-image-preview", "max-snippet", "max-video-preview", "unavailable_after"))
_EVERYBODY = frozenset(("", "*", "all", "any", "robots", "x-robots-tag"))
_EVIDENCE_CHARACTERS = 200


class PageOptOut(NamedTuple):
    """What a page says of the media it shows; each "" or the directive."""

    media: str  # forbids its media, whoever else shows them
    page: str  # forbids the page itself: it does not count as a place where its media were found


def product_of(user_agent: str) -> str:
    """The name by which robots rules address us: `lamella` of `lamella/0.1 (+https://...)`."""
    return user_agent.partition("/")[0].strip().lower()


def media_opt_out(robots_header: str, tdm_reservation: str, product: str) -> str:
    """The directive of a media response that forbids its use, or ""."""
    if tdm_reservation.strip().strip("\"'").startswith("1"):
        return f"tdm-reservation: {tdm_reservation.strip()}"[:_EVIDENCE_CHARACTERS]
    for directive in _directives(robots_header, product):
        return f"x-robots-tag: {directive}"
    return ""


def page_opt_out(robots: str, product: str) -> PageOptOut:
    """What a page's robots meta and X-Robots-Tag, comma-joined, forbid."""
    media, page = "tdm-reservation: 1" if _RESERVED.search(robots) else "", ""
    for directive in _directives(robots, product):
        if directive in ABOUT_AI:
            media = media or f"robots of a page: {directive}"
        else:
            page = page or f"robots of a page: {directive}"
    return PageOptOut(media, page)


def evidence(robots_header: str, tdm_reservation: str) -> str:
    """What the response said, for the record; "" where it said nothing."""
    said = ("x-robots-tag", robots_header.strip()), ("tdm-reservation", tdm_reservation.strip())
    return "; ".join(f"{name}: {value}"[:_EVIDENCE_CHARACTERS] for name, value in said if value)


def _directives(header: str, product: str):
    """The directives that concern us. One about AI counts whomever it addresses; one about the index only if it is us."""
    for match in _DIRECTIVE.finditer(header):
        before = _ADDRESSED.match(header[max(0, match.start() - _MAX_ADDRESS) : match.start()][::-1])
        addressed, directive = before[1][::-1].lower() if before else "", match[0].lower()
        if addressed in _WITH_VALUES:
            continue  # `max-image-preview: none` is a size
        if directive in ABOUT_AI or addressed in _EVERYBODY or addressed == product:
            yield directive
