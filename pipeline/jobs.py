"""The four jobs: finished tables in, finished tables out; work that stands is not done twice.

    documents   archives -> extracted/ (a part an archive), documents/, duplicates/, archive_media/
    media       documents/, archive_media/ -> media/, media/packs/
    pairs       documents/, media/ -> interleaved/, pairs/images/, pairs/videos/
    shards      interleaved/, pairs/ -> shards/

Each job writes rejections/JOB/ and tallies/JOB/ too. A table carries the hash of what it was made from: the config part of
its job, the contents of its input tables, and the format. A job runs where that hash is not the one its tables carry, or
where one of them is not whole: a file that its manifest names is gone, or has another size.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import apache_beam as beam

from lamella.pipeline import curation
from lamella.pipeline.archive_batches import WaveClock, cut_waves
from lamella.pipeline.audit import JOBS
from lamella.pipeline.empty import nothing_left
from lamella.pipeline.fingerprints import job_fingerprint
from lamella.pipeline.integrity import fault_of, fault_of_packs
from lamella.pipeline.ledger import Books, SumTallies
from lamella.pipeline.ownership import claim, withdraw
from lamella.pipeline.partitions import ReadParts, WriteParts, part_key, standing_parts
from lamella.pipeline.tables import ReadTable, WriteTable, column_values, part_names, read_manifest
from lamella.schemas.account import Tally
from lamella.schemas.config import Config
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.media import ArchiveMedia, Media
from lamella.schemas.pair import Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import join, read_bytes, size_of
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

    def table(self, name: str) -> str:
        return join(self.folder, name)


DOCUMENT_TABLES = {"documents": InterleavedDocument, "duplicates": Duplicate, "archive_media": ArchiveMedia}
PAIR_TABLES = {"interleaved": InterleavedDocument, "pairs/images": ImageTextPair, "pairs/videos": VideoTextPair}
DATASETS = (*(f"shards/{dataset}" for dataset in Dataset), f"shards/{Dataset.M3W}-parquet")
TABLES = {"documents": tuple(DOCUMENT_TABLES), "media": ("media",), "pairs": tuple(PAIR_TABLES), "shards": DATASETS}
INPUTS = {
    "media": ("documents", "archive_media"),
    "pairs": ("documents", "media", "rejections/media"),
    "shards": tuple(PAIR_TABLES),
}


def folders_of(job: str) -> tuple[str, ...]:
    """Every folder that a job writes, within the run's."""
    return (*TABLES[job], f"rejections/{job}", f"tallies/{job}")


def table_names(config: Config) -> dict[str, list[str]]:
    """Folder -> names of the files that a run with this config writes there; not of shards, whose number depends on rows."""
    names = {
        folder: part_names(config.run.table_parts)
        for job in JOBS
        for folder in folders_of(job)
        if not folder.startswith("shards/")
    }
    return names | {f"tallies/{job}": part_names(1) for job in JOBS}


def expected_hash(place: Place, job: str) -> str:
    """What the tables of a job must say that they were made from, to stand. Its own inputs must stand."""
    if job == "documents":
        parts = standing_parts(place.folder, place.archives, place.config)
        return job_fingerprint(place.config, job, [f"{key} {part.hash}" for key, part in sorted(parts.items())])
    return job_fingerprint(place.config, job, _contents(place, *INPUTS[job]))


def run_jobs(place: Place) -> str:
    """All four, in order; each only where its hash changed.

    Returns:
        '', or, where a job left nothing to go on with, the line that says which rule took the last: then no job follows,
        and what earlier runs made of other input is taken away.
    """
    for number, job in enumerate(JOBS):
        {"documents": documents, "media": media, "pairs": pairs, "shards": shards}[job](place)
        place.done(job)
        if line := nothing_left(place.folder, job):
            behind = JOBS[number + 1 :]
            withdraw(place.folder, [folder for later in behind for folder in folders_of(later)])
            return line
    return ""


def documents(place: Place) -> None:
    c = place.config
    _extract(place)
    parts = standing_parts(place.folder, place.archives, c)
    made_from = expected_hash(place, "documents")

    def build(pipeline):
        books = Books()
        read = pipeline | ReadParts(place.folder, tuple(sorted(parts)))
        made = curation.make_documents(read.documents, c, books)
        books.enter(read)
        tables = dict(zip(DOCUMENT_TABLES, (made.documents, made.duplicates, read.media), strict=True))
        _write(place, "documents", tables, books, made_from)

    _run(place, "documents", made_from, build)


def _extract(place: Place) -> None:
    """Writes the parts that do not stand yet, some archives at a time, so that a run that is killed keeps what it has read."""
    standing = standing_parts(place.folder, place.archives, place.config, deep=place.deep, say=place.say)
    missing = [archive for archive in place.archives if part_key(archive) not in standing]
    if not missing:
        return
    clock = WaveClock({archive: size_of(archive) for archive in missing}, len(standing))
    for archives in cut_waves(clock.sizes, place.config.run, place.processes):
        place.say(f"extract: {clock.line()}")
        place.execute("extract", partial(_read_wave, place, archives))
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
    made_from = expected_hash(place, "media")

    def build(pipeline):
        books = Books()
        found = curation.find_media(
            pipeline | ReadTable(place.table("documents"), InterleavedDocument),
            pipeline | ReadTable(place.table("archive_media"), ArchiveMedia),
            place.config,
            place.folder,
            books,
        )
        _write(place, "media", {"media": found}, books, made_from)

    _run(place, "media", made_from, build)


def pairs(place: Place) -> None:
    made_from = expected_hash(place, "pairs")

    def build(pipeline):
        books = Books()
        made = curation.make_pairs(
            pipeline | ReadTable(place.table("documents"), InterleavedDocument),
            pipeline | ReadTable(place.table("media"), Media),
            pipeline | "Read unusable" >> ReadTable(place.table("rejections/media"), Rejection),
            place.config,
            place.folder,
            books,
        )
        _write(place, "pairs", dict(zip(PAIR_TABLES, made, strict=True)), books, made_from)

    _run(place, "pairs", made_from, build)


def shards(place: Place) -> None:
    c = place.config
    made_from = expected_hash(place, "shards")

    def build(pipeline):
        books = Books()
        documents = pipeline | ReadTable(place.table("interleaved"), InterleavedDocument)
        images = pipeline | ReadTable(place.table("pairs/images"), ImageTextPair)
        videos = pipeline | ReadTable(place.table("pairs/videos"), VideoTextPair)
        records = {
            Dataset.M3W: documents,
            Dataset.ALIGN: curation.of_dataset(images, Dataset.ALIGN),
            Dataset.LTIP: curation.of_dataset(images, Dataset.LTIP),
            Dataset.VTP: videos,
        }
        where = curation.ShardPlace(root=place.folder, made_from=made_from)
        curation.make_shards(records, rows_by_dataset(place.folder), c, where, books)
        _write(place, "shards", {}, books, made_from)

    _run(place, "shards", made_from, build)


def rows_by_dataset(folder: str) -> dict[Dataset, int]:
    """How many records each dataset of a run has, from manifests and from one column of the pairs."""
    images = Counter(column_values(join(folder, "pairs/images"), "dataset"))
    rows = {dataset: images[dataset] for dataset in (Dataset.ALIGN, Dataset.LTIP)}
    whole = {Dataset.M3W: "interleaved", Dataset.VTP: "pairs/videos"}
    return rows | {dataset: read_manifest(join(folder, table)).rows for dataset, table in whole.items()}


def _run(place: Place, job: str, made_from: str, build: Build) -> None:
    """Runs a job whose tables do not all stand whole, or were made from something else."""
    folders = folders_of(job)
    faults = faults_of(place, job)
    if not faults and all(made_from_of(place.table(name)) == made_from for name in folders):
        place.say(f"{job}: unchanged")
        return
    for name, fault in faults.items():
        place.say(f"{name}: made again, {fault}")
    claim(place.folder, _names(place, job))
    place.say(f"{job}: runs")
    place.execute(job, build)


def faults_of(place: Place, job: str) -> dict[str, str]:
    """Table or dataset -> what is missing of it, for those of a job that are finished, and not whole any more."""
    faults = {name: fault for name in folders_of(job) if (fault := fault_of(place.table(name), place.deep))}
    if job == "media" and not faults and (fault := fault_of_packs(place.folder, place.deep)):
        return {"media": fault}
    return faults


def _names(place: Place, job: str) -> dict[str, list[str]]:
    """Folder -> the names that a job may write there."""
    names = {name: found for name, found in table_names(place.config).items() if name in folders_of(job)}
    if job == "shards":
        for dataset, rows in rows_by_dataset(place.folder).items():
            plan = plan_shards(dataset, rows, place.config.shard)
            names |= {f"shards/{folder}": found for folder, found in names_of(plan).items()}
    return names


def _write(place: Place, job: str, tables: Mapping[str, Any], books: Books, made_from: str) -> None:
    """Writes a job's tables and its books."""
    sizes = {"parts": place.config.run.table_parts, "made_from": made_from}
    for name, records in tables.items():
        records | WriteTable(place.table(name), records.element_type, **sizes)
    books.rejected() | WriteTable(place.table(f"rejections/{job}"), Rejection, **sizes)
    tallies = books.tallies() | SumTallies()
    tallies | WriteTable(place.table(f"tallies/{job}"), Tally, parts=1, made_from=made_from)


def _contents(place: Place, *tables: str) -> list[str]:
    return [f"{name} {manifest.hash if (manifest := read_manifest(place.table(name))) else ''}" for name in tables]


def made_from_of(folder: str) -> str | None:
    """What a table, or a dataset of shards, says that it was made from; None where it is not finished, or does not say."""
    try:
        return json.loads(read_bytes(join(folder, MANIFEST)))["made_from"]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return None
