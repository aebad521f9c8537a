"""What the files of a site say of a URL: robots.txt, /.well-known/tdmrep.json, /ai.txt, licences of RSL -> a Verdict.

Rules of robots.txt and ai.txt are for the agents that their group names, or for all; tdmrep.json and RSL are for everybody.
Within one file the longest pattern that matches the path decides; of several files, any that forbids does.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lamella.schemas.config import FetchConfig, OptOutConfig
from lamella.transforms.fetch.opt_out import product_of
from lamella.transforms.fetch.path_rules import PathPattern, longest, path_of
from lamella.transforms.fetch.robots import Robots, Verdict, may_ask, site_text
from lamella.transforms.fetch.robots_file import RobotsFile, parse_robots
from lamella.transforms.fetch.usage import rsl_opt_out, usage_opt_out
from lamella.transforms.formats.rsl import Prohibited, rsl_prohibits

_SITE = re.compile(r"https?://[^/*?#]*", re.IGNORECASE)
_TRAILING_COMMA = re.compile(r",(?=\s*+[\]}])")  # which many write, and JSON has not
_MAX_SHOWN = 200  # characters of an address in the evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """The files of one site, read. None: it has none, or it was not asked for."""

    robots: Robots | None = None
    tdm: tuple[tuple[PathPattern, bool], ...] = ()  # whether rights are reserved
    ai: RobotsFile | None = None
    rsl: tuple[tuple[PathPattern, tuple[str, ...]], ...] = ()  # uses that are prohibited

    def verdict(self, url: str, config: FetchConfig, *, tdm_said: bool = False) -> Verdict:
        """Whether the URL may be asked for, and what it gives be used.

        Args:
            tdm_said: a response has spoken of TDM itself, which goes before the site's file (TDMRep, 6).
        """
        product, path, told, delay_s = product_of(config.user_agent), path_of(url), [], 0.0
        if self.robots:
            said = self.robots.verdict(url, product)
            if config.robots_txt and not said.allowed:
                return said
            told, delay_s = [said.evidence], said.delay_s
        if config.honour_opt_outs:
            for forbids in self._opt_outs(path, product, config.opt_outs, tdm_said):
                return Verdict(False, forbids, delay_s)
        licences = self.robots.rules.licences if self.robots and self.robots.rules else ()
        told += [f"rsl-license: {licence[:_MAX_SHOWN]}" for licence in licences[:1]]
        return Verdict(True, "; ".join(filter(None, told)), delay_s)

    def _opt_outs(self, path: str, product: str, heard: OptOutConfig, tdm_said: bool) -> Iterator[str]:
        if self.robots and self.robots.rules:
            group = self.robots.rules.group_for(product)
            if heard.content_usage and (words := usage_opt_out(longest(group.usage, path))):
                yield f"content-usage: {words}, in robots.txt"
            if heard.content_usage and not all(longest(group.training, path)):
                yield "robots.txt: DisallowAITraining"
            if heard.content_signal and (words := usage_opt_out(longest(group.signal, path))):
                yield f"content-signal: {words}, in robots.txt"
            if heard.rsl and (words := rsl_opt_out(group.prohibits)):
                yield f"rsl: {words}, in robots.txt"
        if heard.tdm_file and not tdm_said and any(longest(self.tdm, path)):
            yield "tdmrep.json: tdm-reservation 1"
        if heard.ai_txt and self.ai and not may_ask(self.ai.group_for(product), path):
            yield "ai.txt: disallowed"
        if heard.rsl and (words := rsl_opt_out(use for uses in longest(self.rsl, path) for use in uses)):
            yield f"rsl: {words}"


def read_tdm_file(body: bytes) -> tuple[tuple[PathPattern, bool], ...]:
    """The rules of a tdmrep.json; () if it is not one. Locations are patterns as in robots.txt."""
    try:
        rows = json.loads(_TRAILING_COMMA.sub("", site_text(body)))
    except (ValueError, RecursionError):
        return ()
    rows = rows if isinstance(rows, list) else [rows]
    named = [{name.lower(): value for name, value in row.items()} for row in rows if isinstance(row, dict)]
    return tuple(
        (PathPattern.of(_path(location)), str(row["tdm-reservation"]).strip() in ("1", "1.0", "True"))
        for row in named
        if "tdm-reservation" in row
        for location in _locations(row)
    )


def _locations(row: dict) -> list[str]:
    """One location or several; a missing or wrong one means the whole site."""
    said = row.get("location") or "/"
    return [one for one in (said if isinstance(said, list) else [said]) if isinstance(one, str)]


def _path(location: str) -> str:
    """A pattern of paths. Some write the whole address of their site, or leave out the slash that a path begins with."""
    path = _SITE.sub("", location.strip())
    return path if path.startswith(("/", "*")) else f"/{path}"


def read_ai_txt(body: bytes) -> RobotsFile:
    return parse_robots(site_text(body))


def read_rsl(body: bytes, site: str) -> tuple[tuple[PathPattern, tuple[str, ...]], ...]:
    """What a licence prohibits on a site, `https://host`. Its patterns are URLs, or paths on the licence's own site."""
    return rsl_rules(rsl_prohibits(site_text(body)), site)


def rsl_rules(said: Iterable[Prohibited], site: str, *, named: bool = False) -> tuple[tuple[PathPattern, tuple[str, ...]], ...]:
    """The rules for a site, by either scheme, as patterns of its paths.

    Args:
        named: only by patterns that name the site: paths alone are those of another, on which they were said.
    """
    host, found = site.partition("://")[2].lower(), []
    for pattern, uses in said:
        address = _SITE.match(pattern)
        if address and address[0].partition("://")[2].lower() != host:
            continue
        path = pattern[address.end() :] or "/" if address else pattern
        if path.startswith(("/", "*", "?")) and (address or not named):
            found.append((PathPattern.of(path), uses))
    return tuple(found)
