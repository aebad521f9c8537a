"""What a site's words say of training -> the words that forbid it, or "": Content-Usage, Content-Signal, RSL.

IETF aipref's vocabulary (draft-ietf-aipref-vocab): `train-ai`, the narrower `train-genai`, and `bots`, which is all of
automated use and speaks of training where nothing nearer does; `search` is not what we do. Cloudflare's signals: `ai-train`.
RSL's uses: `train-ai`, `ai-train`, and `all` or `ai-all`.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.etree import ElementTree

_PREFERENCE = re.compile(
    r"(?<![\w-])(train-ai|train-genai|genai|ai|bots|ai-train)[ \t]*+=[ \t]*+[\"']?(\w{1,8})", re.IGNORECASE
)
_OURS = ("train-ai", "train-genai", "ai-train", "genai", "ai")
_NO = frozenset(("n", "no", "0", "false"))
_RSL_USES = frozenset(("train-ai", "ai-train", "ai-training", "train-genai", "ai-all", "all"))
_RSL_WORD = re.compile(r"[\w-]++")
_MAX_RSL_BYTES = 1 << 20


class Prohibited(NamedTuple):
    """Of one content of an RSL licence."""

    pattern: str  # of URLs
    uses: tuple[str, ...]  # that every one of its licences prohibits


def usage_opt_out(words: Iterable[str]) -> str:
    """Of Content-Usage or Content-Signal, as often as they were said: the preference that forbids training. A no wins."""
    said = [match for text in words for match in _PREFERENCE.finditer(text)]
    ours = [match for match in said if match[1].lower() in _OURS]
    heard = ours or [match for match in said if match[1].lower() == "bots"]
    return next((f"{match[1].lower()}=n" for match in heard if match[2].lower() in _NO), "")


def rsl_opt_out(prohibited: Iterable[str]) -> str:
    """Of the uses that RSL prohibits: the one that is ours."""
    return next((f"prohibits {use}" for use in prohibited if use.lower() in _RSL_USES), "")


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
