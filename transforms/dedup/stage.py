"""DeduplicateDocuments: documents in; one of each page out, and a row for each copy that left.

Pages of one address first, then near-duplicates among those that are left. Documents cross one shuffle, at the end, to
meet the verdict on their key. Everything before it handles fingerprints of a few hundred bytes, bands and keys.
"""

from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.config import DedupConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.rejection import Stage
from lamella.transforms.base.step import Step
from lamella.transforms.base.union_find import UnionFind
from lamella.transforms.dedup.choose import choose_survivor, near_duplicates, same_address
from lamella.transforms.dedup.components import bridges_of_member, links_of_bucket
from lamella.transforms.dedup.judge import Judged, judgements, keep_survivor, units_of_judged
from lamella.transforms.dedup.signature import Fingerprint, fingerprint


class DedupOutcome(NamedTuple):
    """The doors of the stage."""

    kept: beam.PCollection  # of InterleavedDocument
    duplicates: beam.PCollection  # of Duplicate: one for each rejected document
    rejected: beam.PCollection
    counters: beam.PCollection


class DeduplicateDocuments(beam.PTransform):
    """Keeps one of all documents that share an address, and no two near duplicates of those whose texts share bands."""

    def __init__(self, config: DedupConfig):
        super().__init__()
        self._config = config

    def expand(self, documents: beam.PCollection[InterleavedDocument]):
        prints = documents | "Fingerprint" >> beam.Map(fingerprint, self._config).with_output_types(Fingerprint)
        verdicts = []
        if self._config.by_url:
            prints, same_url = prints | _OneOfEachAddress(self._config)
            verdicts.append(same_url)
        if self._config.by_text:
            verdicts.append(prints | _NearDuplicates(self._config))
        verdicts = verdicts | "Verdicts" >> beam.Flatten(pipeline=documents.pipeline)
        judged = (
            {
                "documents": documents
                | "DocumentByKey" >> beam.WithKeys(_key).with_output_types(tuple[str, InterleavedDocument]),
                "duplicates": verdicts | "VerdictByKey" >> beam.WithKeys(_key).with_output_types(tuple[str, Duplicate]),
            }
            | "JoinVerdict" >> beam.CoGroupByKey()
            | "Judge" >> beam.FlatMapTuple(_judge).with_output_types(Judged)
        )
        kept = judged | Step(Stage.DEDUP, keep_survivor, self._config, InterleavedDocument, counts=units_of_judged)
        duplicates = judged | "Duplicates" >> beam.FlatMap(_duplicate).with_output_types(Duplicate)
        return DedupOutcome(kept.kept, duplicates, kept.rejected, kept.counters)


class _OneOfEachAddress(beam.PTransform):
    """Fingerprints -> (one of each address, Duplicates of the others). Those without an address stay."""

    def __init__(self, config: DedupConfig):
        super().__init__()
        self._config = config

    def expand(self, prints):
        out = (
            prints
            | "ByAddress" >> beam.WithKeys(_address).with_output_types(tuple[str, Fingerprint])
            | "GroupByAddress" >> beam.GroupByKey()
            | "Survivor"
            >> beam.ParDo(_SplitAddress(self._config))
            .with_output_types(Fingerprint, duplicates=Duplicate)
            .with_outputs("duplicates", main="prints")
        )
        return out.prints, out.duplicates


class _SplitAddress(beam.DoFn):
    def __init__(self, config: DedupConfig):
        self._config = config

    def process(self, group):
        _, prints = group
        yield choose_survivor(prints, self._config)
        for duplicate in same_address(prints, self._config):
            yield beam.pvalue.TaggedOutput("duplicates", duplicate)


class _NearDuplicates(beam.PTransform):
    """Fingerprints -> a Duplicate for each that is connected by shared bands with a survivor, and similar to it."""

    def __init__(self, config: DedupConfig):
        super().__init__()
        self._config = config

    def expand(self, prints):
        members = prints | _Components()
        return (
            {
                "prints": prints | "PrintByKey" >> beam.WithKeys(_key).with_output_types(tuple[str, Fingerprint]),
                "roots": members,
            }
            | "JoinRoot" >> beam.CoGroupByKey()
            | "ByRoot" >> beam.FlatMapTuple(_by_root).with_output_types(tuple[str, Fingerprint])
            | "GroupByRoot" >> beam.GroupByKey()
            | "Copies" >> beam.FlatMap(_near_duplicates, self._config).with_output_types(Duplicate)
        )


class _Components(beam.PTransform):
    """Fingerprints -> (key, root) for every document that shares a band with another; see `transforms.dedup.components`."""

    def expand(self, prints):
        heads = (
            prints
            | "ByBand" >> beam.FlatMap(_by_band).with_output_types(tuple[bytes, str])
            | "GroupByBand" >> beam.GroupByKey()
            | "Links" >> beam.FlatMapTuple(_links).with_output_types(tuple[str, str])
            | "GroupByMember" >> beam.GroupByKey()
            | "Heads"
            >> beam.ParDo(_Bridge())
            .with_output_types(tuple[str, str], bridges=tuple[str, str])
            .with_outputs("bridges", main="heads")
        )
        roots = (
            heads.bridges
            | "Join" >> beam.CombineGlobally(_JoinForest()).without_defaults()
            | "Roots" >> beam.FlatMap(_roots).with_output_types(tuple[str, str])
        )
        return (
            {"members": heads.heads, "roots": roots}
            | "JoinHead" >> beam.CoGroupByKey()
            | "ByMember" >> beam.FlatMapTuple(_by_member).with_output_types(tuple[str, str])
        )


class _Bridge(beam.DoFn):
    """(member, heads) -> (smallest head, member); bridges between its heads by the other door."""

    def process(self, group):
        member, heads = group
        smallest, bridges = bridges_of_member(heads)
        yield smallest, member
        for bridge in bridges:
            yield beam.pvalue.TaggedOutput("bridges", bridge)


class _JoinForest(beam.CombineFn):
    def create_accumulator(self):
        return UnionFind()

    def add_input(self, union_find, bridge):
        union_find.join(*bridge)
        return union_find

    def merge_accumulators(self, forests):
        merged = UnionFind()
        for union_find in forests:
            merged.absorb(union_find)
        return merged

    def extract_output(self, union_find):
        return union_find


def _key(record: InterleavedDocument | Duplicate | Fingerprint) -> str:
    return record.key


def _address(record: Fingerprint) -> str:
    return record.address or f"key:{record.key}"  # no http(s) URL: an address of its own


def _by_band(record: Fingerprint) -> Iterable[tuple[bytes, str]]:
    return ((band, record.key) for band in record.bands)


def _links(band: bytes, keys: Iterable[str]) -> Iterable[tuple[str, str]]:
    return links_of_bucket(keys)


def _roots(union_find: UnionFind) -> Iterable[tuple[str, str]]:
    return union_find.roots()


def _by_member(head: str, groups) -> Iterable[tuple[str, str]]:
    root = next(iter(groups["roots"]), head)
    return ((member, root) for member in groups["members"])


def _by_root(key: str, groups) -> Iterable[tuple[str, Fingerprint]]:
    return ((root, record) for root in set(groups["roots"]) for record in groups["prints"])


def _near_duplicates(group: tuple[str, Iterable[Fingerprint]], config: DedupConfig) -> Iterable[Duplicate]:
    return near_duplicates(group[1], config)


def _judge(key: str, groups) -> Iterable[Judged]:
    return judgements(groups["documents"], groups["duplicates"])


def _duplicate(judged: Judged) -> Iterable[Duplicate]:
    return (judged.duplicate,) if judged.duplicate else ()
