"""A run's folder -> Arrow batches of some columns of its finished tables, one batch in memory at a time.

Only files that a table's manifest names are read. A table that is not finished gives nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute

from lamella.pipeline.damage import parquet_file
from lamella.pipeline.tables import read_manifest
from lamella.transforms.base.files import join

pc: Any = pyarrow.compute  # it makes its functions when it is imported, where no type checker sees them

BATCH_ROWS = 16_384


class RowRef(NamedTuple):
    """A row of a table."""

    file: str
    row: int  # from 0, within the file


def read_columns(folder: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of a finished table. Fields of structs are named with dots: `quality.words`."""
    for _, batch in read_batches(folder, columns):
        yield batch


def read_batches(folder: str, columns: Sequence[str], only: str = "") -> Iterator[tuple[RowRef, pa.RecordBatch]]:
    """Batches of a finished table, and where each begins. `only`: the name of one file of it."""
    manifest = read_manifest(folder)
    for file in manifest.files if manifest else ():
        if not file.rows or only not in ("", file.name):
            continue
        with parquet_file(join(folder, file.name)) as parquet:
            at = 0
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
                yield RowRef(file.name, at), batch
                at += len(batch)


def read_rows(folder: str, refs: Iterable[RowRef]) -> Iterator[tuple[RowRef, pa.Table]]:
    """Single rows, whole, each as a table of one row: only the row groups in which they lie are read."""
    by_file = defaultdict(list)
    for ref in refs:
        by_file[ref.file].append(ref.row)
    for name, rows in sorted(by_file.items()):
        with parquet_file(join(folder, name)) as file:
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            ends = list(accumulate(sizes))
            groups = np.searchsorted(ends, sorted(rows), side="right")
            for group in np.unique(groups):
                table = file.read_row_group(int(group))
                for row, of in zip(sorted(rows), groups, strict=True):
                    if of == group:
                        yield RowRef(name, row), table.slice(row - ends[group] + sizes[group], 1)


def find_rows(folder: str, column: str, values: Collection[str], file: str = "") -> Iterator[pa.Table]:
    """Rows whose column is one of the values, each whole as a table of one row. `file`: of one file of the table alone."""
    wanted = pa.array(sorted(values), pa.large_string())
    refs = []
    for start, batch in read_batches(folder, (column,), file):
        hits = pc.indices_nonzero(pc.is_in(field(batch, *column.split(".")), wanted))
        refs += [RowRef(start.file, start.row + hit) for hit in hits.to_pylist()]
    for _, row in read_rows(folder, refs):
        yield row


def field(batch: pa.RecordBatch, *path: str) -> pa.Array:
    """A column, or a field of a struct; where the struct is null, so is the field."""
    column = batch.column(path[0])
    return pc.struct_field(column, list(path[1:])) if len(path) > 1 else column


def counted(column: pa.Array) -> Iterator[tuple[str, int]]:
    """(text, how often) of a column of texts; "" for what is null."""
    for entry in pc.value_counts(column):
        yield entry["values"].as_py() or "", entry["counts"].as_py()
