"""Samples -> deterministic tars and their manifest, and back: the format of shards, file by file.

A reader trusts only the manifest: a tar that is not in it, or whose size or checksum differs, is not a shard.
"""

import io
import json
import mmap
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, TypeVar

from lamella.schemas.datasets import Dataset
from lamella.schemas.errors import BadShard
from lamella.schemas.sample import Members

T = TypeVar("T")
Buffer = bytes | mmap.mmap

MANIFEST = "_manifest.json"
FINGERPRINT_KEY = "made_from"  # what a manifest's fingerprint is called in its JSON: old runs are read by it
MAX_MEMBER_BYTES = 64 << 20
SAMPLES_PER_KEY_RANGE = 1_000_000  # a sample's key is shard * this + index
_MEMBER_NAME = re.compile(r"[0-9]{12}\.(?:json|(?:[0-9]{1,3}\.)?jpg)", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}", re.ASCII)  # one component; a leading dot would be a hidden file
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_BLOCK = 512  # of a tar
_EMPTY = bytes(_BLOCK)
_PIECE = 1 << 20
SPLITS = ("train", "validation")


def checked_file(name: object, size: object, checksum: object) -> None:
    """What a manifest says of a file: a single name, a size, a SHA-256. Checked before any of it becomes a path.

    Raises:
        ValueError: a name with a folder, a leading dot or a control in it; no count of bytes; no SHA-256 in hex.
    """
    if not (isinstance(name, str) and _FILE_NAME.fullmatch(name)):
        raise ValueError(f"{str(name)[:80]!r} is not a file's name")
    if not _is_count(size):
        raise ValueError(f"{name}: {str(size)[:40]!r} is not a number of bytes")
    if not (isinstance(checksum, str) and _SHA256.fullmatch(checksum)):
        raise ValueError(f"{name}: {str(checksum)[:80]!r} is not a SHA-256")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


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
    faces: int | None = None  # that were blurred in its pictures; None where none were looked for
    fingerprint: str = ""  # hash of its records and the settings; "" where one of its records left

    def check(self) -> None:
        """Raises ValueError for what our writer never writes: names and checksums become paths of a reader."""
        checked_file(self.name, self.bytes, self.sha256)
        if self.sidecar:
            checked_file(self.sidecar, self.sidecar_bytes, self.sidecar_sha256)
        if not (self.faces is None or _is_count(self.faces)) or not isinstance(self.fingerprint, str):
            raise ValueError(f"{self.name}: {str(self.faces)[:40]!r} faces, fingerprint {str(self.fingerprint)[:40]!r}")
        if self.split not in SPLITS or not _is_count(self.samples):
            raise ValueError(f"{self.name}: split {str(self.split)[:40]!r} of {str(self.samples)[:40]!r} samples")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardManifest:
    """All shards of one dataset. Written last, by rename: while it is missing, the dataset is not finished."""

    dataset: Dataset
    shards: tuple[ShardInfo, ...]
    fingerprint: str = ""  # hash of the config part and of the input manifests

    def encode(self) -> bytes:
        values = asdict(self)
        for stated in (values, *values["shards"]):
            stated[FINGERPRINT_KEY] = stated.pop("fingerprint")
        return json.dumps(values, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> "ShardManifest":
        """Raises ValueError, KeyError or TypeError for what is no manifest, or names a file that lies elsewhere."""
        raw = _json(data)
        shards = tuple(_shard_info(**shard) for shard in raw["shards"])
        for shard in shards:
            shard.check()
        if len({shard.name for shard in shards}) < len(shards):
            raise ValueError("a shard is listed twice")
        return cls(dataset=Dataset(raw["dataset"]), shards=shards, fingerprint=raw[FINGERPRINT_KEY])


def _shard_info(**values: Any) -> ShardInfo:
    return ShardInfo(fingerprint=values.pop(FINGERPRINT_KEY, ""), **values)


def _json(data: bytes) -> dict:
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def shard_name(dataset: Dataset, split: str, shard: int) -> str:
    return f"{dataset}-{split}-{shard:05d}.tar"


def sample_key(shard: int, index: int) -> str:
    """The basename of a sample's members: unique in its dataset and split, sorted as the shards are."""
    if index >= SAMPLES_PER_KEY_RANGE:
        raise ValueError(f"a shard holds fewer than {SAMPLES_PER_KEY_RANGE} samples: set a smaller samples_per_shard")
    return f"{shard * SAMPLES_PER_KEY_RANGE + index:012d}"


def write_shard(out: Any, shard: int, samples: Iterable[Members]) -> int:
    """Writes samples as a tar whose bytes depend on the samples alone; returns how many. `out` has write() and tell().

    Owner, mode and time are fixed, and names are short ASCII, so that no extended header is ever needed.
    """
    count = 0
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for index, members in enumerate(samples):
            for extension in sorted(members, key=_member_order):
                info = tarfile.TarInfo(f"{sample_key(shard, index)}.{extension}")
                info.size, info.mode = len(members[extension]), 0o444
                if not _MEMBER_NAME.fullmatch(info.name) or info.size > MAX_MEMBER_BYTES:
                    raise ValueError(f"{info.name}, {info.size} bytes: no reader of ours would take it")
                tar.addfile(info, io.BytesIO(members[extension]))
            count += 1
    return count


def _member_order(extension: str) -> tuple[bool, int, str]:
    """json first, so that a streaming reader knows the sample before its images; frames by number."""
    number, _, _ = extension.partition(".")
    return (extension != "json", int(number) if number.isdigit() else 0, extension)


def read_shard(stream: BinaryIO) -> Iterator[tuple[str, Members]]:
    """(key, members) of every sample, in order. Raises BadShard for damage and for members that no shard of ours has.

    It reads plain headers and nothing else: `tarfile` ends without a word at a damaged header or a cut, and believes long
    names, sparse maps and pax headers of any size. Nothing is ever extracted. What comes before the damage is given first.
    """
    return _samples(_read_members(stream))


def index_shard(data: Buffer) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    """(key, {extension: (offset, length)}) of every sample of a whole tar: as strict as `read_shard`, reads no data."""
    return _samples(_locate_members(data))


def _samples(found: Iterable[tuple[str, T]]) -> Iterator[tuple[str, dict[str, T]]]:
    key, members = "", {}
    for name, data in found:
        base, _, extension = name.partition(".")
        if base < key:
            raise BadShard(f"{name}: out of order")
        if base > key:
            if members:
                yield key, members
            key, members = base, {}
        if extension in members:
            raise BadShard(f"{name}: twice in the shard")
        members[extension] = data
    if members:
        yield key, members


def _read_members(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every file in a tar of plain ustar headers, up to the two empty blocks that end it."""
    while (header := _read_exactly(stream, _BLOCK)) != _EMPTY:
        name, size = _check_header(header)
        data = _read_exactly(stream, size)
        _read_exactly(stream, -size % _BLOCK)
        yield name, data
    if _read_exactly(stream, _BLOCK) != _EMPTY:
        raise BadShard("one empty block amid the members")
    while rest := stream.read(_BLOCK * 20):
        if rest.strip(b"\0"):
            raise BadShard("more after the end of the tar")


def _locate_members(data: Buffer) -> Iterator[tuple[str, tuple[int, int]]]:
    """(name, (offset, length)) of every file, as `_read_members` finds them."""
    at = 0
    while (header := data[at : at + _BLOCK]) != _EMPTY:
        if len(header) < _BLOCK:
            raise BadShard("cut off")
        name, size = _check_header(header)
        start, at = at + _BLOCK, at + _BLOCK + size + -size % _BLOCK
        if at > len(data):
            raise BadShard("cut off")
        yield name, (start, size)
    ending = data[at + _BLOCK :]
    if len(ending) < _BLOCK:
        raise BadShard("cut off")
    if ending[:_BLOCK] != _EMPTY:
        raise BadShard("one empty block amid the members")
    if ending.strip(b"\0"):
        raise BadShard("more after the end of the tar")


def _check_header(header: bytes) -> tuple[str, int]:
    """Name and size of the regular file that a ustar header (POSIX.1-1988) announces; raises BadShard for any other."""
    name = header[:100].rstrip(b"\0").decode("ascii", "backslashreplace")
    fields = header[:148] + b" " * 8 + header[156:]
    if _octal(header[148:156], name) != sum(fields):
        raise BadShard(f"{name!r}: the header's checksum is wrong")
    if header[156:157] != tarfile.REGTYPE:
        raise BadShard(f"{name!r}: not a regular file")
    if header[345:500].strip(b"\0") or not _MEMBER_NAME.fullmatch(name):
        raise BadShard(f"{name!r}: not a member's name")
    size = _octal(header[124:136], name)
    if size > MAX_MEMBER_BYTES:
        raise BadShard(f"{name!r}: {size} bytes, above {MAX_MEMBER_BYTES}")
    return name, size


def _octal(field: bytes, name: str) -> int:
    digits = field.strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        raise BadShard(f"{name!r}: {field!r} is not an octal number")
    return int(digits, 8)


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        part = stream.read(min(missing, _PIECE))  # what a header announces is not set aside before it is there
        if not part:
            raise BadShard("cut off")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
