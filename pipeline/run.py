"""A config, archives and a folder -> a whole run: the four jobs' tables and `run.json` in the folder."""

import gc
import json
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

import fsspec

from lamella.pipeline.context import RunContext
from lamella.pipeline.enclosed import check_enclosed
from lamella.pipeline.fingerprints import check_files
from lamella.pipeline.graph import EXTRACT, GRAPH, JOBS
from lamella.pipeline.jobs import run_jobs, table_names
from lamella.pipeline.ownership import check_memory, check_names, check_output, check_own, sweep
from lamella.pipeline.partitions import FOLDER as PARTITIONS
from lamella.pipeline.run_file import read_facts
from lamella.schemas.config import Config
from lamella.schemas.errors import ConfigError
from lamella.schemas.keys import stable_key
from lamella.schemas.printable import printable
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import RUN_FILE, join, list_files, write_atomically
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.fetch.packs import FOLDER as PACKS

CARD = "README.md"  # the dataset card, where the hub looks for it
REPORT_FILES = ("report.json", "report.html", CARD)
_VERSIONS = (
    "lamella",
    "apache-beam",
    "pyarrow",
    "pillow",
    "torch",
    "open-clip-torch",
    "resiliparse",
    "fastwarc",
    "rensa",
    "av",
    "simplejpeg",
)


def run(
    config: Config,
    archives: tuple[str, ...],
    folder: str,
    execute: Callable,
    *,
    say: Callable[[str], None],
    processes: int | None,
    replace: bool = False,
    deep: bool = False,
) -> str:
    """Runs the jobs whose hash changed, or whose tables are not whole, and writes `run.json`. The folder must be owned.

    Args:
        processes: of this machine; None: a cluster's, however many there are.
        replace: whether a run of another recipe may be made over.
        deep: whether checksums tell what stands, and not sizes alone.

    Returns:
        '', or, where nothing was left to go on with, the line that says which rule took the last.

    Raises:
        ConfigError: with nothing touched, where the folder is not this run's, or a file of a user's stands in its way.
        DataError: with nothing touched, where a link in the folder leads out of it.
    """
    check_enclosed(folder)
    check_output(folder)
    check_files(config)
    check_memory(config.run.memory)
    before = read_facts(folder)
    for line in _differences(before, config, archives, folder, replace=replace):
        say(line)
    check_names(folder, table_names(config))
    check_own(folder, REPORT_FILES)
    sweep(folder, _folders(folder))

    clock = _Clock(begin(config, archives, folder), folder, execute)
    context = RunContext(
        config=config,
        archives=archives,
        folder=folder,
        execute=clock.timed,
        say=say,
        processes=processes,
        deep=deep,
        done=clock.done,
    )
    return run_jobs(context)


class _Clock:
    """Writes into `run.json` how long each pipeline takes, and which jobs are done, as soon as it is known."""

    def __init__(self, facts: dict, folder: str, execute: Callable):
        self._facts, self._folder, self._execute = facts, folder, execute

    def timed(self, label: str, build: Callable) -> None:
        jobs, start = self._facts["jobs"], time.monotonic()
        with older_objects_kept():
            self._execute(label, build)
        seconds = jobs.get(label, {}).get("seconds", 0.0) if label == EXTRACT else 0.0
        jobs[label] = {"seconds": round(seconds + time.monotonic() - start, 2), "done": label == EXTRACT}
        _write_facts(self._folder, self._facts)

    def done(self, job: str) -> None:
        jobs = self._facts["jobs"]
        jobs[job] = {"seconds": 0.0} | jobs.get(job, {}) | {"done": True}
        _write_facts(self._folder, self._facts)


@contextmanager
def older_objects_kept() -> Iterator[None]:
    """While a job runs, Python does not look again and again whether modules, models and what else stands before it is still
    needed: that was a twentieth of the CPU time of 200 pages. Where something is frozen already, whoever froze it decides."""
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def unfinished_jobs(facts: dict) -> tuple[str, ...]:
    """The jobs whose tables do not stand yet, or are of an earlier run, as `run.json` tells."""
    return tuple(job for job in JOBS if not facts["jobs"].get(job, {}).get("done"))


def _differences(
    before: dict | None, config: Config, archives: tuple[str, ...], folder: str, *, replace: bool
) -> Iterator[str]:
    """What the last run in this folder had otherwise, a line each. Raises ConfigError for another recipe."""
    if before is None:
        return
    if before["recipe"] != config.recipe:
        if not replace:
            raise ConfigError(
                f"--output {printable(folder)}: holds a run of the recipe {printable(before['recipe'])}, and this is "
                f"{config.recipe}: give another folder, or --replace to make that run over"
            )
        yield f"recipe: {config.recipe} replaces {printable(before['recipe'])}"
    new, gone = set(archives) - set(map(str, before["inputs"])), set(map(str, before["inputs"])) - set(archives)
    if new or gone:
        named = printable(min(new or gone).rpartition("/")[2])
        yield f"inputs: {len(new)} new, {len(gone)} of the last run left out (such as {named})"


def _folders(folder: str) -> Iterator[str]:
    """Every folder within the run's that runs write."""
    yield from (inside for job in GRAPH.values() for inside in job.folders)
    yield PACKS
    for measure, size in list_files(join(folder, MEMORY)).items():
        yield from (f"{MEMORY}/{measure}/{inner}" for inner in list_files(join(folder, MEMORY, measure)) if size < 0)
    yield from (f"{PARTITIONS}/{part}" for part, size in list_files(join(folder, PARTITIONS)).items() if size < 0)


def begin(config: Config, archives: tuple[str, ...], folder: str) -> dict:
    """Writes `run.json` and gives what it says. It comes before the jobs: they read no archive that it does not name."""
    facts = _facts(config, archives, read_facts(folder))
    _write_facts(folder, facts)
    return facts


def contents_hash(folder: str) -> str:
    """One hash of all that a run has written: equal for two runs whose tables and shards are equal to the byte.

    Taken from the manifests, which hold a checksum of every file; what `verify` finds sound is what this stands for.
    """
    fs, root = fsspec.core.url_to_fs(folder)
    inside = {path.removeprefix(root.rstrip("/") + "/"): path for path in fs.find(root) if path.endswith(f"/{MANIFEST}")}
    tables = sorted(name for name in inside if not name.startswith(f"{PARTITIONS}/"))  # parts carry the archives' file times
    return stable_key(*(f"{name} {stable_key(fs.cat_file(inside[name]).hex())}" for name in tables))


def _facts(config: Config, archives: tuple[str, ...], before: dict | None) -> dict:
    """What `run.json` says. The times of jobs that are not run again are kept; none is done before this run has seen to it."""
    jobs = {job: told | {"done": job == EXTRACT} for job, told in (before or {"jobs": {}})["jobs"].items()}
    return {
        "recipe": config.recipe,
        "config": config.model_dump(mode="json"),
        "inputs": list(archives),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _VERSIONS},
        "jobs": jobs,
    }


def _write_facts(folder: str, facts: dict) -> None:
    write_atomically(join(folder, RUN_FILE), json.dumps(facts, indent=1, sort_keys=True).encode() + b"\n")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
