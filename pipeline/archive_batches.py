"""Archives and their sizes -> batches of archives that are read together, and a line of progress."""

import time
from collections.abc import Iterator, Mapping, Sequence

from lamella.schemas.config import RunConfig

_LEAST = 256 << 10  # bytes that an archive counts as at least: to open it and to write its part costs as much as so many


def cut_batches(sizes: Mapping[str, int], c: RunConfig, processes: int | None) -> Iterator[list[str]]:
    """Batches of `run.archives_per_batch` archives, or of `run.bytes_per_batch` for each process: a kill then costs little.

    On a cluster (`processes` is None) all archives are one batch: an engine shares them out better than a loop.

    Args:
        sizes: archive -> bytes, as they lie on disk.
    """
    batch, weight = [], 0
    for archive, size in sizes.items():
        batch.append(archive)
        weight += max(size, _LEAST)
        if c.archives_per_batch is not None:
            full = len(batch) >= c.archives_per_batch
        else:
            full = processes is not None and weight >= processes * c.bytes_per_batch and len(batch) >= processes
        if full:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


class ReadingClock:
    """Knows the share of bytes that is read, and from it how long the rest will take."""

    def __init__(self, sizes: Mapping[str, int], before: int):
        self.sizes, self._before = sizes, before  # archives whose parts stood already
        self._archives, self._bytes, self._total = 0, 0, sum(sizes.values())
        self._start = time.monotonic()

    def passed(self, archives: Sequence[str]) -> None:
        self._archives += len(archives)
        self._bytes += sum(self.sizes[archive] for archive in archives)

    def line(self) -> str:
        """Such as `12 of 40 archives read, 31 % of 4210 MB, about 95 s to go`."""
        done, every = self._before + self._archives, self._before + len(self.sizes)
        line = f"{done} of {every} archives read, {self._bytes / max(self._total, 1):.0%} of {self._total / 1e6:.0f} MB"
        if not self._bytes:
            return line
        rest = (time.monotonic() - self._start) * (self._total - self._bytes) / self._bytes
        return f"{line}, about {rest:.0f} s to go"
