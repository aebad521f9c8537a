"""Archives of the sample -> how long a run of them takes with one process and with several, in turn.

    python benchmarks/processes.py few   FOLDER     400 pages in 4 archives: 1 process against 2, three times each; their ratio,
                                                    and what this machine gives two processes that share nothing
    python benchmarks/processes.py many  FOLDER     2,000 archives of one page each, on 2 processes

Wall time, and CPU time of the run with all its processes: on a machine that does other work only the latter can be compared.
"""

import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from lamella.sample.web import write_sample


def main() -> None:
    which, folder = sys.argv[1], Path(sys.argv[2])
    if which == "few":
        web = _web(folder, pages=400, archives=4)
        walls, ceilings = {1: [], 2: []}, []
        for turn in range(3):
            for processes, of in walls.items():
                of.append(_measure(web, folder / f"run-{processes}-{turn}", processes))
            ceilings.append(2 * _pure_work(1) / _pure_work(2))
        ratio = statistics.median(walls[1]) / statistics.median(walls[2])
        most = ", ".join(f"{ceiling:.2f}" for ceiling in ceilings)
        print(f"2 processes are {ratio:.2f} times as fast as 1 by the medians; pure work in two processes: {most} times")
    else:
        web = _web(folder, pages=2000, archives=2000)
        _measure(web, folder / "run", 2)


def _web(folder: Path, pages: int, archives: int) -> Path:
    """A sample of so many pages in so many archives."""
    out = folder / f"{archives}-archives"
    if not out.exists():
        write_sample(out, pages=pages, seed=0, archives=archives)
    return out


def _pure_work(processes: int) -> float:
    """Seconds for so many processes at once, each with the same work, which needs no disk and no other process."""
    workers = [multiprocessing.get_context("fork").Process(target=_count) for _ in range(processes)]
    start = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.monotonic() - start


def _count() -> None:
    """Python's own work on a few MB, some seconds of it: arithmetic alone would not feel what cores share."""
    for _ in range(40):
        table = {number: str(number) for number in range(100_000)}
        sorted(table.values())


def _measure(web: Path, run: Path, processes: int) -> float:
    words = ["--input", str(web / "*.warc.gz"), "--output", str(run), "--processes", str(processes), "--no-report"]
    before, start = _cpu(), time.monotonic()
    command = [sys.executable, "-m", "lamella", "run", "--recipe", "demo", *words, "caption.on=false"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    wall, cpu = time.monotonic() - start, _cpu() - before
    jobs = {name: job["seconds"] for name, job in json.loads((run / "run.json").read_text())["jobs"].items()}
    print(f"{processes} processes: {wall:6.1f} s, {cpu:6.1f} s of CPU  {jobs}", flush=True)
    return wall


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
