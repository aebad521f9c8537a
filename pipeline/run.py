"""A whole run: config, archives and a folder in; the four jobs' tables, `run.json` and the report in the folder."""

import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import fsspec

from lamella.pipeline.jobs import Place, run_jobs
from lamella.pipeline.parts import FOLDER as PARTS
from lamella.schemas.config import Config
from lamella.schemas.keys import stable_key
from lamella.schemas.shards import MANIFEST
from lamella.transforms.files import join, read_bytes, write_atomically

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


def config_of(folder: str) -> Config:
    """The config that a run's `run.json` holds. Raises FileNotFoundError where there is none."""
    return Config.model_validate(json.loads(read_bytes(join(folder, RUN_FILE)))["config"])


def contents_hash(folder: str) -> str:
    """One hash of all that a run has written: equal for two runs whose tables and shards are equal to the byte.

    Taken from the manifests, which hold a checksum of every file; what `verify` finds sound is what this stands for.
    """
    fs, root = fsspec.core.url_to_fs(folder)
    inside = {path.removeprefix(root.rstrip("/") + "/"): path for path in fs.find(root) if path.endswith(f"/{MANIFEST}")}
    tables = sorted(name for name in inside if not name.startswith(f"{PARTS}/"))  # parts carry the archives' file times
    return stable_key(*(f"{name} {stable_key(fs.cat_file(inside[name]).hex())}" for name in tables))


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
