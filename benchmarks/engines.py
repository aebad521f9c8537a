"""A sample of so many pages in; what each engine takes for its four jobs, as a table, out.

    python -m benchmarks.engines FOLDER --pages 200 [--arms local-1,local-2,spark-1,spark-2,prism] [KEY=VALUE ...]

CPU seconds of all processes of a run, seconds on the clock, and the most memory that all had together (what they share counts
for each). All arms must write the same bytes: it ends with 1 where one does not.
"""

import argparse
import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from lamella.runners.launch import Engine
from lamella.runners.progress import quiet_beam
from lamella.sample.web import write_sample
from tests.engines.compare import run_engine
from tests.engines.spark_cluster import SparkCluster

_LOOK_S = 0.2  # between two looks at the processes: one that lives for less is missed
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Meter:
    """CPU seconds and memory of this process and of all that it started, as /proc tells them."""

    def __init__(self):
        self._ticks: dict[tuple[int, str], int] = {}  # by process and the time of its start
        self.peak_bytes, self._ended = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Meter":
        self._look()
        self._before = self.cpu_s
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._ended.set()
        self._thread.join()

    @property
    def cpu_s(self) -> float:
        return sum(self._ticks.values()) / _TICKS

    @property
    def used_s(self) -> float:
        return self.cpu_s - self._before

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self._look()

    def _look(self) -> None:
        stats = {int(path.name): fields for path in Path("/proc").iterdir() if path.name.isdigit() and (fields := _stat(path))}
        ours, below = {os.getpid()}, {os.getpid()}
        while below := {process for process, fields in stats.items() if int(fields[1]) in below} - ours:
            ours |= below
        memory = 0
        for process in ours & stats.keys():
            fields = stats[process]
            self._ticks[process, fields[19]] = int(fields[11]) + int(fields[12])
            memory += int(fields[21]) * _PAGE
        self.peak_bytes = max(self.peak_bytes, memory)


def _stat(path: Path) -> list[str]:
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--arms", default="local-1,local-2,spark-1,spark-2")
    parser.add_argument("overrides", nargs="*", help="KEY=VALUE")
    options = parser.parse_intermixed_args()
    quiet_beam()
    if not (options.folder / "web").exists():
        write_sample(options.folder / "web", pages=options.pages, seed=0)
    contents = set()
    print(f"{'arm':8} {'CPU s':>8} {'s':>8} {'peak GiB':>9}")
    for arm in options.arms.split(","):
        kind, _, number = arm.partition("-")
        with _engine(kind, int(number or 1), options.folder) as engine, Meter() as meter:
            start = time.monotonic()
            contents.add(run_engine(options.folder, arm, engine, options.overrides, lambda line: None))
            seconds = time.monotonic() - start
        print(f"{arm:8} {meter.used_s:8.1f} {seconds:8.1f} {meter.peak_bytes / 2**30:9.2f}", flush=True)
    print("the same bytes" if len(contents) == 1 else f"{len(contents)} different contents")
    return int(len(contents) != 1)


@contextlib.contextmanager
def _engine(kind: str, number: int, folder: Path) -> Iterator[Engine]:
    if kind == "local":
        yield Engine(processes=number)
    elif kind == "prism":
        yield Engine(runner="prism")
    else:
        with SparkCluster(folder / f"cluster-{number}", workers=number) as cluster:
            yield Engine(runner="spark", master=cluster.master, flags=("spark.executor.memory=1g",))


if __name__ == "__main__":
    sys.exit(main())
