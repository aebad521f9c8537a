"""Asks each site for the files in which it speaks of its use, once a day, and gives the verdict on a URL."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from urllib.parse import urlsplit

from lamella.schemas.config import FetchConfig
from lamella.transforms.fetch.opt_out import product_of
from lamella.transforms.fetch.refused import Refused
from lamella.transforms.fetch.robots import Verdict, read_robots
from lamella.transforms.fetch.site_rules import SiteRules, read_ai_txt, read_tdm_file
from lamella.transforms.formats.site_files import AI_TXT, ROBOTS, TDM_FILE

_FRESH_S = 24 * 3600.0  # RFC 9309, 2.4


class SiteCache:
    """What sites say, for as long as it is fresh.

    Args:
        get: URL of a site's file -> (status, body); it raises Refused where the site cannot be reached, and that is not kept.
    """

    def __init__(self, get: Callable[[str], Awaitable[tuple[int, bytes]]], config: FetchConfig):
        self._get, self._config = get, config
        self._known: dict[str, tuple[float, SiteRules]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def verdict(self, url: str) -> Verdict:
        """Whether `url` may be asked for."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        async with self._asking.setdefault(site, asyncio.Lock()):
            asked, rules = self._known.get(site, (0.0, None))
            if rules is None or monotonic() - asked > _FRESH_S:
                rules = await self._read(site)
                self._known[site] = monotonic(), rules
        return rules.verdict(url, self._config)

    async def _read(self, site: str) -> SiteRules:
        config = self._config
        robots = read_robots(*await self._get(site + ROBOTS)) if config.robots_txt else None
        heard = config.opt_outs

        async def file_at(path: str) -> bytes:
            """b"" where there is none, or the site's robots.txt keeps us from it."""
            if robots and not robots.verdict(site + path, product_of(config.user_agent)).allowed:
                return b""
            try:
                status, body = await self._get(site + path)
            except Refused:
                return b""
            return body if 200 <= status < 300 else b""

        if not config.honour_opt_outs or (robots and not robots.reachable):
            return SiteRules(robots=robots)
        tdm = read_tdm_file(await file_at(TDM_FILE)) if heard.tdm_file else ()
        ai = read_ai_txt(await file_at(AI_TXT)) if heard.ai_txt else None
        return SiteRules(robots=robots, tdm=tdm, ai=ai)
