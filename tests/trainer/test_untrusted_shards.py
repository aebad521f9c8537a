"""Shards of others in the trainer's reader: nothing is written outside of the cache, all damage is found, nothing runs."""

import hashlib
import io
import json
import os
import pickle
from pathlib import Path

import fsspec
import numpy as np
import pytest

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.schemas.sample import BadSample, PairSample
from lamella.schemas.shards import MANIFEST, BadShard, ShardInfo, ShardManifest, read_shard, write_shard
from lamella.trainer.loading.sample_reader import Shards, sound_shards
from lamella.trainer.loading.shard_reader import Shard, find_shards, read_checked
from tests.schemas.test_shards import HOSTILE


def listed(folder: str, data: bytes, **says) -> Shard:
    facts = {"name": "align-train-00000.tar", "split": "train", "samples": 1, "bytes": len(data)}
    info = ShardInfo(**facts | {"sha256": hashlib.sha256(data).hexdigest()} | says)
    return Shard(folder=folder, dataset=Dataset.ALIGN, info=info)


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_tar_is_refused_and_writes_nothing(tmp_path, data):
    """T1: 40 hostile tars, one by one, in the reader: BadShard, and no file but the cache's own locks."""
    shards, cache = tmp_path / "shards", tmp_path / "cache"
    shards.mkdir()
    cache.mkdir()
    (shards / "align-train-00000.tar").write_bytes(data)
    reader = Shards([listed(str(shards), data)], most=1, cache=cache)
    with pytest.raises(BadShard):
        reader.check(0)
    with pytest.raises(BadShard):
        list(read_checked(listed(str(shards), data)))
    assert {name for name in tree(tmp_path) if not name.endswith(".lock")} == {
        "shards",
        "shards/align-train-00000.tar",
        "cache",
    }


@pytest.mark.parametrize(
    "says",
    [
        {"name": "../../escaped"},
        {"name": "/tmp/escaped"},
        {"name": ".hidden"},
        {"sha256": "../../../../../escaped"},
        {"sha256": "/tmp/x"},
        {"split": "../train"},
        {"samples": -1},
        {"samples": True},
        {"bytes": -1},
        {"bytes": "1"},
        {"sidecar": "../escaped.parquet"},
    ],
)
def test_a_manifest_of_others_names_no_path(tmp_path, says):
    """T1: what a manifest says becomes a path only if it is a file's name and a SHA-256."""
    facts = {"name": "a.tar", "split": "train", "samples": 1, "bytes": 1, "sha256": "0" * 64}
    folder = tmp_path / "align"
    folder.mkdir()
    (folder / MANIFEST).write_text(json.dumps({"dataset": "align", "made_from": "", "shards": [facts | says]}))
    with pytest.raises(TrainingError, match="not a manifest") as refused:
        find_shards(str(tmp_path), ["align"], "train")
    assert "\n" not in str(refused.value)


def test_a_copy_has_no_name_before_its_bytes_are_those_of_the_manifest(tmp_path, toy):
    """T2: a remote shard that is not what is listed leaves nothing in the cache, whatever `verify` says."""
    out = io.BytesIO()
    write_shard(out, 0, [toy.pair(0).encode()])
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/untrusted/align-train-00000.tar", out.getvalue())
    for verify in (True, False):
        shard = listed("memory://untrusted", out.getvalue(), sha256="0" * 64)
        with pytest.raises(BadShard, match="not the file whose size and checksum"):
            Shards([shard], most=1, cache=tmp_path, verify=verify).check(0)
        assert not [name for name in tree(tmp_path) if not name.endswith(".lock")]
    Shards([listed("memory://untrusted", out.getvalue())], most=1, cache=tmp_path).check(0)
    assert any(name.endswith("align-train-00000.tar") for name in tree(tmp_path))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-512])


def grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + bytes(512))


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(bytes(data))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def test_each_damaged_shard_is_found_and_each_sound_one_is_read(tmp_path, toy):
    """T2: 10 of 100 shards damaged in 5 ways: all are found by the manifest, and skipping them leaves every sound sample."""
    pairs = [toy.pair(index).encode() for index in range(100)]
    toy.write(tmp_path / "align", Dataset.ALIGN, {"train": [[pair] for pair in pairs]})
    shards = find_shards(str(tmp_path), ["align"], "train")
    damaged = range(3, 100, 10)
    for at, number in enumerate(damaged):
        (cut, grown, flipped, emptied, Path.unlink)[at % 5](tmp_path / "align" / shards[number].info.name)
    cache = tmp_path / "cache"
    cache.mkdir()
    sound, faults = sound_shards(shards, cache, keep=True)
    assert len(faults) == len(damaged) == 10
    for number in damaged:
        assert any(shards[number].info.name in fault for fault in faults)
    assert sound == [shard for number, shard in enumerate(shards) if number not in damaged]
    read = [PairSample.decode(members).key for shard in sound for _, members in read_checked(shard)]
    assert read == [toy.pair(index).key for index in range(100) if index not in damaged]


class Bomb:
    def __init__(self, canary: Path):
        self._canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self._canary),)


def poisons(canary: Path) -> dict[str, bytes]:
    """Files that run a command where they are opened without care."""
    bomb, array = pickle.dumps(Bomb(canary)), io.BytesIO()
    np.save(array, np.array([Bomb(canary)], dtype=object), allow_pickle=True)
    packed = io.BytesIO()
    np.savez(packed, a=np.array([Bomb(canary)], dtype=object))
    yaml = f'!!python/object/apply:os.mkdir ["{canary}"]'.encode()
    return {
        "pickle": bomb,
        "npy": array.getvalue(),
        "npz": packed.getvalue(),
        "yaml": yaml,
        "yaml in json": b'{"a": ' + yaml + b"}",
    }


@pytest.mark.parametrize("kind", ["pickle", "npy", "npz", "yaml", "yaml in json"])
def test_a_poisoned_file_is_not_run(tmp_path, toy, kind):
    """P12: pickle, npz and YAML as a picture, a header, a table of the cache, a config and a manifest: 0 executions."""
    canary = tmp_path / "canary"
    poison = poisons(canary)[kind]
    for members in ({"json": poison, "jpg": poison}, toy.pair(0).encode() | {"jpg": poison}):
        out = io.BytesIO()
        write_shard(out, 0, [members])
        for _, found in read_shard(io.BytesIO(out.getvalue())):
            try:
                sample = PairSample.decode(found)
            except BadSample:
                continue
            from lamella.transforms.media.pixels import BadImage, decode_rgb

            with pytest.raises(BadImage):
                decode_rgb(sample.image, 64)
    shards = tmp_path / "shards" / "align"
    toy.write(shards, Dataset.ALIGN, {"train": [[toy.pair(0).encode()]]})
    shard = find_shards(str(tmp_path / "shards"), ["align"], "train")
    cache = tmp_path / "cache"
    cache.mkdir()
    Shards(shard, most=1, cache=cache).check(0)
    (table,) = cache.glob("*.npy")
    table.write_bytes(poison)
    with pytest.raises((ValueError, EOFError, OSError)):
        Shards(shard, most=1, cache=cache).check(0)
    (shards / MANIFEST).write_bytes(poison)
    with pytest.raises(TrainingError):
        find_shards(str(tmp_path / "shards"), ["align"], "train")
    from lamella.pipeline.config.resolution import ConfigError, resolve

    (tmp_path / "config.yaml").write_bytes(poison)
    with pytest.raises(ConfigError):
        resolve("demo", [], str(tmp_path / "config.yaml"))
    assert not canary.exists()


def test_a_manifest_is_still_what_a_writer_writes():
    info = ShardInfo(name="m3w-train-00000.tar", split="train", samples=5, bytes=10240, sha256="0" * 64)
    assert ShardManifest.decode(ShardManifest(dataset=Dataset.M3W, shards=(info,)).encode()).shards == (info,)
