"""Pages of the sample -> a table of what each engine takes to run their jobs.

    python -m benchmarks.engines FOLDER --pages 2000 [--arms loop,local-1,local-2,spark-1,spark-2,prism] [KEY=VALUE ...]
    python -m benchmarks.engines FOLDER --pages 1000,4000,16000 --arms local-1,spark-2
    python -m benchmarks.engines FOLDER --pages 2000 --archives 16 --arms local-1,local-2

The pages are in several archives, since one archive has one worker. `loop` calls the same functions without an engine
(`benchmarks/plain_loop.py`). Each arm runs in a process of its own. Told are CPU seconds of all that it starts; seconds on the
clock; memory: the most that all had together (what they share counts for each), that the driver had, and that the largest
worker had; what Spark wrote for shuffles and kept on disk, and its stages, as its event log has them. Then the seconds of each
job, and how many times as fast the jobs without models are on two local processes as on one. All arms must write the same
bytes: it ends with 1 where one does not.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from benchmarks.meter import Meter
from benchmarks.plain_loop import plain_loop
from lamella.pipeline.graph import EXTRACT, JOBS, PAIRS
from lamella.runners.launch import Engine
from lamella.runners.progress import quiet_beam
from lamella.sample.web import write_sample
from lamella.transforms.base.files import RUN_FILE
from tests.engines.compare import run_engine
from tests.engines.spark_cluster import SparkCluster

ARMS = "loop,local-1,local-2,spark-1,spark-2"
COLUMNS = ("CPU s", "s", "ms a page", "GiB all", "driver", "worker", "MB shuffled", "MB kept", "stages")
_BEGINS = "begins"  # what an arm says once its cluster stands


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", default="200", help="a number, or several with commas")
    parser.add_argument("--archives", type=int, default=8, help="that the pages are in")
    parser.add_argument("--arms", default=ARMS)
    parser.add_argument("--this-one", default="", help=argparse.SUPPRESS)  # the arm that this process is
    parser.add_argument("overrides", nargs="*", help="KEY=VALUE")
    options = parser.parse_intermixed_args()
    quiet_beam()
    if options.this_one:
        _run(options.folder, options.this_one, options.overrides)
        return 0
    compared = [
        _compare(options.folder, pages, min(options.archives, pages), options.arms.split(","), options.overrides)
        for pages in map(int, options.pages.split(","))
    ]
    return int(not all(compared))


def _compare(parent: Path, pages: int, archives: int, arms: list[str], overrides: list[str]) -> bool:
    """Prints a table for one number of pages; whether all arms wrote the same bytes."""
    folder, contents = parent / f"{pages}-in-{archives}", set()
    if not (folder / "web").exists():
        write_sample(folder / "web", pages=pages, seed=0, archives=archives)
    print(f"{'pages':>6} {'arm':8}" + "".join(f" {name:>11}" for name in COLUMNS))
    for arm in arms:
        contents.add(_measure(folder, pages, arm, overrides))
    _print_jobs({arm: _seconds(folder / arm) for arm in arms})
    print("the same bytes" if len(contents) == 1 else f"{len(contents)} different contents", flush=True)
    return len(contents) == 1


def _seconds(run: Path) -> dict[str, float]:
    """Of each job of a run, on the clock."""
    told = json.loads((run / RUN_FILE).read_text())["jobs"]
    return {job: told[job]["seconds"] for job in (EXTRACT, *JOBS)}


def _print_jobs(seconds: Mapping[str, Mapping[str, float]]) -> None:
    """By arm and job."""
    jobs = list(next(iter(seconds.values())))
    print(f"\n{'s':>6} {'arm':8}" + "".join(f" {job:>11}" for job in jobs))
    for arm, told in seconds.items():
        print(f"{'':6} {arm:8}" + "".join(f" {told[job]:11.1f}" for job in jobs))
    plain = [job for job in jobs if job != PAIRS.name]  # that run no model
    if {"local-1", "local-2"} <= seconds.keys():
        one, two = (sum(seconds[arm][job] for job in plain) for arm in ("local-1", "local-2"))
        print(f"{', '.join(plain)}: {one:.1f} s on one process, {two:.1f} s on two, {one / two:.2f} times as fast")


def _measure(folder: Path, pages: int, arm: str, overrides: list[str]) -> str:
    """Prints an arm's row; the hash of what it wrote."""
    command = [sys.executable, "-m", "benchmarks.engines", str(folder), "--this-one", arm, *overrides]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while _BEGINS not in (line := process.stdout.readline()):
            if not line:
                raise SystemExit(f"{arm}: did not begin")
        with Meter(process.pid) as meter:
            start = time.monotonic()
            contents = process.stdout.readline().strip()
            seconds = time.monotonic() - start
    if process.returncode or not contents:
        raise SystemExit(f"{arm}: ended with {process.returncode}")
    memory = [size / 2**30 for size in (meter.peak_bytes, meter.driver_bytes, meter.worker_bytes)]
    cells = [f"{meter.used_s:.1f}", f"{seconds:.1f}", f"{1e3 * meter.used_s / pages:.1f}", *(f"{size:.2f}" for size in memory)]
    cells += _spark_cells(sorted((folder / f"events-{arm}").glob("*")))
    print(f"{pages:6} {arm:8}" + "".join(f" {cell:>11}" for cell in cells), flush=True)
    return contents


def _run(folder: Path, arm: str, overrides: list[str]) -> None:
    """The arm in this process: says when it begins, and at last the hash of what it wrote."""
    kind, _, number = arm.partition("-")
    with _engine(kind, int(number or 1), folder) as engine:
        print(_BEGINS, flush=True)
        watch = (lambda _: plain_loop) if kind == "loop" else (lambda execute: execute)
        print(run_engine(folder, arm, engine, overrides, lambda line: None, watch), flush=True)


@contextlib.contextmanager
def _engine(kind: str, number: int, folder: Path) -> Iterator[Engine]:
    if kind in ("loop", "local"):
        yield Engine(processes=number)
    elif kind == "prism":
        yield Engine(runner="prism")
    else:
        events = folder / f"events-{kind}-{number}"
        events.mkdir()
        logged = ("spark.eventLog.enabled=true", "spark.eventLog.logBlockUpdates.enabled=true", f"spark.eventLog.dir={events}")
        with SparkCluster(folder / f"cluster-{number}", workers=number) as cluster:
            yield Engine(runner="spark", master=cluster.master, flags=("spark.executor.memory=1g", *logged))


def _spark_cells(logs: Iterable[Path]) -> list[str]:
    """What Spark wrote for shuffles, what it kept on disk, its stages that ran."""
    totals: Counter[str] = Counter()
    for line in (line for path in logs for line in path.open()):
        event = json.loads(line)
        if event["Event"] == "SparkListenerStageCompleted":
            totals["stages"] += 1
        elif event["Event"] == "SparkListenerTaskEnd" and (metrics := event.get("Task Metrics")):
            totals["shuffled"] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        elif event["Event"] == "SparkListenerBlockUpdated" and event["Block Updated Info"]["Block ID"].startswith("rdd_"):
            totals["kept"] += event["Block Updated Info"]["Disk Size"]
    return [f"{totals['shuffled'] / 1e6:.1f}", f"{totals['kept'] / 1e6:.1f}", str(totals["stages"])] if totals else []


if __name__ == "__main__":
    sys.exit(main())
