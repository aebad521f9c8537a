"""The shard contract, file by file: samples in, deterministic tars and their manifest out, and back.

A reader trusts the manifest alone: a tar that is not in it, or whose size or checksum differs, is not a shard.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO

from schemas.pair import Dataset
from schemas.sample import Members

MANIFEST = "_manifest.json"
MAX_MEMBER_BYTES = 64 << 20
SAMPLES_PER_KEY_RANGE = 1_000_000  # a sample's key is shard * this + index
_MEMBER_NAME = re.compile(r"[0-9]{12}\.[0-9a-z.]{1,20}", re.ASCII)
SPLITS = ("train", "validation")


class BadShard(ValueError):
    """A tar that is damaged, or holds what no shard of ours holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardInfo:
    """What the manifest says of one shard."""

    name: str
    split: str
    samples: int
    bytes: int
    sha256: str
    sidecar: str = ""  # the Parquet file beside it that tells of its samples; pairs only
    sidecar_bytes: int = 0
    sidecar_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardManifest:
    """All shards of one dataset. Written last, by rename: while it is missing, the dataset is not finished."""

    dataset: Dataset
    shards: tuple[ShardInfo, ...]
    made_from: str = ""  # hash of the config part and of the input manifests

    def encode(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> "ShardManifest":
        raw = json.loads(data)
        return cls(
            dataset=Dataset(raw["dataset"]),
            shards=tuple(ShardInfo(**shard) for shard in raw["shards"]),
            made_from=raw["made_from"],
        )


def shard_name(dataset: Dataset, split: str, shard: int) -> str:
    return f"{dataset}-{split}-{shard:05d}.tar"


def sample_key(shard: int, index: int) -> str:
    """The basename of a sample's members: unique in its dataset and split, sorted as the shards are."""
    if index >= SAMPLES_PER_KEY_RANGE:
        raise ValueError(f"a shard holds fewer than {SAMPLES_PER_KEY_RANGE} samples: set a smaller samples_per_shard")
    return f"{shard * SAMPLES_PER_KEY_RANGE + index:012d}"


def write_shard(out: BinaryIO, shard: int, samples: Iterable[Members]) -> int:
    """Writes samples as a tar whose bytes depend on the samples alone; returns how many.

    Owner, mode and time are fixed, and names are short ASCII, so that no extended header is ever needed.
    """
    count = 0
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for index, members in enumerate(samples):
            for extension in sorted(members, key=_member_order):
                info = tarfile.TarInfo(f"{sample_key(shard, index)}.{extension}")
                info.size, info.mode = len(members[extension]), 0o444
                tar.addfile(info, io.BytesIO(members[extension]))
            count += 1
    return count


def _member_order(extension: str) -> tuple[bool, int, str]:
    """json first, so that a streaming reader knows the sample before its images; frames by number."""
    number, _, _ = extension.partition(".")
    return (extension != "json", int(number) if number.isdigit() else 0, extension)


def read_shard(stream: BinaryIO) -> Iterator[tuple[str, Members]]:
    """(key, members) of every sample, in order. Raises BadShard for damage and for members that no shard of ours has.

    Nothing is ever extracted: links, devices, sparse files, long names and directories are refused.
    """
    key, members = "", {}
    try:
        with tarfile.open(fileobj=stream, mode="r|", ignore_zeros=False) as tar:
            for info in tar:
                _check_member(info)
                base, _, extension = info.name.partition(".")
                if base != key and members:
                    yield key, members
                    members = {}
                key = base
                if extension in members:
                    raise BadShard(f"{info.name}: twice in the shard")
                data = tar.extractfile(info).read()
                if len(data) != info.size:
                    raise BadShard(f"{info.name}: cut off")
                members[extension] = data
    except tarfile.TarError as error:
        raise BadShard(f"not a readable tar: {error}") from error
    if members:
        yield key, members


def _check_member(info: tarfile.TarInfo) -> None:
    if not info.isreg() or info.issparse():
        raise BadShard(f"{info.name[:100]!r}: not a regular file")
    if info.size > MAX_MEMBER_BYTES:
        raise BadShard(f"{info.name[:100]!r}: {info.size} bytes, above {MAX_MEMBER_BYTES}")
    if not _MEMBER_NAME.fullmatch(info.name):
        raise BadShard(f"{info.name[:100]!r}: not a member's name")
