"""A folder that all processes of the suite share -> a finished run of a small sample web in it, made by whoever asks first.

Without models, and without a report. Nobody changes it: who damages a run, or goes on with one, copies this.
"""

import fcntl
from dataclasses import dataclass
from pathlib import Path

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.folder_lock import own_folder
from lamella.pipeline.preflight import find_archives
from lamella.pipeline.run import run
from lamella.runners.local import local_execute
from lamella.sample.web import write_sample

PAGES, SEED = 8, 3
CHEAP = ("score.min_score=null", "score.documents=false", "caption.on=false")


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    web: Path  # the sample's archives
    folder: Path

    @property
    def archives(self) -> str:
        return str(self.web / "*.warc.gz")


def finished_run(shared: Path) -> FinishedRun:
    """Waits for another process that makes it."""
    made = FinishedRun(web=shared / "web", folder=shared / "run")
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "made").exists():
            write_sample(made.web, pages=PAGES, seed=SEED)
            archives = find_archives([made.archives])
            with own_folder(str(made.folder)):
                run(resolve("demo", CHEAP), archives, str(made.folder), local_execute(1), say=_nobody, processes=1)
            (shared / "made").touch()
    return made


def _nobody(line: str) -> None:
    pass
