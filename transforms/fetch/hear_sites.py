"""Captured links and the sites' files in archives -> the links whose sites allow their use, with their words, and Rejections.

A robots.txt, tdmrep.json, ai.txt or licence in an archive is about the addresses of its site, and so about every address on a
link's way. Files are read in place, once for each site; verdicts cross the shuffles, files never do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.base.join import Group, Join, as_it_is, by_url
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Violation
from lamella.transforms.fetch.captured import FetchResponse, latest
from lamella.transforms.fetch.robots import read_robots
from lamella.transforms.fetch.site_rules import SiteRules, read_ai_txt, read_rsl, read_tdm_file
from lamella.transforms.formats.site_files import AI_TXT, ROBOTS, RSL_TYPE, TDM_FILE, is_site_file, site_file_path, site_of
from lamella.transforms.media.store import MediaStore


class Heard(NamedTuple):
    captured: beam.PCollection  # FetchResponse
    refused: beam.PCollection  # Rejection


@quick_pickle
class Asked(NamedTuple):
    """An address on a link's way."""

    link: str  # URL of the link
    address: str
    tdm_said: bool  # a response on the way has spoken of TDM itself


@quick_pickle
class Word(NamedTuple):
    """What a site says of one address on the way of a link."""

    address: str
    allowed: bool
    evidence: str


class HearSites(beam.PTransform):
    """{"captured", "archived"} -> Heard."""

    def __init__(self, config: FetchConfig, store: MediaStore):
        super().__init__()
        self._config, self._store = config, store

    def expand(self, inputs):
        hear = partial(words_of_site, self._config, self._store)
        words = inputs | "Sites" >> Join({"captured": asked_of, "archived": _site_file}, hear, tuple[str, Word])
        said = {"captured": inputs["captured"], "words": words}
        settled = Join({"captured": by_url, "words": as_it_is}, _settled, FetchResponse, outputs={"refused": Rejection})
        out = said | "Links" >> settled
        return Heard(out.main, out.refused)


def asked_of(link: FetchResponse) -> Iterable[tuple[str, Asked]]:
    """(site, Asked) for each address on the link's way."""
    for address in (link.url, *link.through):
        yield site_of(address), Asked(link.url, address, bool(link.tdm_reservation))


def words_of_site(config: FetchConfig, store: MediaStore, site: str, group: Group) -> Iterable[tuple[str, Word]]:
    """(URL of the link, Word) for each Asked of a site of which an archive holds a file. Raises OSError as the store does."""
    files = list(group["archived"])
    if not files:
        return
    rules = rules_of(files, site, store)
    for asked in group["captured"]:
        verdict = rules.verdict(asked.address, config, tdm_said=asked.tdm_said)
        if verdict.evidence:
            yield asked.link, Word(asked.address, verdict.allowed, verdict.evidence)


def rules_of(files: Iterable[ArchiveMedia], site: str, store: MediaStore) -> SiteRules:
    """Rules from the last crawl of each file of a site; a file that cannot be decoded says nothing."""
    by_path: dict[str, list[ArchiveMedia]] = {}
    for found in files:
        by_path.setdefault(site_file_path(found.url, found.mime), []).append(found)
    body = {path: _read(latest(found), store) for path, found in by_path.items()}
    return SiteRules(
        robots=read_robots(200, body[ROBOTS]) if ROBOTS in body else None,
        tdm=read_tdm_file(body.get(TDM_FILE, b"")),
        ai=read_ai_txt(body[AI_TXT]) if AI_TXT in body else None,
        rsl=read_rsl(body.get(RSL_TYPE, b""), f"https://{site}"),
    )


def settle(link: FetchResponse, words: Iterable[Word]) -> FetchResponse | Rejection:
    """The link with what its sites say, or the Rejection where one of them forbids it."""
    said = sorted(set(words))
    forbids = [word.evidence for word in said if not word.allowed]
    if forbids:
        return reject_media(link, Violation(Reason.OPTED_OUT, detail=forbids[0]), link.said)
    own = next((word.evidence for word in said if word.address == link.url), "")
    return replace(link, robots_txt=own) if own else link


def _site_file(found: ArchiveMedia) -> Iterable[tuple[str, ArchiveMedia]]:
    return ((site_of(found.url), found),) if is_site_file(found.url, found.mime) else ()


def _settled(url: str, group: Group) -> Iterator[Any]:
    words = list(group["words"])
    for link in group["captured"]:
        out = settle(link, words)
        yield beam.pvalue.TaggedOutput("refused", out) if isinstance(out, Rejection) else out


def _read(found: ArchiveMedia, store: MediaStore) -> bytes:
    try:
        return store.bytes(found.blob)
    except BlobError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from error
        return b""
