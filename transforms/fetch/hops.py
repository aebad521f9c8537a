"""A link at an address, and what an archive holds there -> the next address, the bytes, or a Rejection."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import NamedTuple

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Alias, AliasKind, ArchiveMedia
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.aliases import both_say, is_meant, may_mean
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Found, Violation, apply_rules
from lamella.transforms.fetch.address_rules import listed_address, unsafe_word
from lamella.transforms.fetch.captured import FetchResponse, descending, from_archive
from lamella.transforms.fetch.guard import ForbiddenAddress, Guard, is_public
from lamella.transforms.fetch.links import FetchRequest
from lamella.transforms.fetch.opt_out import media_opt_out, product_of
from lamella.transforms.formats.urls import host_of
from lamella.transforms.media.rule_scope import MEDIA_SCOPE

_LOCAL_NAMES = ("localhost", ".localhost")
_KINDS = (AliasKind.REDIRECT, AliasKind.REVISIT, AliasKind.SMALLER)  # of several at one address the first leads on
_MAX_SHOWN = 300  # characters of an address in a detail


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """A link, where redirects have led it, and what they say of the use of what they lead to."""

    link: FetchRequest
    at: str  # canonical URL
    through: tuple[str, ...] = ()  # addresses that it was led to
    robots_header: str = ""
    tdm_reservation: str = ""
    revisit: Alias | None = None  # that has led it to where it is, and means one capture of those


class Hop(NamedTuple):
    """A redirect, as a link comes to it."""

    url: str  # that it leads to
    source: str
    robots_header: str
    tdm_reservation: str


def forbidden_by_hop(hop: Hop, config: FetchConfig) -> str:
    """What the redirect itself says against use, or ""."""
    return media_opt_out(hop.robots_header, hop.tdm_reservation, product_of(config.user_agent), config.opt_outs)


def private_target(hop: Hop, config: FetchConfig) -> str:
    """The private address that a public host leads to, or "": no server should lead anybody into a network of its own."""
    if _is_private(hop.source):
        return ""
    host = host_of(hop.url)
    try:
        address = ip_address("127.0.0.1" if host.endswith(_LOCAL_NAMES) else host)
    except ValueError:
        return ""
    try:
        Guard(config).check_address(address)
    except ForbiddenAddress as error:
        return str(error)
    return ""


def unsafe_target(hop: Hop, config: FetchConfig) -> str:
    return unsafe_word(hop, config)


def listed_target(hop: Hop, config: FetchConfig) -> str:
    return listed_address(hop, config)


HOP_RULES = MEDIA_SCOPE.book(
    "redirect in an archive",
    Found(Reason.OPTED_OUT, forbidden_by_hop, "honour_opt_outs"),
    Found(Reason.FORBIDDEN_ADDRESS, private_target, source="reliability S2"),
    Found(Reason.UNSAFE_IMAGE, unsafe_target, "unsafe_url_words"),
    Found(Reason.OPTED_OUT, listed_target, "opt_out_list"),
)


def start(link: FetchRequest) -> tuple[str, Led]:
    return link.url, Led(link=link, at=link.url)


def latest_alias(aliases: Iterable[Alias]) -> Alias:
    """Of several of one address the last redirect, else the last revisit, else the last smaller picture; of the same moment the
    first by archive, offset and target."""
    return min(aliases, key=latest_alias_first)


def latest_alias_first(alias: Alias) -> tuple:
    """Sorts redirects as `latest_alias` takes them."""
    return _KINDS.index(alias.kind), descending(alias.crawl_time), alias.archive, alias.offset, alias.target


def look(
    led: Led, held: ArchiveMedia | None, redirect: Alias | None, hop: int, *, config: FetchConfig
) -> FetchResponse | Led | Rejection | FetchRequest:
    """The link's capture; or its next address; or its Rejection; or the link itself, if no archive holds it.

    Bytes at an address win over a redirect from it: crawlers store both where a site asks for a cookie first. What a revisit
    means is here by now, unless that was a revisit too: then it leads to that one's address, and what is there must be meant.

    Args:
        hop: redirects that it has followed so far. Beyond `max_redirects` it is missing where the web can be asked, whose own
            redirects may be others; else it is refused.
    """
    if led.revisit:
        held = held if held and is_meant(led.revisit, held) else None
        redirect = redirect if redirect and may_mean(led.revisit, redirect) else None
    if held:
        robots, reserved = both_say(led, held)
        if redirect and redirect.crawl_time > held.crawl_time:  # a later word on the same address
            robots, reserved = both_say(Led(link=led.link, at=led.at, robots_header=robots, tdm_reservation=reserved), redirect)
        return from_archive(led.link, replace(held, robots_header=robots, tdm_reservation=reserved), led.through)
    if not redirect:
        return led.link
    robots, reserved = both_say(led, redirect)
    if violation := apply_rules(HOP_RULES, Hop(redirect.target, led.at, robots, reserved), config):
        return reject_media(led.link, violation, redirect.crawl_time)
    if hop < config.max_redirects:
        through = (*led.through, redirect.target)
        revisit = redirect if redirect.kind is AliasKind.REVISIT else None
        return replace(
            led, at=redirect.target, through=through, robots_header=robots, tdm_reservation=reserved, revisit=revisit
        )
    if config.http:
        return led.link
    said = f"more than {config.max_redirects}, then {redirect.target}"
    return reject_media(led.link, Violation(Reason.TOO_MANY_REDIRECTS, detail=said[:_MAX_SHOWN]))


def _is_private(url: str) -> bool:
    try:
        return not is_public(ip_address(host_of(url)))
    except ValueError:
        return False
