"""A file and what its manifest says of it -> one line for each fault: size, checksum, rows, samples, sidecar."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import BinaryIO

from lamella.pipeline.damage import bounded, memory_bound
from lamella.pipeline.integrity import checksum
from lamella.schemas.config import ShardConfig
from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.errors import BadSample, BadShard
from lamella.schemas.shards import MANIFEST, ShardInfo, read_shard, sample_key
from lamella.transforms.base.files import join, open_binary
from lamella.transforms.shard.check import fault_of_sample
from lamella.transforms.shard.sidecar import SIDECAR_SCHEMA

_BATCH_ROWS = 1000  # a column of one long text repeated takes memory by rows

Faults = Iterator[str]


def guarded(place: str, faults: Faults) -> Faults:
    """Catches whatever is raised: an error of a check is a fault of what was checked, and ends that check alone."""
    try:
        yield from faults
    except Exception as error:
        yield f"{place}: cannot be read: {short_line(error)}"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file as a manifest names it."""

    path: str  # within the run
    bytes: int
    sha256: str


def faults_of_file(run: str, named: NamedFile, files: dict[str, int], contents: Callable[[BinaryIO], Faults]) -> Faults:
    """Size, checksum, and whatever `contents` finds in the file; damage is one fault and not one for each row."""
    if named.path not in files:
        yield f"{named.path}: missing"
    elif files[named.path] != named.bytes:
        yield f"{named.path}: {files[named.path]} bytes, {MANIFEST} says {named.bytes}"
    else:
        yield from guarded(named.path, _contents(run, named, contents))


def _contents(run: str, named: NamedFile, contents: Callable[[BinaryIO], Faults]) -> Faults:
    if checksum(join(run, named.path)) != named.sha256:
        yield f"{named.path}: not the SHA-256 that {MANIFEST} says"
        return
    with open_binary(join(run, named.path)) as stream:
        for fault in contents(stream):
            yield f"{named.path}: {fault}"


def faults_of_rows(stream: BinaryIO, rows: int) -> Faults:
    try:
        with memory_bound():
            batches = bounded(stream).iter_batches(batch_size=_BATCH_ROWS, use_threads=False)
            found = sum(batch.num_rows for batch in batches)
    except Exception as error:  # of Arrow's, of its Python side, of memory: the file is none that can be read
        yield f"not readable Parquet: {short_line(error)}"
        return
    if found != rows:
        yield f"{found} rows, {MANIFEST} says {rows}"


class CheckedSamples:
    """Checks a shard's samples one by one, and notes (key in the tar, sample's key) of each for the sidecar's check."""

    def __init__(self, dataset: Dataset, shard: ShardInfo, config: ShardConfig | None, keys: list[tuple[str, str]]):
        self._type, self._shard, self._config, self._keys = DATASETS[dataset].sample, shard, config, keys
        self._number = int(shard.name.removesuffix(".tar").rpartition("-")[2])

    def __call__(self, stream: BinaryIO) -> Faults:
        try:
            for index, (key, members) in enumerate(read_shard(stream)):
                if key != sample_key(self._number, index):
                    yield f"{key}: not the key of sample {index}"
                try:
                    sample = self._type.decode(members)
                except (BadSample, RecursionError) as error:
                    yield f"{key}: {short_line(error)}"
                    continue
                finally:
                    self._keys.append((key, ""))
                self._keys[-1] = (key, sample.key)
                if fault := fault_of_sample(sample, self._shard.split, self._config):
                    yield f"{key}: {fault}"
        except BadShard as error:
            yield short_line(error)
        if len(self._keys) != self._shard.samples:
            yield f"{len(self._keys)} samples, {MANIFEST} says {self._shard.samples}"


def faults_of_sidecar(stream: BinaryIO, keys: list[tuple[str, str]]) -> Faults:
    try:
        with memory_bound():
            table = bounded(stream).read(use_threads=False)
    except Exception as error:  # as for rows
        yield f"not readable Parquet: {short_line(error)}"
        return
    if table.schema != SIDECAR_SCHEMA:
        yield "not the columns of a sidecar"
        return
    rows = zip(table["key"].to_pylist(), table["uid"].to_pylist(), strict=True)
    for row, sample in zip_longest(rows, keys):
        if row != sample:
            yield f"row {row} stands beside sample {sample}"
            return


def short_line(what: object) -> str:
    """An error's type and text, or a text, in one short line."""
    text = " ".join(str(what).split())[:200]
    return f"{type(what).__name__}: {text}" if isinstance(what, Exception) else text
