"""A run's folder in; one line for each fault in it out: manifests, checksums, rows, samples, strays, accounts.

Nothing is repaired, and nothing of ours is trusted: every file that a manifest names is read whole, every picture decoded.
Whatever a damaged file does to its reader is a fault of that file, and the others are checked all the same.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import BinaryIO, NamedTuple

import fsspec

from lamella.pipeline.audit import conservation_of, links, rows_of
from lamella.pipeline.damage import bounded, memory_bound
from lamella.pipeline.declared import SHARDS_FOLDER
from lamella.pipeline.enclosed import ways_out
from lamella.pipeline.graph import LEDGER_TABLES, SHARD_FOLDERS, TABLES
from lamella.pipeline.integrity import checksum
from lamella.pipeline.tables import TableManifest, read_records
from lamella.reporting.readable import clean
from lamella.schemas.config import ScoreConfig, ShardConfig
from lamella.schemas.datasets import DATASETS, PARQUET, Dataset
from lamella.schemas.errors import BadSample, BadShard
from lamella.schemas.media import Container, Media
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest, read_shard, sample_key
from lamella.transforms.base.blobs import BlobError, is_own_archive, read_blob
from lamella.transforms.base.files import RUN_FILE, TEMPORARY, join, open_binary, read_bytes
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.base.memory import is_part, is_whole, memory_files
from lamella.transforms.fetch.packs import FOLDER as PACKS
from lamella.transforms.shard.check import fault_of_sample
from lamella.transforms.shard.sidecar import SIDECAR_SCHEMA

_WRITTEN = {*TABLES, *LEDGER_TABLES, *SHARD_FOLDERS}  # what a finished run has
_BATCH_ROWS = 1000  # a column of one long text repeated takes memory by rows
_LINE = 400  # characters of a fault

Faults = Iterator[str]


def verify(run: str) -> Faults:
    """One line for each fault of a run's folder, that any terminal can show; none where the run is sound. Reads everything."""
    yield from (clean(fault, _LINE) for fault in _faults(run))


def _faults(run: str) -> Faults:
    out = [f"{name}: {what}" for name, what in ways_out(run)]
    yield from out
    if out:  # the checks below would follow it
        return
    files = _files(run)
    yield from _strays(files)
    for folder in sorted({*_WRITTEN, *(name.rpartition("/")[0] for name in files if name.endswith(f"/{MANIFEST}"))}):
        if f"{folder}/{MANIFEST}" not in files:
            yield f"{folder}: no {MANIFEST}: not finished"
        elif folder.startswith(f"{SHARDS_FOLDER}/"):
            yield from _guarded(f"{folder}/{MANIFEST}", _dataset(run, folder, files))
        else:
            yield from _guarded(f"{folder}/{MANIFEST}", _table(run, folder, files))
    yield from _guarded("media", _blobs(run))
    yield from _guarded(MEMORY, _memory(run))
    yield from _guarded("accounts", _accounts(run))


def _guarded(place: str, faults: Faults) -> Faults:
    """The crash door: an error of a check, foreseen or not, is a fault of what was checked, and ends that check alone."""
    try:
        yield from faults
    except Exception as error:
        yield f"{place}: cannot be read: {_line(error)}"


def _files(run: str) -> dict[str, int]:
    """Path within the run -> size in bytes."""
    fs, root = fsspec.core.url_to_fs(run)
    found = fs.find(root, detail=True)
    base = root.rstrip("/") + "/"
    return {path.removeprefix(base): info["size"] for path, info in found.items()}


def _strays(files: dict[str, int]) -> Faults:
    """Temporary files, and data in folders that have no manifest; what stands beside a manifest is its own check's."""
    told = {*_WRITTEN, PACKS}  # of the first ones once, as not finished
    for name in sorted(files):
        folder, _, base = name.rpartition("/")
        if base.endswith(TEMPORARY):
            yield f"{name}: left by a write that was stopped"
        elif folder.startswith(f"{MEMORY}/") and is_part(base):
            continue  # its name is its checksum
        elif base.endswith((".parquet", ".tar")) and folder not in told and f"{folder}/{MANIFEST}" not in files:
            yield f"{name}: in a folder without {MANIFEST}"


def _unnamed(folder: str, named: set[str], files: dict[str, int]) -> Faults:
    for name in sorted(files):
        inside, _, base = name.rpartition("/")
        if inside == folder and base.endswith((".parquet", ".tar")) and base not in named:
            yield f"{name}: not in {MANIFEST}"


def _table(run: str, folder: str, files: dict[str, int]) -> Faults:
    data = read_bytes(join(run, folder, MANIFEST))
    manifest, raw = TableManifest.decode(data), json.loads(data)
    if (raw.get("rows"), raw.get("hash")) != (manifest.rows, manifest.hash):
        yield f"{folder}/{MANIFEST}: rows or hash are not those of its files"
    yield from _unnamed(folder, {file.name for file in manifest.files}, files)
    for file in manifest.files:
        named = _Named(f"{folder}/{file.name}", file.bytes, file.sha256)
        yield from _file(run, named, files, lambda stream, rows=file.rows: _rows(stream, rows))


def _dataset(run: str, folder: str, files: dict[str, int]) -> Faults:
    manifest = ShardManifest.decode(read_bytes(join(run, folder, MANIFEST)))
    yield from _unnamed(folder, {name for s in manifest.shards for name in (s.name, s.sidecar) if name}, files)
    config = _shard_config(run)
    for shard in manifest.shards:
        yield from _guarded(f"{folder}/{shard.name}", _shard(_Shards(run, folder, files, manifest.dataset), shard, config))
    if folder.endswith(PARQUET):
        yield from _same_rows(run, folder, manifest)


class _Shards(NamedTuple):
    """The folder of a dataset."""

    run: str
    folder: str  # within the run
    files: dict[str, int]  # name -> bytes of what lies there
    dataset: Dataset


def _shard(shards: _Shards, shard: ShardInfo, config: ShardConfig | None) -> Faults:
    run, folder, files, dataset = shards
    named = _Named(f"{folder}/{shard.name}", shard.bytes, shard.sha256)
    if shard.name.endswith(".parquet"):
        yield from _file(run, named, files, lambda stream: _rows(stream, shard.samples))
        return
    keys: list[tuple[str, str]] = []
    yield from _file(run, named, files, _Samples(dataset, shard, config, keys))
    if shard.sidecar:
        named = _Named(f"{folder}/{shard.sidecar}", shard.sidecar_bytes, shard.sidecar_sha256)
        yield from _file(run, named, files, lambda stream: _sidecar(stream, keys))
    elif DATASETS[dataset].sidecar:
        yield f"{folder}/{shard.name}: no sidecar"


@dataclass(frozen=True, slots=True)
class _Named:
    """A file as a manifest names it."""

    path: str  # within the run
    bytes: int
    sha256: str


def _file(run: str, named: _Named, files: dict[str, int], contents: Callable[[BinaryIO], Faults]) -> Faults:
    """Size, checksum, and whatever `contents` finds in the file; damage is one fault and not one for each row."""
    if named.path not in files:
        yield f"{named.path}: missing"
    elif files[named.path] != named.bytes:
        yield f"{named.path}: {files[named.path]} bytes, {MANIFEST} says {named.bytes}"
    else:
        yield from _guarded(named.path, _contents(run, named, contents))


def _contents(run: str, named: _Named, contents: Callable[[BinaryIO], Faults]) -> Faults:
    if checksum(join(run, named.path)) != named.sha256:
        yield f"{named.path}: not the SHA-256 that {MANIFEST} says"
        return
    with open_binary(join(run, named.path)) as stream:
        for fault in contents(stream):
            yield f"{named.path}: {fault}"


def _rows(stream: BinaryIO, rows: int) -> Faults:
    try:
        with memory_bound():
            batches = bounded(stream).iter_batches(batch_size=_BATCH_ROWS, use_threads=False)
            found = sum(batch.num_rows for batch in batches)
    except Exception as error:  # of Arrow's, of its Python side, of memory: the file is none that can be read
        yield f"not readable Parquet: {_line(error)}"
        return
    if found != rows:
        yield f"{found} rows, {MANIFEST} says {rows}"


class _Samples:
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
                    yield f"{key}: {_line(error)}"
                    continue
                finally:
                    self._keys.append((key, ""))
                self._keys[-1] = (key, sample.key)
                if fault := fault_of_sample(sample, self._shard.split, self._config):
                    yield f"{key}: {fault}"
        except BadShard as error:
            yield _line(error)
        if len(self._keys) != self._shard.samples:
            yield f"{len(self._keys)} samples, {MANIFEST} says {self._shard.samples}"


def _sidecar(stream: BinaryIO, keys: list[tuple[str, str]]) -> Faults:
    try:
        with memory_bound():
            table = bounded(stream).read(use_threads=False)
    except Exception as error:  # as for rows
        yield f"not readable Parquet: {_line(error)}"
        return
    if table.schema != SIDECAR_SCHEMA:
        yield "not the columns of a sidecar"
        return
    rows = zip(table["key"].to_pylist(), table["uid"].to_pylist(), strict=True)
    for row, sample in zip_longest(rows, keys):
        if row != sample:
            yield f"row {row} stands beside sample {sample}"
            return


def _same_rows(run: str, folder: str, tables: ShardManifest) -> Faults:
    """The documents' Parquet files hold what their tars hold."""
    try:
        tars = ShardManifest.decode(read_bytes(join(run, folder.removesuffix(PARQUET), MANIFEST)))
    except Exception:
        return  # told of by the tars' own check
    config = _shard_config(run)
    if config and not config.parquet:
        return
    have, want = ({(s.split, _stem(s.name), s.samples) for s in manifest.shards} for manifest in (tables, tars))
    for split, number, samples in sorted(have ^ want):
        yield f"{folder}: {split} {number} with {samples} samples stands on one side only, of tars and of Parquet files"


def _stem(name: str) -> str:
    return name.rpartition("-")[2].partition(".")[0]


def _shard_config(run: str) -> ShardConfig | None:
    """The config that the shards were made with, as run.json tells."""
    try:
        return ShardConfig.model_validate(json.loads(read_bytes(join(run, "run.json")))["config"]["shard"])
    except Exception:  # another program's run.json, or a damaged one: what it would tell cannot be checked
        return None


def _score_when(run: str) -> str:
    """In which order its pairs met their stages, as run.json tells; the default where it cannot be read, as above."""
    try:
        return ScoreConfig.model_validate(json.loads(read_bytes(join(run, "run.json")))["config"]["score"]).when
    except Exception:
        return ScoreConfig().when


def _blobs(run: str) -> Faults:
    """Every media file of the packs is there, and has its bytes. Those of archives lie outside of the run."""
    for media in read_records(join(run, "media"), Media):
        if media.blob.container is not Container.RAW:
            if not is_own_archive(media.blob.path, run):
                yield f"{_line(media.blob.path)}: not one of the archives that {RUN_FILE} names"
            continue
        try:
            if sha256(read_blob(media.blob, run)).hexdigest() != media.sha256:
                yield f"{media.blob.path} at {media.blob.offset}: not the bytes of {_line(media.url)}"
        except BlobError as error:
            yield f"{media.blob.path} at {media.blob.offset}: cannot be read: {_line(error)}"


def _memory(run: str) -> Faults:
    """Every part of the run's own memory has the bytes that its name tells. A damaged one is measured again."""
    for name in sorted(memory_files(join(run, MEMORY))):
        if not is_whole(join(run, MEMORY, name)):
            yield f"{MEMORY}/{name}: not the SHA-256 that its name says"


def _accounts(run: str) -> Faults:
    lines = conservation_of(run)
    joints = links(lines, rows_of(run), _score_when(run))
    for line in lines:
        if not line.balanced:
            yield (
                f"accounts: {line.stage}, {line.unit}: {line.entered} in + {line.made} made, "
                f"{line.kept} kept + {line.rejected + line.with_documents} rejected: {line.missing} missing"
            )
    for joint in joints:
        if not joint.holds:
            yield f"accounts: {joint.what}: {joint.left} is not {joint.right}"


def _line(what: object) -> str:
    """An error's type and text, or a text, in one short line."""
    text = " ".join(str(what).split())[:200]
    return f"{type(what).__name__}: {text}" if isinstance(what, Exception) else text
