"""Turns at a site: one request at a time, a pause between two, a limit for all sites; sites that keep failing are given up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_MAX_IDLE = 10_000  # domains remembered that nobody waits for


@dataclass(slots=True)
class _Site:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0  # on the loop's clock
    delay_s: float = 0.0


class RateLimit:
    """The turns of one worker. All links of a registered domain go to one worker, so no other worker asks it, except by
    redirects from other domains.
    """

    def __init__(self, min_delay_s: float, connections: int, max_failures: int):
        self._min_delay_s, self._max_failures = min_delay_s, max_failures
        self._connections = asyncio.Semaphore(connections)
        self._sites: dict[str, _Site] = {}
        self._failures: Counter[str] = Counter()
        self._closed: set[str] = set()

    @asynccontextmanager
    async def turn(self, domain: str) -> AsyncIterator[None]:
        """Waits until the domain may be asked, and lets nobody else ask it meanwhile; the pause starts when it ends."""
        site = self._site(domain)
        async with site.lock:
            while (wait := site.free_at - _now()) > 0:
                await asyncio.sleep(wait)
            async with self._connections:
                try:
                    yield
                finally:
                    site.free_at = max(site.free_at, _now() + max(self._min_delay_s, site.delay_s))

    def hold(self, domain: str, seconds: float) -> None:
        """No request to the domain for so long: Retry-After, or back-off."""
        site = self._site(domain)
        site.free_at = max(site.free_at, _now() + seconds)

    def slow_down(self, domain: str, delay_s: float) -> None:
        """At least so long between two requests: Crawl-delay."""
        site = self._site(domain)
        site.delay_s = max(site.delay_s, delay_s)

    def failed(self, host: str) -> None:
        self._failures[host] += 1
        if self._failures[host] >= self._max_failures:
            self.close(host)

    def answered(self, host: str) -> None:
        self._failures.pop(host, None)

    def close(self, host: str) -> None:
        """The host is not asked again by this worker."""
        self._closed.add(host)

    def is_closed(self, host: str) -> bool:
        return host in self._closed

    def _site(self, domain: str) -> _Site:
        if len(self._sites) > _MAX_IDLE and domain not in self._sites:
            now = _now()
            self._sites = {name: site for name, site in self._sites.items() if site.lock.locked() or site.free_at > now}
        return self._sites.setdefault(domain, _Site())


def _now() -> float:
    return asyncio.get_running_loop().time()
