"""A finished run and another configuration -> the tables as they would be, in a folder of their own.

The run is not changed. Tables that would stay the same are links to the run's own; the others are made from them, with the
run's media and memory. Nothing is fetched: the outcome of a link that the run never asked for is unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fsspec

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
from lamella.transforms.base.files import is_local, join


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
        run: the folder of a finished run, on a local disk.
        folder: an empty one.
        execute: of a runner.

    Raises:
        ConfigError: no finished run, or a configuration that would have pages read or extracted anew.
    """
    if not is_local(run):
        raise ConfigError(f"{printable(run)}: a trial needs a run on a local disk")
    facts = facts_of(run)
    if unfinished := unfinished_jobs(facts):
        raise ConfigError(f"{printable(run)}: not finished ({', '.join(unfinished)}): run it to its end first")
    archives = tuple(map(str, facts["inputs"]))
    source = str(Path(fsspec.core.url_to_fs(run)[1]).resolve())
    _link(source, folder, PARTITIONS)
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
            _link(source, folder, name)
        if not stands(context, job):
            for name in GRAPH[job].folders:
                Path(folder, name).unlink()
            run_job(context, job)
        done.append(job)
        if line := nothing_left(folder, job, config.score.when):
            return Trial(before=source, after=folder, jobs=tuple(done), ended=line)
    return Trial(before=source, after=folder, jobs=tuple(done), ended="")


def _link(source: str, folder: str, name: str) -> None:
    link = Path(folder, name)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(join(source, name))
