"""A run's shards folder -> its shards, as their manifests list them: a reader trusts nothing else."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import fsspec

from lamella.schemas.errors import TrainingError
from lamella.schemas.keys import stable_key
from lamella.schemas.pair import Dataset
from lamella.schemas.sample import Members
from lamella.schemas.shards import MANIFEST, BadShard, ShardInfo, ShardManifest, read_shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    folder: str
    dataset: Dataset
    info: ShardInfo


def find_shards(folder: str, datasets: Sequence[str], split: str) -> list[Shard]:
    """The shards of a run's `shards` folder (or of one dataset's folder) that hold samples of `datasets` and `split`.

    Raises:
        TrainingError: no manifest, another dataset's manifest, or no sample in the split.
    """
    known = {str(dataset) for dataset in Dataset}
    if unknown := sorted(set(datasets) - known):
        raise TrainingError(f"datasets={','.join(unknown)}: there are {', '.join(sorted(known))}")
    found: list[Shard] = []
    missing = []
    for where, manifest in _manifests(folder, datasets):
        if manifest is None:
            missing.append(where)
            continue
        if str(manifest.dataset) in datasets:
            ours = (info for info in manifest.shards if info.split == split and info.samples)
            found += [Shard(folder=where, dataset=manifest.dataset, info=info) for info in ours]
    if missing:
        raise TrainingError(f"shards={folder}: no {missing[0]}/{MANIFEST}; has the run finished?")
    if not found:
        raise TrainingError(f"shards={folder}: no {split} sample of {', '.join(datasets)}")
    return found


def manifest_hash(shards: Sequence[Shard]) -> str:
    """What was trained on: a hash over every shard's checksum."""
    return stable_key(*(shard.info.sha256 for shard in sorted(shards, key=lambda shard: shard.info.name)))


def read_checked(shard: Shard) -> Iterator[tuple[str, Members]]:
    """(key, members) of every sample. Raises BadShard where the file is not the one that its manifest lists."""
    path = f"{shard.folder}/{shard.info.name}"
    opened: Any = fsspec.open(path, "rb")
    with opened as file:
        data = file.read()
    if len(data) != shard.info.bytes or hashlib.sha256(data).hexdigest() != shard.info.sha256:
        raise BadShard(f"{path}: not the file whose size and checksum {MANIFEST} lists")
    yield from read_shard(io.BytesIO(data))


def _manifests(folder: str, datasets: Sequence[str]) -> Iterator[tuple[str, ShardManifest | None]]:
    """(folder, manifest) of the dataset in `folder`, or of each dataset in its subfolders; the manifest is None if it is
    missing."""
    folder = folder.rstrip("/")
    filesystem, _ = fsspec.core.url_to_fs(folder)
    alone = filesystem.exists(f"{folder}/{MANIFEST}")
    for where in (folder,) if alone else tuple(f"{folder}/{dataset}" for dataset in datasets):
        path = f"{where}/{MANIFEST}"
        if not filesystem.exists(path):
            yield where, None
            continue
        try:
            yield where, ShardManifest.decode(filesystem.cat_file(path))
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"shards={path}: not a manifest ({error})") from error
