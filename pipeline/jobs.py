"""The four jobs: finished tables in, finished tables out; work that stands is not done twice.

`pipeline.graph` says what each reads and writes; each writes rejections/JOB/ and tallies/JOB/ too. A table carries the hash
of what it was made from: the config part of its job, the contents of its input tables, and the format. A job runs where that
hash is not the one its tables carry, or where one of them is not whole: a file that its manifest names is gone, or has
another size.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import apache_beam as beam

from lamella.pipeline import curation
from lamella.pipeline.archive_batches import WaveClock, cut_waves
from lamella.pipeline.empty import nothing_left
from lamella.pipeline.fingerprints import job_fingerprint
from lamella.pipeline.graph import (
    DOCUMENTS,
    EXTRACT,
    GRAPH,
    JOBS,
    LEDGER_TABLES,
    MEDIA,
    PAIR_TABLES,
    PAIRS,
    SHARDS,
    SHARDS_FOLDER,
    TABLES,
    Job,
    Table,
    record_of,
    rejections_of,
    tallies_of_job,
)
from lamella.pipeline.integrity import fault_of, fault_of_packs
from lamella.pipeline.ledger import Books, SumTallies
from lamella.pipeline.measured import WriteCounts, counts_of, forget_counts
from lamella.pipeline.ownership import claim, withdraw
from lamella.pipeline.partitions import ReadParts, WriteParts, part_key, standing_parts
from lamella.pipeline.tables import ReadTable, WriteTable, column_values, part_names, read_manifest
from lamella.schemas.account import Tally
from lamella.schemas.config import Config
from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.rejection import Rejection, Unit
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import join, read_bytes, size_of
from lamella.transforms.fetch.packs import FOLDER as PACKS
from lamella.transforms.shard.plan import plan_shards
from lamella.transforms.shard.write import names_of

Build = Callable[[beam.Pipeline], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run works: its config, its archives, its folder, and how a pipeline is executed."""

    config: Config
    archives: tuple[str, ...]
    folder: str
    execute: Callable[[str, Build], None]  # label, pipeline's content; returns when the pipeline has ended, raises if it failed
    say: Callable[[str], None]  # one line of progress
    processes: int | None = None  # of this machine; None: a cluster's, however many there are
    deep: bool = False  # whether checksums tell what stands, and not sizes alone
    done: Callable[[str], object] = lambda job: None  # is told of a job whose tables stand
    media_root: str = ""  # the run's folder that packs and memory lie in, where it is another
    asks: bool = True  # whether the network may be asked, where the configuration says so

    @property
    def root(self) -> str:
        """What refs to media are relative to."""
        return self.media_root or self.folder

    def table(self, name: str) -> str:
        return join(self.folder, name)


def table_names(config: Config) -> dict[str, list[str]]:
    """Folder -> names of the files that a run with this config writes there; not of shards, whose number depends on rows."""
    names = dict.fromkeys((*TABLES, *LEDGER_TABLES), part_names(config.run.table_parts))
    return names | {tallies_of_job(job): part_names(1) for job in JOBS}


def expected_hash(place: Place, job: str) -> str:
    """What the tables of a job must say that they were made from, to stand. Its own inputs must stand."""
    if job == DOCUMENTS.name:  # it reads the parts of archives, which lie in no table
        parts = standing_parts(place.folder, place.archives, place.config)
        return job_fingerprint(place.config, job, [f"{key} {part.hash}" for key, part in sorted(parts.items())])
    return job_fingerprint(place.config, job, _contents(place, *GRAPH[job].reads))


def run_jobs(place: Place) -> str:
    """All four, in order; each only where its hash changed.

    Returns:
        '', or, where a job left nothing to go on with, the line that says which rule took the last: then no job follows,
        and what earlier runs made of other input is taken away.
    """
    for number, job in enumerate(JOBS):
        _WORK[job](place)
        place.done(job)
        if line := nothing_left(place.folder, job):
            behind = JOBS[number + 1 :]
            withdraw(place.folder, [folder for later in behind for folder in GRAPH[later].folders])
            return line
    return ""


def documents(place: Place) -> None:
    c = place.config
    _extract(place)
    parts = standing_parts(place.folder, place.archives, c)

    def build(pipeline, books):
        read = pipeline | ReadParts(place.folder, tuple(sorted(parts)))
        made = curation.make_documents(read.documents, read.bare, c, books)
        books.enter(read)
        return made.documents, made.duplicates, made.candidates, read.media

    _run(place, DOCUMENTS, build)


def _extract(place: Place) -> None:
    """Writes the parts that do not stand yet, some archives at a time, so that a run that is killed keeps what it has read."""
    standing = standing_parts(place.folder, place.archives, place.config, deep=place.deep, say=place.say)
    missing = [archive for archive in place.archives if part_key(archive) not in standing]
    if not missing:
        return
    clock = WaveClock({archive: size_of(archive) for archive in missing}, len(standing))
    for archives in cut_waves(clock.sizes, place.config.run, place.processes):
        place.say(f"extract: {clock.line()}")
        place.execute(EXTRACT, partial(_read_wave, place, archives))
        clock.passed(archives)


def _read_wave(place: Place, archives: Sequence[str], pipeline: beam.Pipeline) -> None:
    """A wave that is tried again reads the archives of which no part stands yet."""
    c, books = place.config, Books()
    standing = standing_parts(place.folder, archives, c)
    missing = [archive for archive in archives if part_key(archive) not in standing]
    paths = pipeline | "Archives" >> beam.Create(missing, reshuffle=False).with_output_types(str)
    extracted = curation.extract_archives(paths, c, books)
    paths | WriteParts(place.folder, c, extracted, books)


def media(place: Place) -> None:
    def build(pipeline, books):
        documents, candidates, archived = _read(pipeline, place, MEDIA)
        return (curation.find_media(documents, candidates, archived, place.config, place.root, books, asks=place.asks),)

    _run(place, MEDIA, build)


def pairs(place: Place) -> None:
    def build(pipeline, books):
        documents, candidates, found, unusable = _read(pipeline, place, PAIRS)
        return curation.make_pairs(documents, candidates, found, unusable, place.config, place.root, books)

    _run(place, PAIRS, build)


def shards(place: Place) -> None:
    def build(pipeline, books):
        tables = dict(zip(SHARDS.reads, _read(pipeline, place, SHARDS), strict=True))
        records = {dataset: curation.of_dataset(tables[DATASETS[dataset].table], dataset) for dataset in SHARDS.datasets}
        where = curation.ShardPlace(root=place.folder, made_from=expected_hash(place, SHARDS.name))
        curation.make_shards(records, rows_by_dataset(place.folder), place.config, where, books)
        return ()

    _run(place, SHARDS, build)


_WORK = {DOCUMENTS.name: documents, MEDIA.name: media, PAIRS.name: pairs, SHARDS.name: shards}


def run_job(place: Place, job: str) -> None:
    """One of them, whose inputs stand."""
    _WORK[job](place)


def stands(place: Place, job: str) -> bool:
    """Whether a job's tables are whole and were made from what the place's config and inputs are."""
    made_from = expected_hash(place, job)
    return not faults_of(place, job) and all(made_from_of(place.table(name)) == made_from for name in GRAPH[job].folders)


def rows_by_dataset(folder: str) -> dict[Dataset, int]:
    """How many records each dataset of a run has: a manifest's rows, or those of a table of pairs that name the dataset."""
    named: Counter[str] = Counter()
    for table in PAIR_TABLES:
        named.update(column_values(join(folder, table.name), "dataset"))
    return {
        dataset: named[dataset] if entry.unit is Unit.PAIR else read_manifest(join(folder, entry.table)).rows
        for dataset, entry in DATASETS.items()
    }


def _read(pipeline: beam.Pipeline, place: Place, job: Job) -> Iterator[beam.PCollection]:
    """The tables that a job reads, in the order of its declaration."""
    return (pipeline | f"Read {name}" >> ReadTable(place.table(name), record_of(name)) for name in job.reads)


def _run(place: Place, job: Job, build: Callable[[beam.Pipeline, Books], Iterable[beam.PCollection]]) -> None:
    """Runs a job whose tables do not all stand whole, or were made from something else.

    Args:
        build: gives the records of the job's tables, in the order of its declaration.
    """
    made_from, faults = expected_hash(place, job.name), faults_of(place, job.name)
    if not faults and all(made_from_of(place.table(name)) == made_from for name in job.folders):
        place.say(f"{job.name}: unchanged")
        return
    for name, fault in faults.items():
        place.say(f"{name}: made again, {fault}")
    claim(place.folder, _names(place, job))
    place.say(f"{job.name}: runs")

    def built(pipeline: beam.Pipeline) -> None:
        books = Books()
        _write(place, job, dict(zip(job.writes, build(pipeline, books), strict=True)), books, made_from)

    forget_counts(place.folder, job.name)
    place.execute(job.name, built)
    for counted in counts_of(place.folder, job.name):
        place.say(f"{job.name}: {counted.name}: {counted.fresh} of {counted.asked} measured")


def faults_of(place: Place, job: str) -> dict[str, str]:
    """Table or dataset -> what is missing of it, for those of a job that are finished, and not whole any more."""
    faults = {name: fault for name in GRAPH[job].folders if (fault := fault_of(place.table(name), place.deep))}
    if GRAPH[job].lays(PACKS) and not faults and (fault := fault_of_packs(place.folder, place.deep)):
        return {MEDIA.name: fault}
    return faults


def _names(place: Place, job: Job) -> dict[str, list[str]]:
    """Folder -> the names that a job may write there."""
    names = {name: found for name, found in table_names(place.config).items() if name in job.folders}
    rows = rows_by_dataset(place.folder) if job.datasets else {}
    for dataset in job.datasets:
        plan = plan_shards(dataset, rows[dataset], place.config.shard)
        names |= {f"{SHARDS_FOLDER}/{folder}": found for folder, found in names_of(plan).items()}
    return names


def _write(place: Place, job: Job, tables: Mapping[Table, beam.PCollection], books: Books, made_from: str) -> None:
    """Writes a job's tables and its books."""
    sizes = {"parts": place.config.run.table_parts, "made_from": made_from}
    for table, records in tables.items():
        records | WriteTable(place.table(table.name), table.record, **sizes)
    books.rejected() | WriteTable(place.table(rejections_of(job.name)), Rejection, **sizes)
    tallies = books.tallies() | SumTallies()
    tallies | WriteTable(place.table(tallies_of_job(job.name)), Tally, parts=1, made_from=made_from)
    if (counts := books.counts()) is not None:
        counts | WriteCounts(place.folder, job.name)


def _contents(place: Place, *tables: str) -> list[str]:
    return [f"{name} {manifest.hash if (manifest := read_manifest(place.table(name))) else ''}" for name in tables]


def made_from_of(folder: str) -> str | None:
    """What a table, or a dataset of shards, says that it was made from; None where it is not finished, or does not say."""
    try:
        return json.loads(read_bytes(join(folder, MANIFEST)))["made_from"]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return None
