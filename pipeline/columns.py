"""Columns of finished tables: a run's folder in, Arrow batches of the columns asked for out, one batch in memory at a time.

Only files that a table's manifest names are read. A table that is not finished gives nothing.
"""

from collections.abc import Iterator, Sequence

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.tables import read_manifest
from transforms.files import join

BATCH_ROWS = 16_384


def read_columns(folder: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of a finished table. Fields of structs are named with dots: `quality.words`."""
    manifest = read_manifest(folder)
    for file in manifest.files if manifest else ():
        if not file.rows:
            continue
        with fsspec.open(join(folder, file.name), "rb") as stream:
            yield from pq.ParquetFile(stream).iter_batches(batch_size=BATCH_ROWS, columns=list(columns))


def field(batch: pa.RecordBatch, *path: str) -> pa.Array:
    """A column, or a field of a struct; where the struct is null, so is the field."""
    column = batch.column(path[0])
    return pc.struct_field(column, list(path[1:])) if len(path) > 1 else column


def counted(column: pa.Array) -> Iterator[tuple[object, int]]:
    """(value, how often) of a column."""
    for entry in pc.value_counts(column):
        yield entry["values"].as_py(), entry["counts"].as_py()
