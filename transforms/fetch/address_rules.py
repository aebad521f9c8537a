"""A link -> the link, or its Rejection for its address or for the pages that show it; nothing is read yet."""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Addressed, MediaLink
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Found, Over, apply_rules
from lamella.transforms.fetch.links import FetchRequest
from lamella.transforms.formats.urls import canonical_url
from lamella.transforms.media.rule_scope import MEDIA_SCOPE

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINED = "fav|site|main|header|footer|small|big|social|share|play|menu|nav|app"  # "favicon", "sitelogo", "playbutton"
_PATH = re.compile(r"[^/]*//[^/]*([^?]*)")


def url_characters(link: MediaLink) -> int:
    return len(link.url)


def no_web_address(link: MediaLink, config: FetchConfig) -> str:
    """What is wrong with an address that no request could name, or ""."""
    return "" if link.url and canonical_url(link.url) == link.url else "not a canonical http(s) URL"


def blocked_word(link: MediaLink, config: FetchConfig) -> str:
    """The first of `blocked_url_words` that is a word of the path, or several of it: /logo_2x and /siteLogo are, /silicon is
    not. OBELICS looks for them anywhere, and loses what is iconic. Hosts are not judged by their name."""
    found = _words_of(config.blocked_url_words).search(_CAMEL.sub("-", _cased_path(link.url)).lower())
    return found[0] if found else ""


def unsafe_word(link: Addressed, config: FetchConfig) -> str:
    """The first of `unsafe_url_words` that is a whole word of the path: /sex/ is, /sussex/ is not."""
    found = _whole(config.unsafe_url_words).search(_path(link.url))
    return found[0] if found else ""


def listed_address(link: Addressed, config: FetchConfig) -> str:
    """The line of `opt_out_list` that names the address or its host, or ""."""
    return read_opt_outs(config.opt_out_list).address(link.url)


def directive_of_pages(link: FetchRequest, config: FetchConfig) -> str:
    """What pages that show it say against its use, or ""."""
    return link.opt_out


ADDRESS_RULES = MEDIA_SCOPE.book(
    "address",
    Over(Reason.BAD_URL, url_characters, "max_url_characters"),
    Found(Reason.BAD_URL, no_web_address, source="WHATWG URL"),
    Found(Reason.UNSAFE_IMAGE, unsafe_word, "unsafe_url_words"),
    Found(Reason.BLOCKED_URL, blocked_word, "blocked_url_words"),
    Found(Reason.OPTED_OUT, listed_address, "opt_out_list"),
    Found(Reason.OPTED_OUT, directive_of_pages, "honour_opt_outs"),
)


def judge_link(link: FetchRequest, config: FetchConfig) -> Iterable[FetchRequest | Rejection]:
    """The link where no rule of `ADDRESS_RULES` is broken."""
    violation = apply_rules(ADDRESS_RULES, link, config)
    yield reject_media(link, violation, link.said) if violation else link


def _path(url: str) -> str:
    return _cased_path(url).lower()


def _cased_path(url: str) -> str:
    match = _PATH.match(url)
    return unquote(match[1]) if match else ""


@lru_cache(maxsize=16)
def _words_of(words: tuple[str, ...]) -> re.Pattern:
    """Each word in one or many, and what sites write in one word with it."""
    either = "|".join(re.escape(word.lower()) for word in words)
    return re.compile(rf"(?<![^\W\d_])(?:{_JOINED})?(?:{either or '(?!)'})s?(?![^\W\d_])")


@lru_cache(maxsize=16)
def _whole(words: tuple[str, ...]) -> re.Pattern:
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(re.escape(word.lower()) for word in words) or '(?!)'})(?![^\W\d_])")
