"""A list of what owners do not want used, made after a crawl -> whether an address or a file's hash is on it.

A line names one thing: a URL, a host (and all hosts below it), or the SHA-256 of a file. More may follow it, such as who asked
and when. A `#` at a line's start or after a space begins a remark.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable
from lamella.transforms.base.files import read_bytes
from lamella.transforms.formats.urls import canonical_url, host_of, page_url

_REMARK = re.compile(r"(?:^|(?<=\s))#.*")
_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)
_HOST = re.compile(r"(?:\*?\.)?([^\s/:@.]++(?:\.[^\s/:@.]++)++|localhost)\.?")
LISTED = "listed"  # the signal's name
_MAX_WORDS = 200  # characters of what a line says beside


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutList:
    """Each thing with what its line says of it."""

    urls: Mapping[str, str]
    hosts: Mapping[str, str]
    hashes: Mapping[str, str]

    def address(self, url: str) -> str:
        """The line that names the address or its host, "" where none does."""
        for listed in (canonical_url(url), page_url(url)):
            if listed in self.urls:
                return _said(listed, self.urls[listed])
        labels = host_of(url).split(".")
        hosts = (".".join(labels[at:]) for at in range(len(labels)))
        return next((_said(host, self.hosts[host]) for host in hosts if host in self.hosts), "")

    def file(self, sha256: str) -> str:
        return _said(sha256, self.hashes[sha256]) if sha256 in self.hashes else ""


@cache
def read_opt_outs(path: str | None) -> OptOutList:
    """Raises OSError where the list cannot be read, and ConfigError for a line that names none of the three."""
    urls, hosts, hashes = {}, {}, {}
    text = read_bytes(path).decode("utf-8-sig", "replace") if path else ""
    for number, line in enumerate(text.splitlines(), 1):
        thing, _, words = _REMARK.sub("", line).strip().partition(" ")
        words = words.strip()[:_MAX_WORDS]
        if not thing:
            continue
        if digest := _HASH.fullmatch(thing):
            hashes[digest[1].lower()] = words
        elif url := canonical_url(thing):
            urls[url] = words
        elif (host := _HOST.fullmatch(thing)) and (name := host_of(f"http://{host[1]}/")):
            hosts[name] = words
        else:
            raise ConfigError(f"{printable(path)}: line {number}: neither a URL, a host nor a SHA-256: {printable(thing[:80])}")
    return OptOutList(urls=urls, hosts=hosts, hashes=hashes)


def _said(thing: str, words: str) -> str:
    return f"{LISTED}: {thing}" + (f" ({words})" if words else "")
