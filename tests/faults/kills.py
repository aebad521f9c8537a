"""A sample web -> runs of it that are killed at moments chosen by hash and continued, and what they came to.

A kill is SIGKILL to the whole process group, as a machine's end would be. A run that was killed some times must end in the
bytes of one that nobody disturbed: tables, counters and rejections (so the report's sums, too), shards.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lamella.pipeline.run import contents_hash
from lamella.reporting.verify import verify
from lamella.sample.web import write_sample
from lamella.schemas.keys import stable_fraction

PAGES = 24
_IN_A_ROW = 10  # kills of one folder; then it ends undisturbed, and a fresh one is begun
_WAIT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    kills: int  # that met a living run
    runs: int  # that were brought to their end
    faults: tuple[str, ...]
    longest_resume_share: float  # of an undisturbed run's seconds: what it took to end after the last kill


def kill_runs(kills: int, seed: int, folder: Path, say: Callable[[str], object] = lambda line: None) -> Kills:
    web = folder / "web"
    write_sample(web, pages=PAGES, seed=seed)
    start = time.monotonic()
    _finish(web, folder / "whole")
    seconds = time.monotonic() - start
    expected, done, runs, faults, longest, tried = contents_hash(str(folder / "whole")), 0, 0, [], 0.0, 0
    while done < kills:
        run = folder / "killed"
        for _ in range(min(_IN_A_ROW, kills - done)):
            tried += 1
            if not _killed(web, run, seconds * stable_fraction("kill", seed, tried)):
                break  # it had ended before: a fresh one gives later kills something to hit
            done += 1
        start = time.monotonic()
        _finish(web, run)
        longest = max(longest, (time.monotonic() - start) / seconds)
        runs += 1
        if contents_hash(str(run)) != expected:
            faults.append(f"after kill {tried}: other contents than the undisturbed run")
        faults += [f"after kill {tried}: {fault}" for fault in verify(str(run))]
        say(f"{done} of {kills} kills, {runs} runs brought to their end, {len(faults)} faults")
        shutil.rmtree(run)
    return Kills(kills=done, runs=runs, faults=tuple(faults), longest_resume_share=round(longest, 2))


def command(web: Path, run: Path) -> list[str]:
    words = [
        "run",
        "--recipe",
        "demo",
        "--input",
        str(web / "*.warc.gz"),
        "--output",
        str(run),
        "--no-report",
        "caption.on=false",
    ]
    return [sys.executable, "-m", "lamella.runners.cli", *words]


def _killed(web: Path, run: Path, after: float) -> bool:
    """Whether the run still lived when the kill came."""
    victim = subprocess.Popen(command(web, run), start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        victim.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        return True
    return False


def _finish(web: Path, run: Path) -> None:
    done = subprocess.run(command(web, run), capture_output=True, text=True, check=False, timeout=_WAIT_SECONDS)
    if done.returncode:
        raise RuntimeError(f"a run that nobody disturbs ends with {done.returncode}: {done.stderr[-500:]}")
