"""The shards that were written -> `_manifest.json` of the finished dataset, and no stale file beside it."""

from collections.abc import Iterable

from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest
from lamella.transforms.base.files import (
    is_plain_name,
    is_temporary,
    join,
    list_files,
    read_bytes,
    remove_files,
    write_atomically,
)


def withdraw_manifest(folder: str) -> str:
    """Removes an earlier run's dataset, the manifest first, so that no manifest stands beside shards that it does not name.

    Only what that manifest names goes: anything else in the folder is somebody's.
    """
    try:
        names = files_of(ShardManifest.decode(read_bytes(join(folder, MANIFEST))).shards)
    except FileNotFoundError:
        return folder
    except (ValueError, KeyError, TypeError, RecursionError):
        names = ()  # damaged: what it named is not known, and stays
    remove_files(folder, [MANIFEST, *names])
    return folder


def finish(folder: str, manifest: ShardManifest) -> ShardManifest:
    """Removes what killed workers left half written, then writes the manifest: who finds it finds the dataset whole."""
    remove_files(folder, [name for name in list_files(folder) if is_temporary(name)])
    write_atomically(join(folder, MANIFEST), manifest.encode())
    return manifest


def files_of(shards: Iterable[ShardInfo]) -> tuple[str, ...]:
    """The files that a manifest names, of this folder alone."""
    names = (name for shard in shards for name in (shard.name, shard.sidecar))
    return tuple(name for name in names if is_plain_name(name))


def sorted_shards(shards: Iterable[ShardInfo]) -> tuple[ShardInfo, ...]:
    """By name; a shard that was written twice by a retry is named once."""
    return tuple(sorted(set(shards), key=lambda shard: (len(shard.name), shard.name)))
