"""Rows of fixed columns in; the bytes of a Parquet file out, the same for the same rows and version of pyarrow."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_ROW_GROUP = 1000  # rows hold long texts: a reader's memory


def parquet_bytes(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> bytes:
    """Raises pyarrow.ArrowInvalid for a value that does not fit its column."""
    out = BytesIO()
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, out, compression="zstd", row_group_size=_ROW_GROUP, version="2.6", data_page_version="1.0")
    return out.getvalue()
