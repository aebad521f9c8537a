"""A link -> the link, or the Rejection that its address alone, or the pages that show it, earn: nothing is read yet."""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import MediaLink
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.fetch.links import WantedLink
from lamella.transforms.rules import Rule, above, first_broken
from lamella.transforms.urls import canonical_url

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINED = "fav|site|main|header|footer|small|big|social|share|play|menu|nav|app"  # "favicon", "sitelogo", "playbutton"
_PATH = re.compile(r"[^/]*//[^/]*([^?]*)")


def has_bad_url(link: MediaLink, config: FetchConfig) -> bool:
    too_long = above(len(link.url), config.max_url_characters)
    return too_long or not link.url or canonical_url(link.url) != link.url


def blocked_word(link: MediaLink, config: FetchConfig) -> str:
    """The first of `blocked_url_words` that is a word of the path, or several of it: /logo_2x and /siteLogo are, /silicon is
    not. OBELICS looks for them anywhere, and loses what is iconic. Hosts are not judged by their name."""
    found = _words_of(config.blocked_url_words).search(_CAMEL.sub("-", _cased_path(link.url)).lower())
    return found[0] if found else ""


def unsafe_word(link: MediaLink, config: FetchConfig) -> str:
    """The first of `unsafe_url_words` that is a whole word of the path: /sex/ is, /sussex/ is not."""
    found = _whole(config.unsafe_url_words).search(_path(link.url))
    return found[0] if found else ""


ADDRESS_RULES = (
    Rule(Reason.BAD_URL, has_bad_url, lambda link, config: f"{len(link.url)} characters"),
    Rule(Reason.UNSAFE_IMAGE, lambda link, config: bool(unsafe_word(link, config)), unsafe_word),
    Rule(Reason.BLOCKED_URL, lambda link, config: bool(blocked_word(link, config)), blocked_word),
    Rule(
        Reason.OPTED_OUT,
        lambda link, config: config.honour_opt_outs and bool(link.opt_out),
        lambda link, config: link.opt_out,
    ),
)


def judge_link(link: WantedLink, config: FetchConfig) -> Iterable[WantedLink | Rejection]:
    """The link where no rule of `ADDRESS_RULES` is broken."""
    broken = first_broken(link, ADDRESS_RULES, config)
    yield rejected(link, broken.reason, broken.detail) if broken else link


def rejected(link: MediaLink, reason: Reason, detail: str = "") -> Rejection:
    """The Rejection of a media link: its URL is its key, so that documents find out."""
    return Rejection(stage=Stage.FETCH, unit=Unit.MEDIA, key=link.url, reason=reason, url=link.url, detail=detail)


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
