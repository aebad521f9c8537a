"""What responses and pages say of the use of media -> the words that forbid it, or "".

X-Robots-Tag, robots meta, TDM-Reservation, Content-Usage, Content-Signal; `site_rules` has what stands in files of the site.

Every directive is read alone, wherever it stands: headers of one name arrive joined by commas, and a colon elsewhere
(`unavailable_after: 25 Jun 2030 15:00:00 PST, noai`) must not hide one. Where a header can be read in two ways, the one
that forbids is taken.
"""

import re
from typing import NamedTuple

from lamella.schemas.config import OptOutConfig
from lamella.transforms.fetch.usage import usage_opt_out
from lamella.transforms.formats.rsl import without_prohibitions
from lamella.transforms.formats.use_headers import SaidOfUse, reserves_rights, said_in, without_licences

ABOUT_AI = (
    "noai",
    "noimageai",
    "noml",
    "noimageindex",
    "disallowaitraining",
)  # about pictures or training: whatever page shows the picture
ABOUT_INDEX = ("noindex", "none")  # about the response itself

_DIRECTIVE = re.compile(rf"(?<![\w-])(?:{'|'.join(ABOUT_AI + ABOUT_INDEX)})(?![\w-])", re.I)
_ADDRESSED = re.compile(r"\s*+:\s*+([\w.*-]++)")  # backwards, from the directive
_MAX_ADDRESS = 128  # characters before a directive in which a colon and a name are looked for
_RESERVED = re.compile(
    r"(?<![\w-])tdm-reservation\s*+[:=]\s*+(?:[\"']?\d++[\"']?\s*+,\s*+)*[\"']?1(?!\d)", re.I
)  # one of its values
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


def media_opt_out(said: str, tdm_reservation: str, product: str, heard: OptOutConfig = OptOutConfig()) -> str:
    """The words of a media response that forbid its use, with the signal's name, or "".

    Args:
        said: of `use_headers.use_text`.
        heard: which signals are.
    """
    if heard.tdm and reserves_rights(tdm_reservation):
        return f"tdm-reservation: {tdm_reservation.strip()}"[:_EVIDENCE_CHARACTERS]
    words = said_in(said)
    if heard.x_robots_tag:
        for directive in _directives(words.robots, product):
            return f"x-robots-tag: {directive}"
    return _of_use(words, heard)


def page_opt_out(robots: str, product: str, heard: OptOutConfig = OptOutConfig()) -> PageOptOut:
    """What a page's robots meta and the headers of its response, comma-joined, forbid."""
    words = said_in(without_prohibitions(robots))
    robots = without_prohibitions(without_licences(robots))
    media = "tdm-reservation: 1" if heard.tdm and _RESERVED.search(robots) else _of_use(words, heard)
    page = ""
    for directive in _directives(robots, product) if heard.x_robots_tag else ():
        if directive in ABOUT_AI:
            media = media or f"robots of a page: {directive}"
        else:
            page = page or f"robots of a page: {directive}"
    return PageOptOut(media, page)


def evidence(robots_header: str, tdm_reservation: str) -> str:
    """What the response said, for the record; "" where it said nothing."""
    words = said_in(robots_header)
    said = (
        ("x-robots-tag", words.robots),
        ("content-usage", words.usage),
        ("content-signal", words.signal),
        ("rsl-license", words.licence),
        ("tdm-reservation", tdm_reservation.strip()),
    )
    return "; ".join(f"{name}: {value}"[:_EVIDENCE_CHARACTERS] for name, value in said if value)


def _of_use(words: SaidOfUse, heard: OptOutConfig) -> str:
    if heard.content_usage and (forbids := usage_opt_out([words.usage])):
        return f"content-usage: {forbids}"
    if heard.content_signal and (forbids := usage_opt_out([words.signal])):
        return f"content-signal: {forbids}"
    return ""


def _directives(header: str, product: str):
    """The directives that concern us. One about AI counts whomever it addresses; one about the index only if it is us."""
    for match in _DIRECTIVE.finditer(header):
        before = _ADDRESSED.match(header[max(0, match.start() - _MAX_ADDRESS) : match.start()][::-1])
        addressed, directive = before[1][::-1].lower() if before else "", match[0].lower()
        if addressed in _WITH_VALUES:
            continue  # `max-image-preview: none` is a size
        if directive in ABOUT_AI or addressed in _EVERYBODY or addressed == product:
            yield directive
