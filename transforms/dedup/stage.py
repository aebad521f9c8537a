"""DeduplicateDocuments: documents -> one of each page, and a row for each copy that left.

Pages of one address first, then near-duplicates among those that are left. Documents cross one shuffle, at the end, to
meet the verdict on their key. Everything before it handles fingerprints of a few hundred bytes, bands and keys.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import apache_beam as beam

from lamella.schemas.config import DedupConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.rejection import Stage
from lamella.transforms.base.find_components import FindComponents
from lamella.transforms.base.join import Group, Join, as_it_is, by_key
from lamella.transforms.base.step import Step
from lamella.transforms.dedup.choose import choose_survivor, near_duplicates, same_address
from lamella.transforms.dedup.components import bridges_of_member, links_of_bucket
from lamella.transforms.dedup.judge import Judged, judgements, keep_survivor, units_of_judged
from lamella.transforms.dedup.signature import Fingerprint, fingerprint

Bridge = tuple[str, str]  # two heads that a member has in common


class DedupOutcome(NamedTuple):
    """The outputs of the stage."""

    kept: beam.PCollection  # of InterleavedDocument
    duplicates: beam.PCollection  # of Duplicate: one for each rejected document
    rejected: beam.PCollection
    counters: beam.PCollection


class DeduplicateDocuments(beam.PTransform):
    """Keeps one of all documents that share an address, and no two near duplicates of those whose texts share bands.

    Args:
        rounds: of contraction, ahead of the union-find that one worker holds; no output depends on them.
    """

    def __init__(self, config: DedupConfig, rounds: int = 0):
        super().__init__()
        self._config, self._rounds = config, rounds

    def expand(self, documents: beam.PCollection[InterleavedDocument]):
        prints = documents | "Fingerprint" >> beam.Map(fingerprint, self._config).with_output_types(Fingerprint)
        verdicts = {}
        if self._config.by_url:
            prints, verdicts["same_url"] = prints | _OneOfEachAddress(self._config)
        if self._config.by_text:
            verdicts["near"] = prints | _NearDuplicates(self._config, self._rounds)
        inputs = {"documents": documents, **verdicts}
        judged = inputs | "Judge" >> Join(dict.fromkeys(inputs, by_key), _judge, Judged, outputs={"duplicates": Duplicate})
        kept = judged.main | Step(Stage.DEDUP, keep_survivor, self._config, InterleavedDocument, counts=units_of_judged)
        return DedupOutcome(kept.kept, judged.duplicates, kept.rejected, kept.counters)


class _OneOfEachAddress(beam.PTransform):
    """Fingerprints -> (one of each address, Duplicates of the others). Those without an address stay."""

    def __init__(self, config: DedupConfig):
        super().__init__()
        self._config = config

    def expand(self, prints):
        split = partial(_survivor, self._config)
        out = {"prints": prints} | Join({"prints": _by_address}, split, Fingerprint, outputs={"duplicates": Duplicate})
        return out.main, out.duplicates


class _NearDuplicates(beam.PTransform):
    """Fingerprints -> a Duplicate for each that is connected by shared bands with a survivor, and similar to it."""

    def __init__(self, config: DedupConfig, rounds: int):
        super().__init__()
        self._config, self._rounds = config, rounds

    def expand(self, prints):
        linked = (
            prints
            | "ByBand" >> beam.FlatMap(_by_band).with_output_types(tuple[bytes, str])
            | "GroupByBand" >> beam.GroupByKey()
            | "Links" >> beam.FlatMapTuple(_links).with_output_types(tuple[str, str])
        )
        # Members by the smallest of their heads; bridges between heads by the other output. See `transforms.dedup.components`.
        member = Join({"prints": by_key, "links": as_it_is}, _bridge, tuple[str, Fingerprint], outputs={"bridges": Bridge})
        members = {"prints": prints, "links": linked} | "Members" >> member
        roots = members.bridges | FindComponents(self._rounds)
        by_root = Join({"members": as_it_is, "roots": as_it_is}, _by_root, tuple[str, Fingerprint])
        return (
            {"members": members.main, "roots": roots}
            | "ByRoot" >> by_root
            | "GroupByRoot" >> beam.GroupByKey()
            | "Copies" >> beam.FlatMap(_near_duplicates, self._config).with_output_types(Duplicate)
        )


def _by_address(record: Fingerprint) -> Iterable[tuple[str, Fingerprint]]:
    return ((record.address or f"key:{record.key}", record),)  # no http(s) URL: an address of its own


def _survivor(config: DedupConfig, address: str, found: Group) -> Iterator[Any]:
    """One of each address; Duplicates of the others by their output."""
    yield choose_survivor(found["prints"], config)
    for duplicate in same_address(found["prints"], config):
        yield beam.pvalue.TaggedOutput("duplicates", duplicate)


def _by_band(record: Fingerprint) -> Iterable[tuple[bytes, str]]:
    return ((band, record.key) for band in record.bands)


def _links(band: bytes, keys: Iterable[str]) -> Iterable[tuple[str, str]]:
    return links_of_bucket(keys)


def _bridge(key: str, found: Group) -> Iterator[Any]:
    heads = list(found["links"])  # one a band, at most
    if not heads:
        return
    smallest, bridges = bridges_of_member(heads)
    for record in found["prints"]:
        yield smallest, record
    for bridge in bridges:
        yield beam.pvalue.TaggedOutput("bridges", bridge)


def _by_root(head: str, found: Group) -> Iterable[tuple[str, Fingerprint]]:
    root = found.first("roots", head)
    return ((root, record) for record in found["members"])


def _near_duplicates(group: tuple[str, Iterable[Fingerprint]], config: DedupConfig) -> Iterable[Duplicate]:
    return near_duplicates(group[1], config)


def _judge(key: str, found: Group) -> Iterator[Any]:
    """Each document of a key with the verdict on it; verdicts by an output of their own, too."""
    duplicates = chain.from_iterable(found[name] for name in found.names if name != "documents")
    for judged in judgements(found["documents"], duplicates):
        yield judged
        if judged.duplicate:
            yield beam.pvalue.TaggedOutput("duplicates", judged.duplicate)
