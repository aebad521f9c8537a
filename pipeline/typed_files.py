"""A file or a folder that a run wrote -> its records or samples, each of its type."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from lamella.pipeline.damage import parquet_file
from lamella.pipeline.graph import RECORD_TYPES
from lamella.pipeline.tables import read_manifest
from lamella.schemas.arrow import from_table, schema_of
from lamella.schemas.errors import DataError
from lamella.schemas.printable import printable
from lamella.schemas.sample import Sample, decode_sample
from lamella.schemas.shards import MANIFEST, read_shard
from lamella.transforms.base.files import join, open_binary


def read_typed(path: str) -> Iterator[Any]:
    """The records of a finished table, or of one of its files, a row group at a time. Raises DataError."""
    if path.endswith(".parquet"):
        files = [path]
    else:
        manifest = read_manifest(path)
        if manifest is None:
            raise DataError(f"{printable(path)}: no finished table there (no {MANIFEST})")
        files = [join(path, file.name) for file in manifest.files]
    return (record for file in files for record in _records(file))


def _records(path: str) -> Iterator[Any]:
    with parquet_file(path) as parquet:
        record_type = _types().get(frozenset(parquet.schema_arrow.names))
        if record_type is None:
            raise DataError(f"{printable(path)}: its columns are those of no record type")
        for batch in parquet.iter_batches(batch_size=1000):
            yield from from_table(record_type, batch)


@cache
def _types() -> dict[frozenset[str], type]:
    """Record types by the names of their columns, which differ between any two."""
    return {frozenset(schema_of(record_type).names): record_type for record_type in RECORD_TYPES}


def read_samples(path: str) -> Iterator[Sample]:
    """The samples of a shard, in order. Raises DataError where there is no file; BadShard and BadSample for damage."""
    try:
        with open_binary(path) as stream:
            for _, members in read_shard(stream):
                yield decode_sample(members)
    except OSError as error:
        raise DataError(f"{printable(path)}: {error.strerror or error}") from error
