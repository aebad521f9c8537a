"""A whole run: config, archives and a folder in; the four jobs' tables, `run.json` and the report in the folder."""

import contextlib
import fcntl
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import fsspec

from pipeline.jobs import Place, run_jobs
from pipeline.overlay import ConfigError
from schemas.config import Config
from transforms.files import is_local, join, write_atomically

RUN_FILE = "run.json"
_VERSIONS = (
    "lamella",
    "apache-beam",
    "pyarrow",
    "pillow",
    "imagehash",
    "torch",
    "open-clip-torch",
    "resiliparse",
    "fastwarc",
    "rensa",
    "av",
)
_MAGIC = (b"\x1f\x8b", b"WARC/", b"\x28\xb5\x2f\xfd", b"filedesc:")  # gzip, plain WARC, zstd, ARC


class RunFailed(RuntimeError):
    """The run could not end: broken infrastructure. One line."""


def find_archives(patterns: Sequence[str]) -> tuple[str, ...]:
    """The archives that the globs name, sorted. Raises ConfigError for an empty glob, two files of one name, and no archive."""
    found: set[str] = set()
    for pattern in patterns:
        try:
            fs, inner = fsspec.core.url_to_fs(pattern)
            matches = [path for path in fs.glob(inner) if not fs.isdir(path)]
        except (OSError, ValueError, ImportError) as error:
            raise ConfigError(f"--input {pattern}: {error}") from None
        if not matches:
            raise ConfigError(f"--input {pattern}: no file matches")
        found.update(matches if is_local(pattern) else (fs.unstrip_protocol(path) for path in matches))
    archives = tuple(sorted(found))
    names: dict[str, str] = {}
    for path in archives:
        name = path.rsplit("/", 1)[-1]
        if name in names:
            raise ConfigError(
                f"--input: {names[name]} and {path} have one file name; records are known by it, so it must be unique"
            )
        names[name] = path
    with ThreadPoolExecutor(16) as pool:
        for fault in pool.map(_fault, archives):
            if fault:
                raise ConfigError(f"--input {fault}")
    return archives


def _fault(path: str) -> str | None:
    try:
        with fsspec.open(path, "rb") as stream:
            head = stream.read(16)
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    if not head.startswith(_MAGIC):
        return f"{path}: not a web archive (neither gzip, zstd, WARC nor ARC)"
    return None


@contextlib.contextmanager
def own_folder(folder: str) -> Iterator[None]:
    """Creates the run's folder and holds its lock. The lock ends with the process, however it ends."""
    if not is_local(folder):
        yield
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        lock = os.open(Path(folder) / ".lock", os.O_CREAT | os.O_RDWR)
    except OSError as error:
        raise ConfigError(f"--output {folder}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"--output {folder}: another run is at work there") from None
        yield
    finally:
        os.close(lock)


def run(
    config: Config, archives: tuple[str, ...], folder: str, execute: Callable, say: Callable[[str], None], wave: int | None
) -> None:
    """Runs the jobs whose hash changed and writes `run.json`. The folder must be owned."""
    facts = _facts(config, archives, folder)

    def timed(label: str, build) -> None:
        start = time.monotonic()
        execute(label, build)
        seconds = facts["jobs"].get(label, {}).get("seconds", 0.0) if label == "extract" else 0.0
        facts["jobs"][label] = {"seconds": round(seconds + time.monotonic() - start, 2), "done": True}
        _write_facts(folder, facts)

    _write_facts(folder, facts)
    run_jobs(Place(config=config, archives=archives, folder=folder, execute=timed, say=say, wave=wave))


def _facts(config: Config, archives: tuple[str, ...], folder: str) -> dict:
    """What `run.json` says; the times of jobs that are not run again are kept."""
    try:
        with fsspec.open(join(folder, RUN_FILE), "rb") as stream:
            jobs = json.load(stream)["jobs"]
    except (FileNotFoundError, ValueError, KeyError):
        jobs = {}
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
