"""A run's folder and config -> which of its tables and datasets are finished, and what the others lack."""

import collections
import json

from lamella.pipeline.context import RunContext
from lamella.pipeline.fingerprints import job_fingerprint
from lamella.pipeline.graph import DOCUMENTS, GRAPH, MEDIA, PAIR_TABLES
from lamella.pipeline.integrity import fault_of, fault_of_packs
from lamella.pipeline.partitions import standing_partitions
from lamella.pipeline.tables import column_values, finished_manifest, read_manifest
from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.rejection import Unit
from lamella.schemas.shards import FINGERPRINT_KEY, MANIFEST
from lamella.transforms.base.files import join, read_bytes
from lamella.transforms.fetch.packs import FOLDER as PACKS


def stands(context: RunContext, job: str) -> bool:
    """Whether a job's tables are whole and were made from what the place's config and inputs are."""
    fingerprint = expected_fingerprint(context, job)
    return not faults_of(context, job) and all(
        fingerprint_of(context.table(name)) == fingerprint for name in GRAPH[job].folders
    )


def expected_fingerprint(context: RunContext, job: str) -> str:
    """What the tables of a job must say that they were made from, to stand. Its own inputs must stand."""
    if job == DOCUMENTS.name:  # it reads the parts of archives, which lie in no table
        parts = standing_partitions(context.folder, context.archives, context.config)
        return job_fingerprint(context.config, job, [f"{key} {part.hash}" for key, part in sorted(parts.items())])
    return job_fingerprint(context.config, job, _contents(context, *GRAPH[job].reads))


def faults_of(context: RunContext, job: str) -> dict[str, str]:
    """Table or dataset -> what is missing of it, for those of a job that are finished, and not whole any more."""
    faults = {name: fault for name in GRAPH[job].folders if (fault := fault_of(context.table(name), context.deep))}
    if GRAPH[job].lays(PACKS) and not faults and (fault := fault_of_packs(context.folder, context.deep)):
        return {MEDIA.name: fault}
    return faults


def rows_by_dataset(folder: str) -> dict[Dataset, int]:
    """How many records each dataset of a run has: a manifest's rows, or those of a table of pairs that name the dataset."""
    named: collections.Counter[str] = collections.Counter()
    for table in PAIR_TABLES:
        named.update(column_values(join(folder, table.name), "dataset"))
    return {
        dataset: named[dataset] if entry.unit is Unit.PAIR else finished_manifest(join(folder, entry.table)).rows
        for dataset, entry in DATASETS.items()
    }


def _contents(context: RunContext, *tables: str) -> list[str]:
    return [f"{name} {manifest.hash if (manifest := read_manifest(context.table(name))) else ''}" for name in tables]


def fingerprint_of(folder: str) -> str | None:
    """What a table, or a dataset of shards, says that it was made from; None where it is not finished, or does not say."""
    try:
        return json.loads(read_bytes(join(folder, MANIFEST)))[FINGERPRINT_KEY]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return None
