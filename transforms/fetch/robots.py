"""robots.txt of a site -> whether a URL may be asked for, how long to wait between requests, and the evidence (RFC 9309)."""

from dataclasses import dataclass
from typing import NamedTuple

from lamella.transforms.fetch.path_rules import longest, path_of
from lamella.transforms.fetch.robots_file import Group, RobotsFile, parse_robots

MAX_ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: the rest is not read
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TOO_MANY_REQUESTS = 429  # a 4xx that says come back, not that there is no file


class Verdict(NamedTuple):
    allowed: bool
    evidence: str
    delay_s: float = 0.0  # Crawl-delay


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site. `rules` is None if there are none; `reachable` False forbids all."""

    rules: RobotsFile | None
    reachable: bool
    evidence: str

    def verdict(self, url: str, product: str) -> Verdict:
        if not self.reachable or self.rules is None:
            return Verdict(self.reachable, self.evidence)
        group = self.rules.group_for(product)
        allowed = may_ask(group, path_of(url))
        return Verdict(allowed, f"robots.txt: {'allowed' if allowed else 'disallowed'}", group.delay_s)


def may_ask(group: Group, path: str) -> bool:
    """The longest rule decides; of two equally long ones, the one that allows."""
    said = longest(group.access, path)
    return any(said) or not said


def read_robots(status: int, body: bytes) -> Robots:
    """The rules from a response: 4xx allows all, 429 and 5xx forbid all, as do redirects without end (status 0)."""
    if status == _TOO_MANY_REQUESTS or status >= 500:
        return Robots(None, False, f"robots.txt: {status}, all disallowed")
    if not 200 <= status < 300:
        return Robots(None, True, f"robots.txt: none ({status})")
    return Robots(parse_robots(site_text(body)), True, "")


def site_text(body: bytes) -> str:
    """The text of a site's file, as far as it is read."""
    if len(body) > MAX_ROBOTS_BYTES:
        body = body[: body.rfind(b"\n", 0, MAX_ROBOTS_BYTES) + 1]  # half a rule is none
    if body.startswith(_UTF_16):  # as an editor saves "Unicode"
        return body.decode("utf-16", "replace").replace("\0", "")
    return body.decode("utf-8-sig", "replace").replace("\0", "")
