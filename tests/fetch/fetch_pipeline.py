"""Documents and archived media -> what FetchMedia keeps and rejects, by URL. The accounts are checked on the way."""

import collections
from typing import ClassVar

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from fetch_media import media_finder, memory_at

from lamella.pipeline.read import ReadTables
from lamella.schemas.account import CounterKind
from lamella.schemas.config import FetchConfig
from lamella.schemas.document import ImageNode, InterleavedDocument
from lamella.schemas.media import Alias, ArchiveMedia, BlobRef, Container, Media
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CandidatePair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit

A = "https://a.org"
OUTPUTS = ("kept", "rejected", "counters", "counts")


def document(key: str, *nodes, robots="") -> InterleavedDocument:
    provenance = Provenance(archive="a.warc", offset=0, length=1)
    return InterleavedDocument(key=key, url=f"{A}/{key}", nodes=nodes, provenance=provenance, robots=robots)


def shows(key: str, *urls: str, robots="") -> InterleavedDocument:
    return document(key, *(ImageNode(url=url, position=at) for at, url in enumerate(urls)), robots=robots)


class Store:
    """Bytes laid end to end in one file, as archived media."""

    def __init__(self, folder):
        self._path, self.media = folder / "media" / "store", []
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()

    def add(self, url: str, data: bytes, **fields) -> None:
        offset = self._path.stat().st_size
        with self._path.open("ab") as out:
            out.write(data)
        blob = BlobRef(path=f"media/{self._path.name}", offset=offset, length=len(data), container=Container.RAW)
        self.media.append(ArchiveMedia(url=url, blob=blob, mime="image/png", **fields))


_inspected: list[int] = []  # by the last `fetch`: files that were asked about, and those that had to be decoded


def fetch(
    documents, archived, config=None, root="", aliases=(), candidates=(), memory=None
) -> tuple[dict[str, Media], dict[str, Rejection]]:
    """Kept media and rejections by URL; the accounts are checked on the way."""
    # The runner is in this process: what a check sees, the test sees.
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        inputs = {
            "documents": pipeline | "d" >> beam.Create(documents, reshuffle=False).with_output_types(InterleavedDocument),
            "candidates": pipeline | "c" >> beam.Create(candidates, reshuffle=False).with_output_types(CandidatePair),
            "archived": pipeline | "a" >> beam.Create(archived, reshuffle=False).with_output_types(ArchiveMedia),
            "aliases": pipeline | "l" >> beam.Create(aliases, reshuffle=False).with_output_types(Alias),
        }
        finder = media_finder(config or FetchConfig(), root, memory)
        known = pipeline | ReadTables({}, memory or memory_at(root), finder.measures)
        out = {**inputs, **known} | finder
        told = [getattr(out, name) | name >> beam.Map(lambda record, name: (name, record), name) for name in OUTPUTS]
        assert_that(told | beam.Flatten(), _Remember())  # one check, which costs as much as a shuffle, for all
    seen = {output: [record for name, record in _Remember.seen if name == output] for output in OUTPUTS}
    _inspected[:] = [sum(one.asked for one in seen["counts"]), sum(one.fresh for one in seen["counts"])]

    counts = collections.Counter()
    for counter in seen["counters"]:
        assert (counter.stage, counter.unit) == (Stage.FETCH, Unit.MEDIA)
        counts[counter.kind] += counter.count
    assert all((rejection.stage, rejection.unit) == (Stage.FETCH, Unit.MEDIA) for rejection in seen["rejected"])
    assert counts[CounterKind.IN] == 0
    assert counts[CounterKind.KEPT] == len(seen["kept"])
    assert counts[CounterKind.MADE] == len(seen["kept"]) + len(seen["rejected"])
    kept = {media.url: media for media in seen["kept"]}
    rejected = {rejection.key: rejection for rejection in seen["rejected"]}
    assert len(kept) + len(rejected) == counts[CounterKind.MADE]
    return kept, rejected


class _Remember:
    """A check that keeps what it sees with its class, for it is pickled itself."""

    seen: ClassVar[list] = []

    def __call__(self, records):
        self.seen[:] = records


def reasons(rejected) -> dict[str, Reason]:
    return {url: rejection.reason for url, rejection in rejected.items()}
