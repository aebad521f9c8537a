"""WriteShards: documents or pairs of one dataset in; deterministic tars and Parquet files out. WriteManifest: their account."""

from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.account import Counter
from lamella.schemas.config import ShardConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.rejection import Rejection
from lamella.schemas.shards import ShardInfo, ShardManifest
from lamella.transforms.media.store import MediaStore
from lamella.transforms.shard.manifest import finish, sorted_shards, withdraw_manifest
from lamella.transforms.shard.plan import Record, ShardPlan, place_of
from lamella.transforms.shard.write import ShardWork, write_one


class ShardOutcome(NamedTuple):
    """`written` goes to WriteManifest, and for M3W `tables` too, with `folder + "-parquet"`, where other datasets have none."""

    written: beam.PCollection
    tables: beam.PCollection
    rejected: beam.PCollection
    counters: beam.PCollection


class WriteShards(beam.PTransform):
    """Writes records of one dataset under `folder`, each shard by rename; what a shuffle carries is records, never bytes.

    Args:
        config: the stage's config.
        plan: how many shards, from `plan_shards` and the table's row count.
        store: where media lie, and how they are read.
        folder: where the shards go, `RUN/shards/DATASET`. A manifest that stands there is withdrawn first.
    """

    def __init__(self, config: ShardConfig, plan: ShardPlan, store: MediaStore, folder: str):
        super().__init__(label=f"WriteShards {plan.dataset}")
        self._plan = plan
        self._work = ShardWork(dataset=plan.dataset, config=config, store=store, folder=folder.rstrip("/"))

    def expand(self, records: beam.PCollection[Record]):
        work, plan = self._work, self._plan
        ready = records.pipeline | beam.Create(work.folders, reshuffle=False) | "Withdraw" >> beam.Map(withdraw_manifest)
        out = (
            records
            | "Place" >> beam.Map(_placed, plan, work.config).with_output_types(tuple[tuple[str, int], Record])
            | beam.GroupByKey()
            | "Write"
            >> beam.ParDo(_WriteOne(work), beam.pvalue.AsList(ready))
            .with_output_types(ShardInfo, tables=ShardInfo, rejected=Rejection, counters=Counter)
            .with_outputs("tables", "rejected", "counters", main="written")
        )
        return ShardOutcome(out.written, out.tables, out.rejected, out.counters)


class WriteManifest(beam.PTransform):
    """ShardInfos -> one ShardManifest, which stands in `folder` once every shard does; also where there is none.

    Args:
        dataset: whose shards these are.
        folder: where they lie.
        made_from: hash of the config part and of the input manifests.
    """

    def __init__(self, dataset: Dataset, folder: str, fingerprint: str):
        super().__init__(label=f"WriteManifest {folder.rstrip('/').rpartition('/')[2]}")
        self._dataset, self._folder, self._fingerprint = dataset, folder.rstrip("/"), fingerprint

    def expand(self, written: beam.PCollection[ShardInfo]):
        return (
            written
            | beam.CombineGlobally(beam.combiners.ToListCombineFn())
            | beam.Map(_finish, self._dataset, self._folder, self._fingerprint).with_output_types(ShardManifest)
        )


class _WriteOne(beam.DoFn):
    def __init__(self, work: ShardWork):
        self._work = work

    def process(self, group, ready):
        (split, number), records = group
        written = write_one(self._work, split, number, records)
        if written.shard:
            yield written.shard
        if written.table:
            yield beam.pvalue.TaggedOutput("tables", written.table)
        for rejection in written.rejected:
            yield beam.pvalue.TaggedOutput("rejected", rejection)
        for counter in written.counters:
            yield beam.pvalue.TaggedOutput("counters", counter)


def _placed(record, plan: ShardPlan, config: ShardConfig):
    return place_of(record, plan, config), record


def _finish(shards: list[ShardInfo], dataset: Dataset, folder: str, fingerprint: str) -> ShardManifest:
    return finish(folder, ShardManifest(dataset=dataset, shards=sorted_shards(shards), fingerprint=fingerprint))
