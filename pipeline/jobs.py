"""Finished tables -> finished tables: the four jobs. Work that is finished is not done twice.

`pipeline.graph` says what each job reads and writes; each also writes rejections/JOB/ and counters/JOB/. A table carries the
hash of what it was made from: the job's part of the config, the contents of its input tables, and the format. A job runs if its
tables carry another hash, or if one of them is not whole: a file that its manifest names is gone or has another size.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial

import apache_beam as beam

from lamella.pipeline import curation
from lamella.pipeline.archive_batches import ReadingClock, cut_batches
from lamella.pipeline.columns import find_rows
from lamella.pipeline.context import RunContext
from lamella.pipeline.declared import SHARDS_FOLDER, Job, counters_of_job, rejections_of
from lamella.pipeline.empty import nothing_left
from lamella.pipeline.graph import (
    DOCUMENTS,
    EXTRACT,
    GRAPH,
    JOBS,
    LEDGER_TABLES,
    MEDIA,
    PAIRS,
    SHARDS,
    TABLES,
    record_of,
)
from lamella.pipeline.ledger import Ledger
from lamella.pipeline.measured import CountsTarget, counts_of, forget_counts
from lamella.pipeline.ownership import claim, withdraw
from lamella.pipeline.partitions import ReadPartitions, WritePartitions, documents_in, partition_key, standing_partitions
from lamella.pipeline.read import ReadTables
from lamella.pipeline.standing import expected_fingerprint, faults_of, fingerprint_of, rows_by_dataset
from lamella.pipeline.standing_shards import names_of_standing, shard_settings, standing_shards
from lamella.pipeline.tables import part_names, read_manifest
from lamella.pipeline.write import CountersTarget, TableTarget, Target, Targets, WriteTargets
from lamella.schemas.account import Counter
from lamella.schemas.arrow import from_table
from lamella.schemas.config import Config, RunConfig
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.contraction import rounds_for
from lamella.transforms.base.files import join, sizes_of
from lamella.transforms.base.memory import Kept
from lamella.transforms.base.remembered import Counted
from lamella.transforms.fetch.packs import forget_files, list_indexes
from lamella.transforms.shard.plan import plan_shards
from lamella.transforms.shard.write import names_of

_REFERRING = GRAPH["documents"].made  # tables whose rows refer to media


def table_names(config: Config) -> dict[str, list[str]]:
    """Folder -> names of the files that a run with this config writes there; not of shards, whose number depends on rows."""
    names = dict.fromkeys((*TABLES, *LEDGER_TABLES), part_names(config.run.table_parts))
    return names | {counters_of_job(job): part_names(1) for job in JOBS}


def run_jobs(context: RunContext) -> str:
    """All four, in order; each only where its hash changed.

    Returns:
        '', or, where a job left nothing to go on with, the line that says which rule took the last: then no job follows,
        and what earlier runs made of other input is taken away.
    """
    for number, job in enumerate(JOBS):
        _WORK[job](context)
        context.done(job)
        if line := nothing_left(context.folder, job, context.config.score.when):
            behind = JOBS[number + 1 :]
            withdraw(context.folder, [folder for later in behind for folder in GRAPH[later].folders])
            return line
    return ""


def documents(context: RunContext) -> None:
    c = context.config
    _extract(context)
    parts = standing_partitions(context.folder, context.archives, c)
    rounds = _rounds(c.run, documents_in(parts.values()))

    def build(pipeline, ledger):
        read = pipeline | ReadPartitions(context.folder, tuple(sorted(parts)))
        made = curation.make_documents(read.documents, read.bare, c, ledger, rounds=rounds)
        ledger.enter(read)
        return made.documents, made.duplicates, made.candidates, read.media, read.aliases

    _run(context, DOCUMENTS, build)


def _extract(context: RunContext) -> None:
    """Writes the parts that do not stand yet, some archives at a time, so that a run that is killed keeps what it has read."""
    if context.dry:
        context.execute(EXTRACT, partial(_read_batch, context, context.archives))
        return
    standing = standing_partitions(context.folder, context.archives, context.config, deep=context.deep, say=context.say)
    missing = [archive for archive in context.archives if partition_key(archive) not in standing]
    if not missing:
        return
    clock = ReadingClock(sizes_of(missing), len(standing))
    for archives in cut_batches(clock.sizes, context.config.run, context.processes):
        context.say(f"extract: {clock.line()}")
        context.execute(EXTRACT, partial(_read_batch, context, archives))
        clock.passed(archives)


def _read_batch(context: RunContext, archives: Sequence[str], pipeline: beam.Pipeline) -> None:
    """A batch that is tried again reads the archives of which no part stands yet."""
    c, ledger = context.config, Ledger()
    standing = standing_partitions(context.folder, archives, c)
    missing = [archive for archive in archives if partition_key(archive) not in standing]
    paths = pipeline | "Archives" >> beam.Create(missing, reshuffle=False).with_output_types(str)
    extracted = curation.extract_archives(paths, c, ledger)
    paths | WritePartitions(context.folder, c, extracted, ledger)


def media(context: RunContext) -> None:
    def build(pipeline, ledger):
        tables = [read_manifest(context.table(name)) for name in _REFERRING]  # None, where a run is only laid out
        rounds = _rounds(context.config.run, sum(table.rows for table in tables if table))
        finder = curation.media_finder(context.config, context.root, asks=context.asks, rounds=rounds)
        read = _read(pipeline, context, MEDIA, finder.measures)
        known = {measure.name: read[measure.name] for measure in finder.measures}
        inputs = curation.MediaInputs(*(read[table] for table in MEDIA.reads), known=known)
        return curation.find_media(inputs, finder, ledger)

    _run(context, MEDIA, build)
    if not context.dry and context.root == context.folder:
        forget_unsafe(context)


def forget_unsafe(context: RunContext) -> None:
    """What a list or a classifier found unsafe does not stay in the packs; that it was there does."""
    if not list_indexes(context.folder):
        return
    rows = find_rows(join(context.folder, rejections_of(MEDIA.name)), "reason", [Reason.UNSAFE_IMAGE.value])
    unsafe = (one for row in rows for one in from_table(Rejection, row))
    said = {one.url: " ".join(filter(None, (one.measure, one.detail))) for one in unsafe if one.url}
    if said and (count := forget_files(context.folder, said)):
        files = "1 file that was found unsafe is" if count == 1 else f"{count} files that were found unsafe are"
        context.say(f"media: {files} taken out of {'its pack' if count == 1 else 'their packs'}")


def pairs(context: RunContext) -> None:
    def build(pipeline, ledger):
        models = curation.models_of(context.config, context.root)
        read = _read(pipeline, context, PAIRS, models.measures)
        known = {measure.name: read[measure.name] for measure in models.measures}
        inputs = curation.PairInputs(*(read[table] for table in PAIRS.reads), known=known)
        return curation.make_pairs(inputs, models, context.config, ledger)

    _run(context, PAIRS, build)


def shards(context: RunContext) -> None:
    standing = standing_shards(context.folder)
    where = curation.ShardsOutput(
        root=context.folder,
        fingerprint=expected_fingerprint(context, SHARDS.name),
        settings=shard_settings(context.config),
        standing=standing,
    )

    def build(pipeline, ledger):
        tables = _read(pipeline, context, SHARDS)
        return curation.make_shards(tables, rows_by_dataset(context.folder), context.config, where, ledger=ledger)

    _run(context, SHARDS, build, names_of_standing(standing))


_WORK = {DOCUMENTS.name: documents, MEDIA.name: media, PAIRS.name: pairs, SHARDS.name: shards}


def run_job(context: RunContext, job: str) -> None:
    """One of them, whose inputs stand."""
    _WORK[job](context)


def _read(pipeline: beam.Pipeline, context: RunContext, job: Job, measures: Sequence[Kept] = ()) -> dict[str, beam.PCollection]:
    """The tables that a job reads, in the order of its declaration, and what is known of some measures, by name."""
    tables = {name: (context.table(name), record_of(name)) for name in job.reads}
    return pipeline | ReadTables(tables, curation.memory_of(context.config, context.root), measures)


def _rounds(run: RunConfig, records: int) -> int:
    """`run.contraction_rounds`, or as many as so many records ask for: none, where a laptop holds them."""
    return rounds_for(records) if run.contraction_rounds is None else run.contraction_rounds


Made = Iterable[beam.PCollection] | curation.Shards


def _run(
    context: RunContext, job: Job, build: Callable[[beam.Pipeline, Ledger], Made], keep: Mapping[str, Set[str]] = {}
) -> None:
    """Runs a job whose tables do not all stand whole, or were made from something else.

    Args:
        build: gives the records of the job's tables, in the order of its declaration; or shards.
        keep: folder -> files of an earlier run that may stay.
    """
    fingerprint = expected_fingerprint(context, job.name)

    def built(pipeline: beam.Pipeline) -> None:
        ledger = Ledger()
        made = build(pipeline, ledger)
        _write(context, job, made, ledger, fingerprint=fingerprint)

    if context.dry:
        context.execute(job.name, built)
        return
    faults = faults_of(context, job.name)
    if not faults and all(fingerprint_of(context.table(name)) == fingerprint for name in job.folders):
        context.say(f"{job.name}: unchanged")
        return
    for name, fault in faults.items():
        context.say(f"{name}: made again, {fault}")
    claim(context.folder, _names(context, job), keep)
    context.say(f"{job.name}: runs")
    forget_counts(context.folder, job.name)
    context.execute(job.name, built)
    for counted in counts_of(context.folder, job.name):
        context.say(f"{job.name}: {counted.name}: {counted.fresh} of {counted.asked} measured")


def _names(context: RunContext, job: Job) -> dict[str, list[str]]:
    """Folder -> the names that a job may write there."""
    names = {name: found for name, found in table_names(context.config).items() if name in job.folders}
    rows = rows_by_dataset(context.folder) if job.datasets else {}
    for dataset in job.datasets:
        plan = plan_shards(dataset, rows[dataset], context.config.shard)
        names |= {f"{SHARDS_FOLDER}/{folder}": found for folder, found in names_of(plan).items()}
    return names


def _write(context: RunContext, job: Job, made: Made, ledger: Ledger, *, fingerprint: str) -> None:
    """Writes a job's tables, or commits its shards, and writes its ledger."""

    def table(name: str, record: type) -> TableTarget:
        parts = context.config.run.table_parts
        return TableTarget(folder=context.table(name), record=record, parts=parts, fingerprint=fingerprint)

    entries: dict[type, Target] = {
        Rejection: table(rejections_of(job.name), Rejection),
        Counter: CountersTarget(folder=context.table(counters_of_job(job.name)), fingerprint=fingerprint),
    }
    if ledger.asks:
        entries[Counted] = CountsTarget(folder=context.folder, job=job.name)
    targets: dict[str, Targets] = {"ledger": entries}
    inputs = {"ledger": ledger.entries()}
    if isinstance(made, curation.Shards):
        inputs["pieces"] = made.written
        inputs | "Write" >> WriteTargets(targets, made.targets)
        return
    for declared, records in zip(job.writes, made, strict=True):
        inputs[declared.name] = records
        targets[declared.name] = {declared.record: table(declared.name, declared.record)}
    inputs | "Write" >> WriteTargets(targets)
