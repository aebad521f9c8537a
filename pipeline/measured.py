"""What a job asked of its models, and how much of it was measured -> a small file in the run's folder, and back.
It is no table: a run of the same input that remembers more measures less."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lamella.schemas.keys import stable_int
from lamella.transforms.base.files import join, read_bytes, write_atomically
from lamella.transforms.base.remembered import Counted

_FILE = ".measured-{job}.json"  # in the run's folder


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsTarget:
    """Counted, some a bundle -> the job's file: a target of `pipeline.write`."""

    folder: str
    job: str

    def every(self) -> Iterable[int]:
        return ()

    def part_of(self, record: Counted) -> int:
        return stable_int(record.name) >> 1

    def close(self, part: int, records: Iterable[Counted]) -> Iterable[Counted]:
        asked: Counter[str] = Counter()
        fresh: Counter[str] = Counter()
        for record in records:
            asked[record.name] += record.asked
            fresh[record.name] += record.fresh
        return [Counted(name, asked[name], fresh[name]) for name in asked]

    def commit(self, pieces: Sequence[Counted]) -> object:
        return write_atomically(_path(self.folder, self.job), json.dumps(sorted(pieces)).encode() + b"\n")


def counts_of(folder: str, job: str) -> list[Counted]:
    """What the last run of a job measured, by the name of the measure; none where it asked no model, or was stopped."""
    try:
        return [Counted(*row) for row in json.loads(read_bytes(_path(folder, job)))]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def forget_counts(folder: str, job: str) -> None:
    """Before a run of the job, removes what an earlier run measured."""
    if counts_of(folder, job):
        write_atomically(_path(folder, job), b"[]\n")


def _path(folder: str, job: str) -> str:
    return join(folder, _FILE.format(job=job))
