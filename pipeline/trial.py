"""A finished run and another configuration -> the tables as they would be, in a folder of their own.

The run is not changed. Tables that would stay the same are links to the run's own, or copies of them if the run lies in a
store; the others are made from them, with the run's media and memory. Nothing is fetched: the outcome of a link that the run
never asked for is unknown.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fsspec.core import url_to_fs

from lamella.pipeline.context import RunContext
from lamella.pipeline.empty import nothing_left
from lamella.pipeline.graph import GRAPH, JOBS, PARTITIONS
from lamella.pipeline.jobs import run_job
from lamella.pipeline.partitions import standing_partitions
from lamella.pipeline.run import begin, unfinished_jobs
from lamella.pipeline.run_file import facts_of
from lamella.pipeline.standing import stands
from lamella.schemas.config import Config
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable
from lamella.transforms.base.files import is_local, is_plain_name, join, local_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Two folders to compare, and the jobs whose tables are finished in both."""

    before: str
    after: str
    jobs: tuple[str, ...]
    ended: str  # where nothing would be left to go on with, the line that says which rule took the last; else ""


def try_out(run: str, config: Config, folder: str, execute: Callable, *, say: Callable[[str], None]) -> Trial:
    """Makes what `config` would make of a run, except its shards.

    Args:
        run: the folder of a finished run, local or remote.
        folder: an empty one, on a local disk.
        execute: of a runner.

    Raises:
        ConfigError: no finished run, or a configuration that would have pages read or extracted anew.
    """
    facts = facts_of(run)
    if unfinished := unfinished_jobs(facts):
        raise ConfigError(f"{printable(run)}: not finished ({', '.join(unfinished)}): run it to its end first")
    archives = tuple(map(str, facts["inputs"]))
    local = local_path(run)
    source = run.rstrip("/") if local is None else str(Path(local).resolve())
    _bring(source, folder, PARTITIONS)
    if len(standing_partitions(folder, archives, config)) < len(archives):
        raise ConfigError(
            "read.* and extract.*, or an archive, changed: pages would be extracted again, which is a run of its own"
        )
    begin(config, archives, folder)
    context = RunContext(
        config=config, archives=archives, folder=folder, execute=execute, say=say, processes=1, media_root=source, asks=False
    )
    done = []
    for job in JOBS[:-1]:
        for name in GRAPH[job].folders:
            _bring(source, folder, name)
        if not stands(context, job):
            for name in GRAPH[job].folders:
                _remove(Path(folder, name))
            run_job(context, job)
        done.append(job)
        if line := nothing_left(folder, job, config.score.when):
            return Trial(before=source, after=folder, jobs=tuple(done), ended=line)
    return Trial(before=source, after=folder, jobs=tuple(done), ended="")


def _bring(source: str, folder: str, name: str) -> None:
    """A table of the run, at its place in the folder."""
    place = Path(folder, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    if is_local(source):
        place.symlink_to(join(source, name))
        return
    fs, inner = url_to_fs(join(source, name))
    inside = {path: path.removeprefix(inner).lstrip("/") for path in fs.find(inner)}
    # A store's names are texts: one that leads out of the folder is no file of a table.
    files = {path: place / name for path, name in inside.items() if all(map(is_plain_name, name.split("/")))}
    for parent in {copy.parent for copy in files.values()}:
        parent.mkdir(parents=True, exist_ok=True)
    fs.get(list(files), list(map(str, files.values())))


def _remove(place: Path) -> None:
    """A link, or a copy; nothing where the run had none."""
    if place.is_symlink():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place)
