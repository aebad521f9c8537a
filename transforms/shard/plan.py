"""Rows of a dataset -> the number of shards; a record -> its split, shard and place.

Everything follows from hashes of keys: a record's place does not depend on the rest of the run, except on the number of shards.
"""

from dataclasses import dataclass
from math import ceil

from lamella.schemas.config import ShardConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.keys import stable_fraction, stable_int
from lamella.schemas.pair import Pair
from lamella.schemas.shards import SPLITS

TRAIN, VALIDATION = SPLITS

ShardRecord = InterleavedDocument | Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """How many shards each split of a dataset has. A shard that no record falls into is not written."""

    dataset: Dataset
    train_shards: int
    validation_shards: int

    def shards(self, split: str) -> int:
        return self.train_shards if split == TRAIN else self.validation_shards


def plan_shards(dataset: Dataset, rows: int, config: ShardConfig) -> ShardPlan:
    """Enough shards that each holds about `samples_per_shard`; records fall into them by hash, so sizes spread around it."""
    share = config.validation_share
    return ShardPlan(
        dataset=dataset,
        train_shards=ceil(rows * (1 - share) / config.samples_per_shard),
        validation_shards=ceil(rows * share / config.samples_per_shard),
    )


def place_of(record: ShardRecord, plan: ShardPlan, config: ShardConfig) -> tuple[str, int]:
    """(split, shard). The split hangs on the page, for documents and pairs alike, so that no page is in both."""
    split = split_of(page_key(record), config.validation_share)
    return split, stable_int(record.key, "shard") % plan.shards(split)


def split_of(page: str, validation_share: float) -> str:
    """The split of everything that came from a page, by the page's key."""
    return VALIDATION if stable_fraction(page, "split") < validation_share else TRAIN


def order_in_shard(record: ShardRecord) -> tuple[int, str]:
    """Sort key within a shard: by hash, so that a reader who cannot shuffle still meets a mixed order."""
    return stable_int(record.key, "order"), record.key


def page_key(record: ShardRecord) -> str:
    """Key of the page that a record came from."""
    return record.key if isinstance(record, InterleavedDocument) else record.document
