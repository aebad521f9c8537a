"""The manifest of a finished dataset: shards that were written in; `_manifest.json` out, and nothing stale beside it."""

import re
from collections.abc import Iterable

import fsspec

from lamella.schemas.shards import MANIFEST, SPLITS, ShardInfo, ShardManifest
from lamella.transforms.files import TEMPORARY, join, write_atomically

_OURS = re.compile(rf"(?:[a-z0-9]+-)?(?:{'|'.join(SPLITS)})-[0-9]{{5,}}\.(?:tar|parquet)")


def withdraw_manifest(folder: str) -> str:
    """Takes the manifest of an earlier run away, so that none stands beside shards that it does not tell of."""
    fs, path = fsspec.core.url_to_fs(join(folder, MANIFEST))
    if fs.exists(path):
        fs.rm_file(path)
    return folder


def finish(folder: str, manifest: ShardManifest) -> ShardManifest:
    """Removes what an earlier or a killed run left, then writes the manifest: a reader who finds it finds the dataset whole."""
    named = {name for shard in manifest.shards for name in (shard.name, shard.sidecar) if name}
    for path, name in _files(folder):
        if name not in named and (_OURS.fullmatch(name) or name.endswith(TEMPORARY)):
            fsspec.core.url_to_fs(folder)[0].rm_file(path)
    write_atomically(join(folder, MANIFEST), manifest.encode())
    return manifest


def sorted_shards(shards: Iterable[ShardInfo]) -> tuple[ShardInfo, ...]:
    """By name; a shard that was written twice by a retry is named once."""
    return tuple(sorted(set(shards), key=lambda shard: (len(shard.name), shard.name)))


def _files(folder: str) -> list[tuple[str, str]]:
    fs, path = fsspec.core.url_to_fs(folder)
    if not fs.isdir(path):
        return []
    return [(found, found.rpartition("/")[2]) for found in fs.ls(path, detail=False) if fs.isfile(found)]
