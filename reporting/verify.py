"""A run's folder -> one line for each fault in it: manifests, checksums, rows, samples, stray files, sums.

Nothing is repaired, and no file of the run is trusted: every file that a manifest names is read whole, every picture decoded. A
damaged file that breaks its reader is one fault, and the others are checked all the same.
"""

import json
from hashlib import sha256
from typing import NamedTuple

import fsspec

from lamella.pipeline.audit import conservation_of, links, rows_of
from lamella.pipeline.declared import SHARDS_FOLDER
from lamella.pipeline.enclosed import ways_out
from lamella.pipeline.graph import LEDGER_TABLES, SHARD_FOLDERS, TABLES
from lamella.pipeline.tables import TableManifest, read_records
from lamella.reporting.file_faults import (
    CheckedSamples,
    Faults,
    NamedFile,
    faults_of_file,
    faults_of_rows,
    faults_of_sidecar,
    guarded,
    short_line,
)
from lamella.reporting.readable import clean
from lamella.schemas.config import ScoreConfig, ShardConfig
from lamella.schemas.datasets import DATASETS, PARQUET, Dataset
from lamella.schemas.media import Container, Media
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest
from lamella.transforms.base.blobs import BlobError, is_own_archive, read_blob
from lamella.transforms.base.files import RUN_FILE, TEMPORARY, join, read_bytes
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.base.memory import is_part, is_whole, memory_files
from lamella.transforms.fetch.packs import FOLDER as PACKS

_WRITTEN = {*TABLES, *LEDGER_TABLES, *SHARD_FOLDERS}  # what a finished run has
_LINE = 400  # characters of a fault


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
            yield from guarded(f"{folder}/{MANIFEST}", _dataset(run, folder, files))
        else:
            yield from guarded(f"{folder}/{MANIFEST}", _table(run, folder, files))
    yield from guarded("media", _blobs(run))
    yield from guarded(MEMORY, _memory(run))
    yield from guarded("accounts", _accounts(run))


def _files(run: str) -> dict[str, int]:
    """Path within the run -> size in bytes."""
    fs, root = fsspec.core.url_to_fs(run)
    found = fs.find(root, detail=True)
    base = root.rstrip("/") + "/"
    return {path.removeprefix(base): info["size"] for path, info in found.items()}


def _strays(files: dict[str, int]) -> Faults:
    """Temporary files, and data in folders that have no manifest. Files beside a manifest are checked with it."""
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
        named = NamedFile(f"{folder}/{file.name}", file.bytes, file.sha256)
        yield from faults_of_file(run, named, files, lambda stream, rows=file.rows: faults_of_rows(stream, rows))


def _dataset(run: str, folder: str, files: dict[str, int]) -> Faults:
    manifest = ShardManifest.decode(read_bytes(join(run, folder, MANIFEST)))
    yield from _unnamed(folder, {name for s in manifest.shards for name in (s.name, s.sidecar) if name}, files)
    config = _shard_config(run)
    for shard in manifest.shards:
        yield from guarded(f"{folder}/{shard.name}", _shard(_Shards(run, folder, files, manifest.dataset), shard, config))
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
    named = NamedFile(f"{folder}/{shard.name}", shard.bytes, shard.sha256)
    if shard.name.endswith(".parquet"):
        yield from faults_of_file(run, named, files, lambda stream: faults_of_rows(stream, shard.samples))
        return
    keys: list[tuple[str, str]] = []
    yield from faults_of_file(run, named, files, CheckedSamples(dataset, shard, config, keys))
    if shard.sidecar:
        named = NamedFile(f"{folder}/{shard.sidecar}", shard.sidecar_bytes, shard.sidecar_sha256)
        yield from faults_of_file(run, named, files, lambda stream: faults_of_sidecar(stream, keys))
    elif DATASETS[dataset].sidecar:
        yield f"{folder}/{shard.name}: no sidecar"


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
        yield f"{folder}: {split} {number} with {samples} samples is only among the tars or only among the Parquet files"


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
                yield f"{short_line(media.blob.path)}: not one of the archives that {RUN_FILE} names"
            continue
        try:
            if sha256(read_blob(media.blob, run)).hexdigest() != media.sha256:
                yield f"{media.blob.path} at {media.blob.offset}: not the bytes of {short_line(media.url)}"
        except BlobError as error:
            yield f"{media.blob.path} at {media.blob.offset}: cannot be read: {short_line(error)}"


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
