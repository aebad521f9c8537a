"""The records of one shard -> its tar, its Parquet companion, and their counts.

The bytes depend only on the shard's number and its records, in any order of arrival. One sample is in memory at a time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import pyarrow as pa

from lamella.schemas.account import Counter, units_of
from lamella.schemas.arrow import parquet_bytes
from lamella.schemas.config import ShardConfig
from lamella.schemas.datasets import DATASETS, PARQUET, Dataset
from lamella.schemas.keys import stable_key
from lamella.schemas.rejection import Rejection, Stage
from lamella.schemas.sample import InterleavedSample, Members, Sample
from lamella.schemas.shards import SPLITS, ShardInfo, sample_key, shard_name, write_shard
from lamella.transforms.base.accounting import Account, Units, caught, left_behind
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.base.files import NewFile, join, open_binary, write_atomically
from lamella.transforms.media.store import MediaStore
from lamella.transforms.shard.metadata import faces_of
from lamella.transforms.shard.obelics import OBELICS_SCHEMA, obelics_row
from lamella.transforms.shard.pictures import Pictures
from lamella.transforms.shard.plan import ShardPlan, ShardRecord, order_in_shard
from lamella.transforms.shard.samples import to_sample
from lamella.transforms.shard.sidecar import SIDECAR_SCHEMA, sidecar_row

_PIECE_BYTES = 1 << 20
_ROW_GROUP = 1000  # rows hold long texts: a reader's memory


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardWork:
    """What the shards of one dataset have in common."""

    dataset: Dataset
    config: ShardConfig
    store: MediaStore  # where media lie, and how they are read
    folder: str  # of the dataset's shards
    settings: str = ""  # hash of all that a shard's bytes depend on beside its records; "": every shard is written anew
    standing: Mapping[str, ShardInfo] = field(default_factory=dict)  # by name: files of an earlier run that may stay

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the dataset's manifests lie: the documents have one for their Parquet files too."""
        return (self.folder, self.folder + PARQUET) if DATASETS[self.dataset].parquet else (self.folder,)


def names_of(plan: ShardPlan) -> dict[str, list[str]]:
    """Folder beside the other datasets' -> the files that the shards of this plan may have there."""
    places = [(split, number) for split in SPLITS for number in range(plan.shards(split))]
    tars = [shard_name(plan.dataset, *place) for place in places]
    entry = DATASETS[plan.dataset]
    names = {plan.dataset: [*tars, *map(_sidecar_name, tars if entry.sidecar else ())]}
    return names | ({plan.dataset + PARQUET: [_documents_name(*place) for place in places]} if entry.parquet else {})


class Written(NamedTuple):
    """What became of one shard's records. `shard` and `table` are None where no sample was left to write."""

    shard: ShardInfo | None
    table: ShardInfo | None
    rejected: tuple[Rejection, ...]
    counters: tuple[Counter, ...]


def write_one(work: ShardWork, split: str, number: int, records: Iterable[ShardRecord]) -> Written:
    """Writes the shard by rename. Raises OSError and BlobError: a failed write, or lost bytes, is to be tried again."""
    contents = _Contents(work, number)
    name = shard_name(work.dataset, split, number)
    records = sorted(records, key=order_in_shard)
    fingerprint = stable_key(work.settings, name, *map(repr, records)) if work.settings else ""
    if fingerprint and (stands := _standing(work, name, _documents_name(split, number), fingerprint)):
        contents.pass_over(records)
        return Written(*stands, (), contents.counters())
    with NewFile(join(work.folder, name)) as out:
        count = write_shard(out, number, contents.members(records))
        if count:
            out.commit()
    info = table = None
    if count:
        fingerprint = "" if contents.rejected else fingerprint
        info = ShardInfo(name=name, split=split, samples=count, bytes=out.tell(), sha256=out.sha256)
        info = replace(info, faces=contents.faces, fingerprint=fingerprint)
        if DATASETS[work.dataset].sidecar:
            info = _with_sidecar(work, info, contents.rows)
        elif work.config.parquet:
            table = replace(_write_documents(work, split, number, contents.rows), fingerprint=fingerprint)
    return Written(info, table, tuple(contents.rejected), contents.counters())


def _standing(work: ShardWork, name: str, companion: str, fingerprint: str) -> tuple[ShardInfo, ShardInfo | None] | None:
    """The shard and its Parquet file as they lie there, where they were made from the same and are whole."""
    wants_table = DATASETS[work.dataset].parquet and work.config.parquet
    info, table = work.standing.get(name), work.standing.get(companion) if wants_table else None
    files = [] if info is None else [(work.folder, info.name, info.sha256)]
    if info and info.sidecar:
        files.append((work.folder, info.sidecar, info.sidecar_sha256))
    if table:
        files.append((work.folder + PARQUET, table.name, table.sha256))
    if info is None or (wants_table and table is None):
        return None
    same = all(one.fingerprint == fingerprint for one in (info, table) if one)
    return (info, table) if same and all(_sum_of(join(folder, file)) == known for folder, file, known in files) else None


def _sum_of(path: str) -> str:
    """The SHA-256 of a file; "" if there is none."""
    digest = sha256()
    try:
        with open_binary(path) as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()


class _Contents:
    """The samples of one shard, made one by one, and the account of it."""

    def __init__(self, work: ShardWork, number: int):
        self._work, self._number = work, number
        self._pictures = Pictures(work.config, work.store)
        self._account = Account(Stage.SHARD, makes=True, units=_sample_units)
        self.rows: list[dict[str, Any]] = []
        self.rejected: list[Rejection] = []
        self.faces: int | None = None
        self._samples = 0

    def pass_over(self, records: Iterable[ShardRecord]) -> None:
        """Enters records whose samples stand already."""
        for record in records:
            self._account.settled(units_of(record), ())

    def members(self, records: Iterable[ShardRecord]) -> Iterator[Members]:
        for record in records:
            for output in self._outputs(record):
                if isinstance(output, Rejection):
                    self.rejected.append(output)
                else:
                    self._enter(output)
                    yield output.encode()

    def counters(self) -> tuple[Counter, ...]:
        return tuple(self._account.counters())

    def _outputs(self, record: ShardRecord) -> list[Sample | Rejection]:
        entered = tuple(units_of(record))
        left = left_behind(Stage.SHARD, record, entered)
        outputs = caught(partial(to_sample, record, self._pictures), left, raises=(OSError, BlobError))
        return self._account.settled(entered, outputs)

    def _enter(self, sample: Sample) -> None:
        if DATASETS[self._work.dataset].sidecar and not isinstance(sample, InterleavedSample):
            self.rows.append(sidecar_row(sample, sample_key(self._number, self._samples)))
        elif self._work.config.parquet and isinstance(sample, InterleavedSample):
            self.rows.append(obelics_row(sample))
        if (faces := faces_of(sample)) is not None:
            self.faces = (self.faces or 0) + faces
        self._samples += 1


def _sample_units(sample: Sample) -> Units:
    """A sample is not a unit: its record counts as kept, without what was rejected of it."""
    return ()


def _with_sidecar(work: ShardWork, info: ShardInfo, rows: list[dict[str, Any]]) -> ShardInfo:
    name, data = _sidecar_name(info.name), _table_bytes(rows, SIDECAR_SCHEMA)
    write_atomically(join(work.folder, name), data)
    return replace(info, sidecar=name, sidecar_bytes=len(data), sidecar_sha256=sha256(data).hexdigest())


def _write_documents(work: ShardWork, split: str, number: int, rows: list[dict[str, Any]]) -> ShardInfo:
    name, data = _documents_name(split, number), _table_bytes(rows, OBELICS_SCHEMA)
    write_atomically(join(work.folder + PARQUET, name), data)
    return ShardInfo(name=name, split=split, samples=len(rows), bytes=len(data), sha256=sha256(data).hexdigest())


def _table_bytes(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    """Raises pyarrow.ArrowInvalid for a value that does not fit its column."""
    return parquet_bytes(pa.Table.from_pylist(rows, schema=schema), _ROW_GROUP)


def _sidecar_name(tar: str) -> str:
    return tar.removesuffix(".tar") + ".parquet"


def _documents_name(split: str, number: int) -> str:
    return f"{split}-{number:05d}.parquet"
