"""A config, archives and a run's folder -> lines that say what a run would do there. Nothing is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import fsspec

from lamella.pipeline.config.nearest_key import dotted_keys
from lamella.pipeline.context import RunContext
from lamella.pipeline.fingerprints import sets_pace
from lamella.pipeline.graph import ARCHIVE_STAGES, EXTRACT, GRAPH
from lamella.pipeline.ownership import check_memory, check_output
from lamella.pipeline.partitions import FOLDER, partition_key, standing_partitions
from lamella.pipeline.run_file import config_in, read_facts
from lamella.pipeline.standing import expected_fingerprint, faults_of, fingerprint_of
from lamella.reporting.settings import settings_of
from lamella.schemas.config import Config
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import byte_size
from lamella.transforms.base.files import RUN_FILE, exists, is_local, join
from lamella.weights.reach import Reached

_SHOWN = 10  # archives and changed keys that are listed; of more, how many


def plan(c: Config, archives: tuple[str, ...], folder: str, models: Mapping[str, Reached]) -> Iterator[str]:
    """What `lamella run` would do: archives, jobs and why they run, models, and where it writes."""
    check_output(folder)
    check_memory(c.run.memory)
    changed = sum(setting.changed for settings in settings_of(c).values() for setting in settings)
    yield f"recipe   {c.recipe}: {changed} settings differ from the defaults (`lamella config` shows them)"
    context = RunContext(config=c, archives=archives, folder=folder, execute=_never, say=lambda line: None)
    standing = standing_partitions(folder, archives, c)
    yield from _archives(archives, {archive for archive in archives if partition_key(archive) in standing})
    for job, says in _jobs(context, len(archives) - len(standing)):
        yield f"job      {job:<10} {says}"
    for key, reached in models.items():
        yield f"model    {key}: {reached}"
    if not models:
        yield "model    none is loaded"
    yield f"writes   {_where(folder)}"
    yield "dry run: nothing was changed"


def _never(label: str, build: Callable) -> None:
    raise AssertionError("a plan runs no job")


def _archives(archives: tuple[str, ...], standing: set[str]) -> Iterator[str]:
    sizes = {}
    for archive in archives:
        fs, path = fsspec.core.url_to_fs(archive)
        sizes[archive] = fs.size(path) or 0
    yield f"archives {len(archives)}, {byte_size(sum(sizes.values()))}; {len(standing)} of them read before"
    for archive in archives[:_SHOWN]:
        yield f"         {byte_size(sizes[archive]):>9}  {archive}{'  (read before)' if archive in standing else ''}"
    if len(archives) > _SHOWN:
        yield f"         and {len(archives) - _SHOWN} more"


def _jobs(context: RunContext, missing: int) -> Iterator[tuple[str, str]]:
    """(job, why it runs or not), in order; what follows a job that runs may find its inputs as they were."""
    before = _settings_before(context.folder)
    if missing:
        settings = _changes(ARCHIVE_STAGES, context.config, before) if exists(join(context.folder, FOLDER)) else ""
        why = f"{missing} of {len(context.archives)} archives {'are' if missing > 1 else 'is'} to be read"
        yield EXTRACT, f"runs: {why}; {settings}" if settings else f"runs: {why}"
    else:
        yield EXTRACT, "unchanged"
    upstream = EXTRACT if missing else ""
    for job in GRAPH:
        why = _why(context, job, before, upstream)
        yield job, f"runs: {why}" if why else "unchanged"
        upstream = job if why else upstream


def _why(context: RunContext, job: str, before: Mapping[str, object] | None, upstream: str) -> str:
    folders = GRAPH[job].folders
    stand = [fingerprint_of(context.table(folder)) for folder in folders]
    if not any(stand):
        return "not made yet"
    for name, fault in faults_of(context, job).items():
        return f"{name} is made again, {fault}"
    if None in stand:
        return f"{folders[stand.index(None)]} is not finished"
    if not upstream and set(stand) == {expected_fingerprint(context, job)}:
        return ""
    if changes := _changes(GRAPH[job].config_parts, context.config, before):
        return changes
    if upstream:
        return f"if {upstream} gives other rows than before"
    return "its inputs are others than before"


def _settings_before(folder: str) -> Mapping[str, object] | None:
    """The settings of the run in the folder, by dotted key; None if there is no run, or it cannot be read."""
    try:
        facts = read_facts(folder)
        return _flat(config_in(facts, folder)) if facts else None
    except ConfigError:
        return None


def _flat(c: Config) -> dict[str, object]:
    found = {}
    for key in dotted_keys(Config):
        value = c
        for name in key.split("."):
            value = getattr(value, name)
        found[key] = value
    return found


def _changes(parts: Sequence[str], c: Config, before: Mapping[str, object] | None) -> str:
    """The keys of parts of the config that were others in the run that stands."""
    if before is None:
        return ""
    now = _flat(c)
    keys = [key for key in now if key.split(".")[0] in parts and now[key] != before[key] and not sets_pace(key)]
    shown = [f"{key} was {before[key]}, is {now[key]}" for key in keys[:_SHOWN]]
    return "; ".join([*shown, f"and {len(keys) - _SHOWN} more keys"] if len(keys) > _SHOWN else shown)


def _where(folder: str) -> str:
    path = str(Path(folder).absolute()) if is_local(folder) else folder
    if not exists(folder):
        return f"{path} (new)"
    return f"{path} ({'holds a run of lamella' if exists(join(folder, RUN_FILE)) else 'exists, and holds no run'})"
