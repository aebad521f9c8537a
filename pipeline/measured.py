"""What a job asked of its models, and how much of it had to be measured: counts in, a small file in the run's folder out, and
back. It is no table: a run of the same input that remembers more measures less."""

import json
from collections.abc import Iterable

import apache_beam as beam

from lamella.transforms.base.files import join, read_bytes, write_atomically
from lamella.transforms.base.remembered import Counted

_FILE = ".measured-{job}.json"  # in the run's folder


class WriteCounts(beam.PTransform):
    """PCollection[Counted] -> the job's file."""

    def __init__(self, folder: str, job: str):
        super().__init__()
        self._path = _path(folder, job)

    def expand(self, counts):
        return counts | beam.combiners.ToList() | "Write counts" >> beam.Map(_write, self._path)


def counts_of(folder: str, job: str) -> list[Counted]:
    """What the last run of a job measured, by the name of the measure; none where it asked no model, or was stopped."""
    try:
        return [Counted(*row) for row in json.loads(read_bytes(_path(folder, job)))]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def forget_counts(folder: str, job: str) -> None:
    """Ahead of a run of the job: what an earlier one measured is not said of this one."""
    if counts_of(folder, job):
        write_atomically(_path(folder, job), b"[]\n")


def _path(folder: str, job: str) -> str:
    return join(folder, _FILE.format(job=job))


def _write(counts: Iterable[Counted], path: str) -> None:
    write_atomically(path, json.dumps(sorted(counts)).encode() + b"\n")
