"""A response's headers -> one text of what they say of the body's use, as records hold it; the text -> each header's words.

X-Robots-Tag comes first, as it was. Others follow under their names: `noai, content-usage: train-ai=n`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

_LABEL = re.compile(r"(?<![\w-])(content-usage|content-signal)[ \t]*+:", re.IGNORECASE)
_LINK = re.compile(r"<([^<>]{1,2000})>([^<>]{0,500})")
_REL_LICENCE = re.compile(r";[ \t]*+rel[ \t]*+=[ \t]*+[\"']?[^;\"']{0,50}\blicense\b", re.IGNORECASE)
_RESERVED = re.compile(r"(?:^|,)[ \t]*+[\"']?1(?!\d)")
_RSL_TYPE = "application/rsl+xml"
_LICENCE = re.compile(r"(?<![\w-])rsl-license[ \t]*+:[ \t]*+([^\s,]++)", re.IGNORECASE)


def reserves_rights(tdm_reservation: str) -> bool:
    """Whether a value of TDM-Reservation, or one of several, is 1 (TDMRep, 5.2)."""
    return bool(_RESERVED.search(tdm_reservation))


class SaidOfUse(NamedTuple):
    """The words of each header, "" where it was not sent."""

    robots: str = ""  # X-Robots-Tag, all of them, and robots meta of a page
    usage: str = ""  # Content-Usage
    signal: str = ""  # Content-Signal
    licence: str = ""  # address of an RSL licence, of a Link header, or a page's <link>


def use_text(all_of: Callable[[str], str], most: int) -> str:
    """The text of a response, cut to `most` characters; a cut one says that it forbids, since what was cut off may.

    Args:
        all_of: the name of a header -> its values, comma-joined, "" where there are none.
    """
    links = _LINK.finditer(all_of("link")[:most])
    licence = next((link[1] for link in links if _RSL_TYPE in link[2].lower() and _REL_LICENCE.search(link[2])), "")
    named = (
        ("content-usage", all_of("content-usage")),
        ("content-signal", all_of("content-signal")),
        ("rsl-license", licence),
    )
    robots = all_of("x-robots-tag")
    text = ", ".join(filter(None, (robots, *(f"{name}: {words}" for name, words in named if words))))
    return text if len(text) <= most else f"{robots[:most]}, noindex, noai"


def said_in(text: str) -> SaidOfUse:
    """The words again; those of one header that was said several times together."""
    robots, *rest = _LABEL.split(_LICENCE.sub("", text))
    words: dict[str, list[str]] = {}
    for label, said in zip(rest[::2], rest[1::2], strict=True):
        words.setdefault(label.lower(), []).append(said.strip(" ,"))
    return SaidOfUse(
        robots=robots.strip(" ,"),
        **{name: ", ".join(words.get(label, ())) for name, label in _NAMES.items()},
        licence=licence_in(text),
    )


def licence_in(text: str) -> str:
    """The address of the first RSL licence that is named, or "". What follows it are words of others again."""
    found = _LICENCE.search(text)
    return found[1] if found else ""


def without_licences(text: str) -> str:
    """The text without addresses, whose words are no directives."""
    return _LICENCE.sub("", text)


_NAMES = {"usage": "content-usage", "signal": "content-signal"}
