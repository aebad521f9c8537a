"""robots.txt of a site -> whether a URL may be asked for, how long to wait between requests, and the evidence (RFC 9309)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit

from protego import Protego

MAX_ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: the rest is not read
_FRESH_S = 24 * 3600.0  # RFC 9309, 2.4
_TOO_MANY_REQUESTS = 429  # a 4xx that says come back, not that there is no file


class Verdict(NamedTuple):
    allowed: bool
    evidence: str
    delay_s: float = 0.0  # Crawl-delay


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site, for one product. `rules` is None where there are none; `reachable` False forbids all."""

    rules: Protego | None
    reachable: bool
    evidence: str

    def verdict(self, url: str, product: str) -> Verdict:
        if not self.reachable or self.rules is None:
            return Verdict(self.reachable, self.evidence)
        allowed = self.rules.can_fetch(url, product)
        delay = float(self.rules.crawl_delay(product) or 0.0)
        said = f"robots.txt: {'allowed' if allowed else 'disallowed'}"
        return Verdict(allowed, said, delay if delay > 0 else 0.0)  # `nan` is no delay


def read_robots(status: int, body: bytes) -> Robots:
    """The rules from a response: 4xx allows all, 429 and 5xx forbid all, as do redirects without end (status 0)."""
    if status == _TOO_MANY_REQUESTS or status >= 500:
        return Robots(None, False, f"robots.txt: {status}, all disallowed")
    if not 200 <= status < 300:
        return Robots(None, True, f"robots.txt: none ({status})")
    body = body[: MAX_ROBOTS_BYTES + 1]
    if len(body) > MAX_ROBOTS_BYTES:
        body = body[: body.rfind(b"\n", 0, MAX_ROBOTS_BYTES) + 1]  # half a rule is none
    return Robots(Protego.parse(body.decode("utf-8-sig", "replace").replace("\0", "")), True, "")


class RobotsCache:
    """Asks each site once a day.

    Args:
        get: URL of a robots.txt -> (status, body); it raises where the site cannot be reached, and that is not kept.
        product: our name in robots rules.
    """

    def __init__(self, get: Callable[[str], Awaitable[tuple[int, bytes]]], product: str):
        self._get, self._product = get, product
        self._known: dict[str, tuple[float, Robots]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def verdict(self, url: str) -> Verdict:
        """Whether `url` may be asked for."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        async with self._asking.setdefault(site, asyncio.Lock()):
            asked, robots = self._known.get(site, (0.0, None))
            if robots is None or monotonic() - asked > _FRESH_S:
                robots = read_robots(*await self._get(f"{site}/robots.txt"))
                self._known[site] = monotonic(), robots
        return robots.verdict(url, self._product)
