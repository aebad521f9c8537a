"""WriteShards: documents and pairs -> deterministic tars and Parquet files of each dataset. ShardsTarget: manifests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam

from lamella.schemas.account import Counter
from lamella.schemas.datasets import DATASETS, PARQUET, Dataset
from lamella.schemas.rejection import Rejection, Unit
from lamella.schemas.shards import ShardInfo, ShardManifest
from lamella.transforms.base.files import remove_files
from lamella.transforms.base.join import Group, Join
from lamella.transforms.shard.manifest import files_of, finish, sorted_shards, withdraw_manifest
from lamella.transforms.shard.plan import ShardPlan, ShardRecord, place_of
from lamella.transforms.shard.write import ShardWork, write_one

Place = tuple[Dataset, str, int]  # dataset, split, number of the shard


class ShardOutcome(NamedTuple):
    """The outputs of the stage."""

    written: beam.PCollection  # (folder, ShardInfo): of tars, and of the Parquet files of documents
    rejected: beam.PCollection
    counters: beam.PCollection


class PlannedShards(NamedTuple):
    """The shards of one dataset: how many there are, and what they have in common."""

    plan: ShardPlan
    work: ShardWork


class WriteShards(beam.PTransform):
    """{table: records} -> ShardOutcome. Each shard is written by rename; what the shuffle carries is records, never bytes.

    A manifest that stands in a dataset's folder is withdrawn first.

    Args:
        shards: of each dataset that is written, with the folder where it goes, `RUN/shards/DATASET`.
    """

    def __init__(self, shards: Mapping[Dataset, PlannedShards]):
        super().__init__()
        self._shards = dict(shards)

    def expand(self, tables: Mapping[str, beam.PCollection]):
        shards = self._shards
        pipeline = next(iter(tables.values())).pipeline
        folders = [folder for planned in shards.values() for folder in planned.work.folders]
        ready = pipeline | beam.Create(folders, reshuffle=False) | "Withdraw" >> beam.Map(withdraw_manifest)
        keyed = {table: partial(_placed, shards=_of_table(shards, table)) for table in tables}
        out = tables | "Write" >> Join(
            keyed,
            partial(_write, shards),
            tuple[str, ShardInfo],
            outputs={"rejected": Rejection, "counters": Counter},
            by=tuple[str, str, int],
            sides=(beam.pvalue.AsList(ready),),
        )
        return ShardOutcome(out.main, out.rejected, out.counters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardsTarget:
    """ShardInfos of one folder -> its ShardManifest, also where there are none: a target of `pipeline.write`."""

    dataset: Dataset
    folder: str
    fingerprint: str  # hash of the config part and of the input manifests
    standing: tuple[str, ...] = ()  # files of an earlier run: those that the manifest does not name go

    def every(self) -> Iterable[int]:
        return ()

    def part_of(self, record: Any) -> int:
        raise NotImplementedError("shards are closed where they are written")

    def close(self, part: int, records: Iterable[Any]) -> Iterable[Any]:
        raise NotImplementedError("shards are closed where they are written")

    def commit(self, pieces: Sequence[ShardInfo]) -> object:
        manifest = ShardManifest(dataset=self.dataset, shards=sorted_shards(pieces), fingerprint=self.fingerprint)
        named = set(files_of(manifest.shards))
        remove_files(self.folder, [name for name in self.standing if name not in named])
        return finish(self.folder, manifest)


def _of_table(shards: Mapping[Dataset, PlannedShards], table: str) -> dict[Dataset, PlannedShards]:
    return {dataset: planned for dataset, planned in shards.items() if DATASETS[dataset].table == table}


def _placed(record: ShardRecord, shards: Mapping[Dataset, PlannedShards]) -> Iterator[tuple[Place, ShardRecord]]:
    """A document goes to every dataset of its table, a pair to the dataset that it names."""
    for dataset, (plan, work) in shards.items():
        if DATASETS[dataset].unit is not Unit.PAIR or getattr(record, "dataset", None) is dataset:
            yield (dataset, *place_of(record, plan, work.config)), record


def _write(shards: Mapping[Dataset, PlannedShards], place: Place, found: Group, ready: list[str]) -> Iterator[Any]:
    dataset, split, number = place
    work = shards[Dataset(dataset)].work
    written = write_one(work, split, number, found[DATASETS[work.dataset].table])
    if written.shard:
        yield work.folder, written.shard
    if written.table:
        yield work.folder + PARQUET, written.table
    for rejection in written.rejected:
        yield beam.pvalue.TaggedOutput("rejected", rejection)
    for counter in written.counters:
        yield beam.pvalue.TaggedOutput("counters", counter)
