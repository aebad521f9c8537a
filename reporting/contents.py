"""A folder of tables or datasets -> lines for a terminal: what is there, each with its rows, files and bytes."""

import json
from collections.abc import Iterator, Sequence

from lamella.pipeline.graph import GRAPH
from lamella.pipeline.integrity import fault_of, named_files
from lamella.pipeline.partitions import FOLDER as PARTITIONS
from lamella.pipeline.run import unfinished_jobs
from lamella.pipeline.run_file import read_facts
from lamella.reporting.readable import Line, clean
from lamella.schemas.printable import byte_size
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import RUN_FILE, join, list_files, read_bytes
from lamella.transforms.base.memory import FOLDER as MEMORY
from lamella.transforms.base.memory import memory_files
from lamella.transforms.fetch.packs import FOLDER as PACKS

_WIDTH = max(len(name) for job in GRAPH.values() for name in job.folders)


def shows_datasets(path: str, names: Sequence[str]) -> bool:
    """Whether a folder is a run's, or holds tables or datasets, and no files of its own to look into."""
    if RUN_FILE in names:
        return True
    own = any(name.endswith((".parquet", ".tar")) for name in names)
    return not own and any(_manifest(join(path, name)) is not None for name in names)


def folder_lines(path: str) -> Iterator[Line]:
    """A run with its jobs, or a folder of tables and datasets. Raises ConfigError for a `run.json` that is no run's."""
    facts = read_facts(path)
    if facts is None:
        inside = [name for name in sorted(list_files(path)) if _manifest(join(path, name)) is not None]
        yield Line(f"{clean(path)}: {_many(len(inside), 'table or dataset', 'tables or datasets')}", "bold green")
        yield from (_line(path, name) for name in inside)
        return
    unfinished = unfinished_jobs(facts)
    state = f"not finished: {', '.join(unfinished)} not done" if unfinished else "finished"
    head = f"{clean(path)}: run of {clean(facts['recipe'], 40)} over {_many(len(facts['inputs']), 'archive', 'archives')}"
    yield Line(f"{head}, {state}", "bold yellow" if unfinished else "bold green")
    parts = [name for name, size in list_files(join(path, PARTITIONS)).items() if size < 0]
    if parts:
        yield Line(f"  {PARTITIONS:<{_WIDTH}}  {_many(len(parts), 'part', 'parts')}, one an archive")
    for job in GRAPH.values():
        yield Line(job.name, "bold")
        yield from (_line(path, name) for name in job.folders)
        if job.lays(PACKS) and (packs := [size for size in list_files(join(path, PACKS)).values() if size >= 0]):
            yield Line(f"  {PACKS:<{_WIDTH}}  {_many(len(packs), 'file', 'files')}, {byte_size(sum(packs))}")
        if job.lays(MEMORY) and (kept := memory_files(join(path, MEMORY))):
            measures = ", ".join(sorted({name.partition("/")[0] for name in kept}))
            size = byte_size(sum(kept.values()))
            yield Line(f"  {MEMORY:<{_WIDTH}}  {_many(len(kept), 'part', 'parts')}, {size}: {measures}")


def _line(path: str, name: str) -> Line:
    folder, shown = join(path, name), f"  {clean(name, 60):<{_WIDTH}}"
    data = _manifest(folder)
    if data is None:
        return Line(f"{shown}  not there", "dim")
    if fault := fault_of(folder, deep=False):
        return Line(f"{shown}  not whole: {clean(fault, 200)}", "yellow")
    files, raw = list(named_files(data)), json.loads(data)
    told = [entry.get("rows", entry.get("samples", 0)) for entry in raw.get("files", raw.get("shards", ()))]
    rows = sum(count for count in told if type(count) is int)
    size = byte_size(sum(file.bytes for file in files))
    unit = "rows" if "files" in raw else "samples"
    return Line(f"{shown}  {rows:>9,} {unit:<7}  {_many(len(files), 'file', 'files'):>9}, {size}")


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _manifest(folder: str) -> bytes | None:
    try:
        return read_bytes(join(folder, MANIFEST))
    except (FileNotFoundError, NotADirectoryError):
        return None
