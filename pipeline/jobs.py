"""The four jobs: finished tables in, finished tables out; work that stands is not done twice.

    documents   archives -> extracted/ (a part an archive), documents/, duplicates/, archive_media/
    media       documents/, archive_media/ -> media/, media/packs/
    pairs       documents/, media/ -> interleaved/, pairs/images/, pairs/videos/
    shards      interleaved/, pairs/ -> shards/

Each job writes rejections/JOB/ and tallies/JOB/ too. A table carries the hash of what it was made from: the config part of
its job, the contents of its input tables, and the format. A job runs where that hash is not the one its tables carry.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from lamella import weights
from lamella.pipeline import curation
from lamella.pipeline.books import Books, SumTallies
from lamella.pipeline.parts import ReadParts, WriteParts, part_key, standing_parts
from lamella.pipeline.tables import FORMAT, ReadTable, WriteTable, clear_table, column_values, read_manifest
from lamella.schemas.account import Tally
from lamella.schemas.config import Config
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.keys import stable_key
from lamella.schemas.media import ArchiveMedia, Media
from lamella.schemas.pair import Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection
from lamella.schemas.shards import MANIFEST
from lamella.transforms.files import join, read_bytes

Build = Callable[[beam.Pipeline], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run works: its config, its archives, its folder, and how a pipeline is executed."""

    config: Config
    archives: tuple[str, ...]
    folder: str
    execute: Callable[[str, Build], None]  # label, pipeline's content; returns when the pipeline has ended, raises if it failed
    say: Callable[[str], None]  # one line of progress
    wave: int | None = None  # archives read before their parts are written; None: all

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
STAGES = {
    "documents": ("filter", "dedup"),
    "media": ("fetch",),
    "pairs": ("assemble", "pair", "score", "caption"),
    "shards": ("shard",),
}


def folders_of(job: str) -> tuple[str, ...]:
    """Every folder that a job writes, within the run's."""
    return (*TABLES[job], f"rejections/{job}", f"tallies/{job}")


def expected_hash(place: Place, job: str) -> str:
    """What the tables of a job must say that they were made from, to stand. Its own inputs must stand."""
    if job == "documents":
        parts = standing_parts(place.folder, place.archives, place.config)
        contents = [f"{key} {part.hash}" for key, part in sorted(parts.items())]
    else:
        contents = _contents(place, *INPUTS[job])
    return _made_from(place.config, STAGES[job], [*contents, *([weights.bundle_hash()] if job == "pairs" else [])])


def run_jobs(place: Place) -> None:
    """All four, in order; each only where its hash changed."""
    documents(place)
    media(place)
    pairs(place)
    shards(place)


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
    c = place.config
    standing = standing_parts(place.folder, place.archives, c)
    missing = [archive for archive in place.archives if part_key(archive) not in standing]
    wave = place.wave or max(len(missing), 1)
    for start in range(0, len(missing), wave):
        archives = missing[start : start + wave]
        place.say(f"extract: {len(standing) + start} of {len(place.archives)} archives read")

        def build(pipeline, archives=archives):
            books = Books()
            paths = pipeline | "Archives" >> beam.Create(archives, reshuffle=False).with_output_types(str)
            extracted = curation.extract_archives(paths, c, books)
            paths | WriteParts(place.folder, c, extracted, books)

        place.execute("extract", build)


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
    """Runs a job whose tables do not all stand, or were made from something else."""
    folders = [place.table(name) for name in folders_of(job)]
    if all(made_from_of(folder) == made_from for folder in folders):
        place.say(f"{job}: unchanged")
        return
    for folder in folders:
        clear_table(folder)
    place.say(f"{job}: runs")
    place.execute(job, build)


def _write(place: Place, job: str, tables: Mapping[str, Any], books: Books, made_from: str) -> None:
    """Writes a job's tables and its books."""
    sizes = {"parts": place.config.run.table_parts, "made_from": made_from}
    for name, records in tables.items():
        records | WriteTable(place.table(name), records.element_type, **sizes)
    books.rejected() | WriteTable(place.table(f"rejections/{job}"), Rejection, **sizes)
    tallies = books.tallies() | SumTallies()
    tallies | WriteTable(place.table(f"tallies/{job}"), Tally, parts=1, made_from=made_from)


def _made_from(c: Config, parts: Sequence[str], contents: Iterable[str]) -> str:
    config = (getattr(c, part).model_dump_json() for part in parts)
    return stable_key(FORMAT, c.run.table_parts, c.run.batch_buckets, *config, *contents)


def _contents(place: Place, *tables: str) -> list[str]:
    return [f"{name} {read_manifest(place.table(name)).hash}" for name in tables]


def made_from_of(folder: str) -> str | None:
    """What a table, or a dataset of shards, says that it was made from; None where it is not finished."""
    try:
        return json.loads(read_bytes(join(folder, MANIFEST)))["made_from"]
    except FileNotFoundError:
        return None
