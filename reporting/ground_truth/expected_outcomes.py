"""A ledger and a run's tables -> for each thing of the sample, the outcome that the ledger expects and the one found."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from lamella.pipeline.columns import read_columns
from lamella.pipeline.declared import rejections_of
from lamella.pipeline.graph import JOBS
from lamella.reporting.ground_truth.sample_ledger import Ledger
from lamella.schemas.rejection import Reason, Unit
from lamella.transforms.base.files import join

KEPT = "kept"
NEVER_SEEN = "never seen"
WITH_ITS_PAGE = "left with its page"

_COPIES = frozenset({Reason.SAME_URL.value, Reason.NEAR_DUPLICATE.value})  # which of two copies stays, a hash decides
_WORDS = 60  # characters of a paragraph's beginning that tell it from others


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`expected` and `found` are reasons, or `kept`."""

    kind: str
    expected: str
    found: str
    met: bool
    where: str  # URL, or archive and offset


def outcomes_of(run: str, ledger: Ledger, archives: Collection[str]) -> Iterator[Outcome]:
    """Every page, image, clip and track, and what else the ledger expects a reason for: texts, paragraphs, records.

    `archives` are those that the run has read; nothing is expected of records in others.
    """
    seen = _Seen.of(run)
    yield from _pages(ledger, seen)
    for kind, lines in (("image", ledger.images), ("clip", ledger.clips)):
        for url, line in lines.items():
            yield _of_media(kind, url, line["outcome"], seen)
            if line.get("track_outcome"):
                yield _expected("track", line["track_outcome"], seen.urls[line["track"]], line["track"])
    for url, image in ledger.images.items():
        for kind, said in (("alt", image["alts"]), ("figcaption", image["figcaptions"])):
            for one in said:
                if one.get("outcome"):
                    yield _expected(kind, one["outcome"], seen.urls[url], f"{url} on {one['page']}")
    for node in ledger.nodes:
        yield _expected("node", node["outcome"], seen.texts[_start(node["text"])], node["page"])
    read = {_file(archive) for archive in archives}
    for record in ledger.records:
        if _file(record["archive"]) not in read:
            continue
        place = (_file(record["archive"]), max(record["offset"], 0))
        found = seen.places[place] | seen.urls[record["url"]]
        yield _expected("record", record["outcome"], found, f"{record['archive']} at {record['offset']}")


def _pages(ledger: Ledger, seen: "_Seen") -> Iterator[Outcome]:
    twins = {line["twin"]: line["url"] for line in ledger.pages if line["twin"]}
    for line in ledger.pages:
        url, expected = line["url"], line["outcome"] or KEPT
        found = seen.pages[url]
        other = line["twin"] or twins.get(url, "")
        swapped = other and (
            (expected in _COPIES and expected in seen.pages[other]) or (expected == KEPT and bool(found & _COPIES))
        )
        if expected == KEPT:
            met = bool(swapped) or (url in seen.documents and not found - _COPIES)
            yield Outcome(kind="page", expected=KEPT, found=KEPT if met else _one(found), met=met, where=url)
        elif swapped:
            yield Outcome(kind="page", expected=expected, found=expected, met=True, where=url)
        else:
            here = found or ({KEPT} if url in seen.documents else set())
            yield _expected("page", expected, here, url)


def _of_media(kind: str, url: str, outcome: str | None, seen: "_Seen") -> Outcome:
    """A good picture whose page left was never looked for."""
    if outcome:
        return _expected(kind, outcome, seen.urls[url] or ({KEPT} if url in seen.media else set()), url)
    judged = seen.judged[url]
    found = KEPT if url in seen.media else _one(judged) if judged else WITH_ITS_PAGE
    return Outcome(kind=kind, expected=KEPT, found=found, met=not judged, where=url)


def _expected(kind: str, expected: str, found: set[str], where: str) -> Outcome:
    met = expected in found
    return Outcome(kind=kind, expected=expected, found=expected if met else _one(found), met=met, where=where)


def _one(found: set[str]) -> str:
    return ", ".join(sorted(found)) or NEVER_SEEN


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _start(text: str) -> str:
    return " ".join(text.split())[:_WORDS]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a run says of URLs, places and texts: reasons, and what stayed."""

    pages: dict[str, set[str]]  # by the page's URL: reasons of records, pages and documents
    urls: dict[str, set[str]]  # by URL: reasons of every unit
    judged: dict[str, set[str]]  # by the media's URL: reasons of media
    places: dict[tuple[str, int], set[str]]  # by archive's file name and offset: reasons of all but nodes
    texts: dict[str, set[str]]  # by a text's beginning: reasons of nodes
    documents: set[str]  # URLs that stayed
    media: set[str]

    @classmethod
    def of(cls, run: str) -> "_Seen":
        pages, urls, judged, places, texts = (defaultdict(set) for _ in range(5))
        for row in _rejections(run):
            url, reason = row["url"] or row["key"], row["reason"]
            urls[url].add(reason)
            if row["unit"] in (Unit.RECORD, Unit.PAGE, Unit.DOCUMENT):
                pages[url].add(reason)
            if row["unit"] == Unit.MEDIA:
                judged[url].add(reason)
            if row["unit"] == Unit.NODE:
                texts[_start(row["sample"])].add(reason)
            if row["archive"] and row["unit"] != Unit.NODE:
                places[_file(row["archive"]), max(row["offset"], 0)].add(reason)
        documents = _urls(run, "interleaved") or _urls(run, "documents")
        return cls(
            pages=pages,
            urls=urls,
            judged=judged,
            places=places,
            texts=texts,
            documents=documents,
            media=_urls(run, "media"),
        )


def _rejections(run: str) -> Iterator[dict[str, Any]]:
    columns = ("unit", "reason", "key", "url", "sample", "archive", "offset")
    for job in JOBS:
        for batch in read_columns(join(run, rejections_of(job)), columns):
            yield from batch.to_pylist()


def _urls(run: str, table: str) -> set[str]:
    return {url for batch in read_columns(join(run, table), ("url",)) for url in batch["url"].to_pylist()}
