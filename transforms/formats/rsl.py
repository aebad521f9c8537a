"""A licence of RSL (Really Simple Licensing 1.0, XML) -> what it prohibits, and that as words, and back.

A licence is in a file of its own, or in a page, as `<script type="application/rsl+xml">`. A page's words are one line, so that
they can be carried with what its meta elements say: `rsl-prohibits: /pictures/*=train-ai+ai-input`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote
from xml.etree import ElementTree

_RSL_WORD = re.compile(r"[\w-]++")
_MAX_RSL_BYTES = 1 << 20
_WORDS = re.compile(r"(?<![\w-])rsl-prohibits:[ \t]*+([^\s,=:]*+)=([\w+-]*+)", re.IGNORECASE)
_DIVIDES = re.compile("%(?:2C|3A|3D)")  # signs that divide words, as they are written within one
_KEPT = "/*$?&;@!'()~%[]#"  # of a pattern of URLs, and no sign that divides words


class Prohibited(NamedTuple):
    """Of one content of an RSL licence."""

    pattern: str  # of URLs
    uses: tuple[str, ...]  # that every one of its licences prohibits


def prohibits_words(prohibited: Sequence[Prohibited]) -> list[str]:
    """One for each content, [] where nothing is prohibited.

    Contents that prohibit nothing are said too, since the longest pattern decides; last, so that a cut costs them first.
    """
    if not any(one.uses for one in prohibited):
        return []
    contents = sorted(prohibited, key=lambda one: not one.uses)
    return [f"rsl-prohibits: {quote(one.pattern, safe=_KEPT)}={'+'.join(one.uses)}" for one in contents]


def prohibited_in(text: str) -> list[Prohibited]:
    """What `prohibits_words` wrote into a text."""
    said = ((_DIVIDES.sub(lambda sign: unquote(sign[0]), match[1]), match[2]) for match in _WORDS.finditer(text))
    return [Prohibited(pattern, tuple(filter(None, uses.lower().split("+")))) for pattern, uses in said]


def without_prohibitions(text: str) -> str:
    """The text without these words, which are no directives."""
    return _WORDS.sub("", text)


def rsl_prohibits(document: str) -> list[Prohibited]:
    """What an RSL licence prohibits; [] where it is none.

    A use that a licence permits is not prohibited by it. Entities and types of a document are not read: there are none in RSL.
    """
    if len(document) > _MAX_RSL_BYTES or "<!DOCTYPE" in document or "<!ENTITY" in document:
        return []
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        return []
    if _bare(root.tag) != "rsl":
        return []
    out: list[Prohibited] = []
    for content in (one for one in root if _bare(one.tag) == "content"):
        licences = [list(one) for one in content if _bare(one.tag) == "license"]
        forbidden = [set(_uses(parts, "prohibits")) - set(_uses(parts, "permits")) for parts in licences]
        out.append(Prohibited(content.get("url", "/"), tuple(sorted(set.intersection(*forbidden)) if forbidden else ())))
    return out


def _uses(parts: Iterable[ElementTree.Element], name: str) -> list[str]:
    return [
        use.lower()
        for part in parts
        if _bare(part.tag) == name and part.get("type", "usage") == "usage"
        for use in _RSL_WORD.findall(part.text or "")
    ]


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
