"""Shards -> single samples by number: each shard is checked once, and then only what is asked for is read.

A shard's size, checksum and member headers are checked when it is first opened, for every process that shares the cache folder:
the result is kept there as a table of offsets, and trusted while the file keeps its size and time. A shard on a remote path is
copied to the cache folder first, once, under a temporary name.
"""

import contextlib
import fcntl
import hashlib
import mmap
import os
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import fsspec
import numpy as np
from fsspec.implementations.local import LocalFileSystem

from lamella.schemas.datasets import DATASETS
from lamella.schemas.errors import TrainingFailed
from lamella.schemas.keys import stable_key
from lamella.schemas.sample import BadSample, ClipSample
from lamella.schemas.shards import MANIFEST, BadShard, index_shard
from lamella.trainer.core.console import new_file
from lamella.trainer.loading.shard_reader import Shard

_ATTEMPTS = 4  # to copy from a remote path, and to open the copy
_FIELDS = 2  # of a member: offset and length


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A sample as it lies in its shard: members by number, its json first."""

    name: str
    file: int  # descriptor
    members: np.ndarray  # int64 [members, 2]: offset and length

    def member(self, number: int) -> bytes:
        offset, length = self.members[number].tolist()
        return self._read(offset, length)

    def part(self, number: int, offset: int, length: int) -> bytes:
        """Bytes of a member. Raises BadSample where it does not hold so many."""
        start, size = self.members[number].tolist()
        if not 0 <= offset <= offset + length <= size:
            raise BadSample(f"bytes {offset} to {offset + length} of a member of {size}")
        return self._read(start + offset, length)

    def _read(self, offset: int, length: int) -> bytes:
        data = os.pread(self.file, length, offset)
        while len(data) < length:  # a read may end early, as on a network's filesystem
            more = os.pread(self.file, length - len(data), offset + len(data))
            if not more:
                raise BadShard(f"{self.name}: cut off while it was read")
            data += more
        return data


class Shards:
    """The shards of one dataset, a few open at a time.

    Args:
        shards: of one dataset.
        most: open at a time.
        cache: an existing folder for copies of remote shards and for tables of offsets; processes may share it.
        verify: compare checksums, not sizes alone.
        keep: leave copies of remote shards behind; otherwise a copy goes when its shard is closed.
    """

    def __init__(self, shards: Sequence[Shard], most: int, cache: Path, *, verify: bool = True, keep: bool = True):
        self._shards, self._most, self._cache, self._verify, self._keep = tuple(shards), most, cache, verify, keep
        self._open: OrderedDict[int, tuple[int, np.ndarray]] = OrderedDict()
        self._ahead: ThreadPoolExecutor | None = None
        self._asked: set[int] = set()

    def sample(self, shard: int, index: int) -> Stored:
        """Raises BadShard where the file is not what the manifest says, OSError where it cannot be read."""
        file, table = self._opened(shard)
        return Stored(name=self._shards[shard].info.name, file=file, members=table[index])

    def check(self, shard: int) -> None:
        """Opens a shard as `sample` does, with its checksum, and closes it again. Raises the same."""
        self._opened(shard)
        self._shut(shard)

    def fetch_ahead(self, shards: Sequence[int]) -> None:
        """Starts copying remote shards that will be needed; an error is left for when they are."""
        for shard in shards:
            remote = not isinstance(_place(self._shards[shard])[0], LocalFileSystem)
            if remote and shard not in self._asked and shard not in self._open:
                self._ahead = self._ahead or ThreadPoolExecutor(2, thread_name_prefix="fetch-shards")
                self._asked.add(shard)
                self._ahead.submit(self._fetched_quietly, shard)

    def close(self) -> None:
        if self._ahead:
            self._ahead.shutdown(wait=True, cancel_futures=True)
        for shard in list(self._open):
            self._shut(shard)

    def _opened(self, shard: int) -> tuple[int, np.ndarray]:
        if shard not in self._open:
            while len(self._open) >= self._most:
                self._shut(next(iter(self._open)))
            for attempt in range(_ATTEMPTS):
                try:
                    self._open[shard] = self._read_in(shard)
                    break
                except FileNotFoundError:  # a copy may go as another process closes it
                    if self._keep or attempt + 1 == _ATTEMPTS:
                        raise
        self._open.move_to_end(shard)
        return self._open[shard]

    def _read_in(self, shard: int) -> tuple[int, np.ndarray]:
        path = self._fetched(shard)
        try:
            table = self._table(shard, path)
        except BadShard as error:
            raise BadShard(f"{self._shards[shard].folder}/{self._shards[shard].info.name}: {error}") from error
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC), table

    def _shut(self, shard: int) -> None:
        file, _ = self._open.pop(shard)
        os.close(file)
        self._asked.discard(shard)
        if not self._keep:
            copy = self._copy(shard)
            copy.unlink(missing_ok=True)

    def _fetched_quietly(self, shard: int) -> None:
        with contextlib.suppress(OSError, BadShard):
            self._fetched(shard)

    def _fetched(self, shard: int) -> Path:
        """Where the shard lies on this machine, copied there if need be."""
        filesystem, path = _place(self._shards[shard])
        if isinstance(filesystem, LocalFileSystem):
            return Path(path)
        copy = self._copy(shard)
        if not copy.exists():
            with _locked(copy):
                if not copy.exists():
                    with new_file(copy) as temporary:
                        _copied(filesystem, path, temporary)
                        _check_copy(self._shards[shard], temporary)  # before it has a name that a reader trusts
        return copy

    def _copy(self, shard: int) -> Path:
        info = self._shards[shard].info
        return self._cache / f"{info.sha256[:16]}-{info.name}"

    def _table(self, shard: int, path: Path) -> np.ndarray:
        """int64 [samples, members, 2]: offset and length of each member; from the cache folder, or made and left there."""
        info, state = self._shards[shard].info, path.stat()
        if state.st_size != info.bytes or not info.bytes:
            raise BadShard(f"{state.st_size} bytes, and {MANIFEST} lists {info.bytes}")
        name = stable_key(path.resolve(), state.st_size, state.st_mtime_ns, info.sha256, info.samples, self._verify)
        kept = self._cache / f"{name}.npy"
        if not kept.exists():
            with _locked(kept):
                if not kept.exists():
                    table = _checked(self._shards[shard], path, self._verify)
                    with new_file(kept) as temporary, temporary.open("wb") as out:
                        np.save(out, table, allow_pickle=False)
        table = np.load(kept, allow_pickle=False)
        if not isinstance(table, np.ndarray) or table.dtype != np.int64 or table.ndim != 3:
            raise BadShard(f"{kept} is no table of offsets; delete it")
        return table


def sound_shards(shards: Sequence[Shard], cache: Path, keep: bool) -> tuple[list[Shard], list[str]]:
    """The shards that are what their manifest says, and what is wrong with each of the others."""
    reader = Shards(shards, most=len(shards) + 1, cache=cache, keep=keep)

    def fault(number: int) -> str | None:
        try:
            reader.check(number)
            return None
        except (BadShard, OSError) as error:
            return str(error)

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1), thread_name_prefix="check-shards") as pool:
        faults = list(pool.map(fault, range(len(shards))))
    sound = [shard for shard, fault in zip(shards, faults, strict=True) if fault is None]
    return sound, [fault for fault in faults if fault is not None]


def _checked(shard: Shard, path: Path, verify: bool) -> np.ndarray:
    """The table of a whole shard's members. Raises BadShard."""
    info = shard.info
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if verify and hashlib.sha256(data).hexdigest() != info.sha256:
            raise BadShard(f"not the file whose checksum {MANIFEST} lists")
        samples = [members for _, members in index_shard(data)]
    if len(samples) != info.samples:
        raise BadShard(f"{len(samples)} samples, and {MANIFEST} lists {info.samples}")
    frames = max(1, len(samples[0]) - 1)
    names = [f"{n}.jpg" for n in range(frames)] if DATASETS[shard.dataset].sample is ClipSample else ["jpg"]
    expected = ["json", *names]
    for number, members in enumerate(samples):
        if list(members) != expected:
            raise BadShard(f"sample {number} has {', '.join(members)}, not {', '.join(expected)}")
    return np.array([list(members.values()) for members in samples], dtype=np.int64).reshape(len(samples), -1, _FIELDS)


def _check_copy(shard: Shard, path: Path) -> None:
    info = shard.info
    with path.open("rb") as file:
        if path.stat().st_size != info.bytes or hashlib.file_digest(file, "sha256").hexdigest() != info.sha256:
            raise BadShard(f"{shard.folder}/{info.name}: not the file whose size and checksum {MANIFEST} lists")


def _place(shard: Shard) -> tuple[fsspec.AbstractFileSystem, str]:
    return fsspec.core.url_to_fs(f"{shard.folder}/{shard.info.name}")


def _copied(filesystem: fsspec.AbstractFileSystem, path: str, to: Path) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            filesystem.get_file(path, str(to))
            return
        except FileNotFoundError:
            raise
        except OSError as error:
            if attempt == _ATTEMPTS - 1:
                raise TrainingFailed(f"shards: {path} cannot be copied ({error})") from error
            time.sleep(2**attempt)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process of this machine at a time, and one thread; a lock goes with the process that holds it."""
    with open(path.with_name(f"{path.name}.lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
