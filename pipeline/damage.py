"""A Parquet file -> a reader that stays within bounds, or Damaged: one line that names the file and what to type."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lamella.schemas.errors import DamagedTable, DataError
from lamella.schemas.printable import printable
from lamella.transforms.base.files import open_binary

# A few kB of Parquet can unpack to as much as memory holds. Our own row groups are of 10,000 rows: of some 50 MB; ours.
MAX_ROW_GROUP_BYTES = 1 << 30  # unpacked, as the footer tells
MAX_ROW_GROUP_VALUES = 50_000_000  # of all columns, those within lists too: a run of equal values takes no bytes in the file
MAX_EXTRA_BYTES = 2 << 30  # what reading may take beyond what the process has: a footer can lie
_NOTE = "`lamella run ... --deep` makes it again, `lamella verify` lists every fault"


class Damaged(DamagedTable):
    """A file of a run that cannot be read. One line: the file, why, and what to type."""

    def __init__(self, path: str, why: object):
        told = f"{type(why).__name__}: {why}" if isinstance(why, BaseException) else str(why)
        super().__init__(f"{printable(path)}: cannot be read: {printable(' '.join(told.split())[:200])}; {_NOTE}")

    def __reduce__(self):
        return (RuntimeError, self.args)  # between processes its line is all there is


class TooLarge(DataError, ValueError):
    """What would take more memory than a reader of foreign files should give."""


@contextlib.contextmanager
def parquet_file(path: str) -> Iterator[pq.ParquetFile]:
    """A file of a table, for as long as it is read. Raises Damaged."""
    try:
        with open_binary(path) as stream:
            yield pq.ParquetFile(stream)
    except (pa.ArrowException, OSError) as error:
        raise Damaged(path, error) from error


def bounded(stream: BinaryIO) -> pq.ParquetFile:
    """A Parquet file that anybody may have written. Raises TooLarge for one that unpacks to more than may be held."""
    file = pq.ParquetFile(stream)
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        if group.total_byte_size > MAX_ROW_GROUP_BYTES:
            raise TooLarge(f"row group {number} unpacks to {group.total_byte_size} bytes, above {MAX_ROW_GROUP_BYTES}")
        values = sum(group.column(at).num_values for at in range(group.num_columns))
        if values > MAX_ROW_GROUP_VALUES:
            raise TooLarge(f"row group {number} holds {values} values, above {MAX_ROW_GROUP_VALUES}")
    return file


@contextlib.contextmanager
def memory_bound(extra: int = MAX_EXTRA_BYTES) -> Iterator[None]:
    """Within, what takes more than `extra` bytes beyond what this process has raises MemoryError. On Linux alone."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
    except (OSError, StopIteration, ValueError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = held + extra if soft == resource.RLIM_INFINITY else min(soft, held + extra)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
