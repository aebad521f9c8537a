"""A URL -> the verdict of its site, which is asked once for the files in which it speaks of its use and for its licences."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from lamella.schemas.config import FetchConfig
from lamella.transforms.fetch.opt_out import product_of
from lamella.transforms.fetch.path_rules import longest, path_of
from lamella.transforms.fetch.refused import Refused
from lamella.transforms.fetch.robots import Robots, Verdict, read_robots, site_text
from lamella.transforms.fetch.site_rules import SiteRules, read_ai_txt, read_tdm_file, rsl_rules
from lamella.transforms.fetch.usage import rsl_opt_out
from lamella.transforms.formats.rsl import Prohibited, rsl_prohibits
from lamella.transforms.formats.site_files import AI_TXT, ROBOTS, TDM_FILE
from lamella.transforms.formats.urls import join_url

_FRESH_S = 24 * 3600.0  # RFC 9309, 2.4

Kept = TypeVar("Kept")


class SiteCache:
    """What sites say, for as long as it is fresh.

    Args:
        get: URL of a site's file -> (status, body); it raises Refused where the site cannot be reached, and that is not kept.
        slow_down: is told the delay that a site's robots.txt asks for, before its other files are asked for.
    """

    def __init__(
        self,
        get: Callable[[str], Awaitable[tuple[int, bytes]]],
        config: FetchConfig,
        slow_down: Callable[[str, float], None] = lambda site, seconds: None,
    ):
        self._get, self._config, self._slow_down = get, config, slow_down
        # Each waits for those below it alone: a licence for robots.txt of the site it lies on, whoever names it.
        self._rules = _Daily(self._read)
        self._licences = _Daily(self._licence)
        self._robots = _Daily(self._robots_of)

    async def verdict(self, url: str) -> Verdict:
        """Whether `url` may be asked for."""
        return (await self._rules.of(_site_of(url))).verdict(url, self._config)

    async def licence_opt_out(self, licence: str, *uses: str) -> str:
        """The use that a licence of RSL prohibits for the first of these addresses that it covers; "" if it prohibits none or
        cannot be had."""
        said = await self._licences.of(licence)
        for url in uses:
            rules = rsl_rules(said, _site_of(url))
            if words := rsl_opt_out(use for prohibited in longest(rules, path_of(url)) for use in prohibited):
                return words
        return ""

    async def _read(self, site: str) -> SiteRules:
        config, heard = self._config, self._config.opt_outs
        robots = await self._robots.of(site) if config.robots_txt else None
        if not config.honour_opt_outs or (robots and not robots.reachable):
            return SiteRules(robots=robots)
        if robots and 0 < (delay_s := robots.verdict(site, product_of(config.user_agent)).delay_s) <= config.timeout_s:
            self._slow_down(site, delay_s)
        tdm = read_tdm_file(await self._file_at(site + TDM_FILE, robots)) if heard.tdm_file else ()
        ai = read_ai_txt(await self._file_at(site + AI_TXT, robots)) if heard.ai_txt else None
        named = robots.rules.licences if heard.rsl and robots and robots.rules else ()
        licences = [await self._licences.of(url) for name in named if (url := join_url(site + "/", name))]
        return SiteRules(robots=robots, tdm=tdm, ai=ai, rsl=tuple(rule for said in licences for rule in rsl_rules(said, site)))

    async def _robots_of(self, site: str) -> Robots:
        return read_robots(*await self._get(site + ROBOTS))

    async def _licence(self, url: str) -> list[Prohibited]:
        """What a licence prohibits; it is asked for within the rules of its own site. [] if it cannot be had."""
        try:
            robots = await self._robots.of(_site_of(url)) if self._config.robots_txt else None
        except Refused:
            return []
        return rsl_prohibits(site_text(await self._file_at(url, robots)))

    async def _file_at(self, url: str, robots: Robots | None) -> bytes:
        """b"" if there is none, or its site's robots.txt forbids it."""
        if robots and not robots.verdict(url, product_of(self._config.user_agent)).allowed:
            return b""
        try:
            status, body = await self._get(url)
        except Refused:
            return b""
        return body if 200 <= status < 300 else b""


class _Daily(Generic[Kept]):
    """What `make(key)` gives, made once a day; who asks meanwhile waits. What it raises is not kept."""

    def __init__(self, make: Callable[[str], Awaitable[Kept]]):
        self._make = make
        self._known: dict[str, tuple[float, Kept]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def of(self, key: str) -> Kept:
        async with self._asking.setdefault(key, asyncio.Lock()):
            made = self._known.get(key)
            if made is None or monotonic() - made[0] > _FRESH_S:
                made = self._known[key] = monotonic(), await self._make(key)
        return made[1]


def _site_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
