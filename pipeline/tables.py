"""Records -> Parquet files and a manifest, and back. `pipeline.read` and `pipeline.write` do the same in a pipeline.

A table is finished when it has its `_manifest.json`, which is written last, by rename, and gives rows, sizes and checksums of
every file. Rows are divided into parts by the hash of their key and sorted within them, so the bytes depend on the rows alone.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any

from lamella.pipeline.damage import Damaged, parquet_file
from lamella.schemas.arrow import from_table, parquet_bytes, to_table
from lamella.schemas.keys import stable_int, stable_key
from lamella.schemas.shards import FINGERPRINT_KEY, MANIFEST, checked_file
from lamella.transforms.base.files import is_plain_name, join, read_bytes, write_atomically

FORMAT = 20  # raised when the bytes of a table change for the same input and config
ROW_GROUP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInfo:
    name: str
    rows: int
    bytes: int
    sha256: str

    def __post_init__(self):
        """Raises ValueError: a manifest may be anybody's."""
        counts = (self.rows, self.bytes)
        if not is_plain_name(self.name) or not all(type(count) is int and count >= 0 for count in counts):
            raise ValueError(f"not a table's file: {self.name!r}, {self.rows!r} rows, {self.bytes!r} bytes")
        if not isinstance(self.sha256, str):
            raise ValueError(f"{self.name}: no checksum")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableManifest:
    """What a finished table holds. `fingerprint` is the hash of the config part and of the input manifests it was made from."""

    table: str
    fingerprint: str
    files: tuple[FileInfo, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def hash(self) -> str:
        """Of the contents alone: equal for two runs that wrote the same bytes."""
        return stable_key(*(f"{file.name} {file.rows} {file.sha256}" for file in self.files))

    def encode(self) -> bytes:
        values = asdict(self) | {"rows": self.rows, "hash": self.hash}
        values[FINGERPRINT_KEY] = values.pop("fingerprint")
        return json.dumps(values, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> "TableManifest":
        """Raises ValueError, KeyError or TypeError for what is no manifest, or names a file that lies elsewhere."""
        try:
            raw = json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        files = tuple(FileInfo(**file) for file in raw["files"])
        for file in files:
            checked_file(file.name, file.bytes, file.sha256)
        return cls(table=raw["table"], fingerprint=raw[FINGERPRINT_KEY], files=files)


def read_manifest(folder: str) -> TableManifest | None:
    """The table's manifest, or None if the table is not finished. Raises Damaged if Lamella did not write it."""
    path = join(folder, MANIFEST)
    try:
        return TableManifest.decode(read_bytes(path))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(path, error) from error


def finished_manifest(folder: str) -> TableManifest:
    """The manifest of a table that must stand. Raises FileNotFoundError where it does not, Damaged as `read_manifest`."""
    if (manifest := read_manifest(folder)) is None:
        raise FileNotFoundError(f"{folder}: not a finished table")
    return manifest


def read_records(folder: str, record_type: type) -> Iterator[Any]:
    """Every record of a finished table, one row group in memory at a time."""
    manifest = read_manifest(folder)
    for file in manifest.files if manifest else ():
        yield from read_file(join(folder, file.name), record_type)


def column_values(folder: str, column: str) -> Iterator[Any]:
    """One column of a finished table, a row group at a time."""
    manifest = read_manifest(folder)
    for file in manifest.files if manifest else ():
        with parquet_file(join(folder, file.name)) as parquet:
            for batch in parquet.iter_batches(columns=[column]):
                yield from batch.column(0).to_pylist()


def read_file(path: str, record_type: type) -> Iterator[Any]:
    with parquet_file(path) as parquet:
        for batch in parquet.iter_batches(batch_size=1000):
            yield from from_table(record_type, batch)


def write_file(folder: str, name: str, record_type: type, records: Iterable[Any], *, compression: str = "zstd") -> FileInfo:
    """Writes sorted records as one Parquet file, by rename."""
    table = to_table(record_type, _in_order(records))
    data = parquet_bytes(table, ROW_GROUP, compression)
    write_atomically(join(folder, name), data)
    return FileInfo(name=name, rows=len(table), bytes=len(data), sha256=sha256(data).hexdigest())


def write_manifest(folder: str, manifest: TableManifest) -> TableManifest:
    write_atomically(join(folder, MANIFEST), manifest.encode())
    return manifest


def part_names(parts: int) -> list[str]:
    """The files of a table of so many parts."""
    return [f"part-{part:05d}-of-{parts:05d}.parquet" for part in range(parts)]


def part_of(record: Any, parts: int) -> int:
    """The part of a table that a row belongs to, by the hash of its key."""
    return stable_int(_key(record)) % parts


def _in_order(records: Iterable[Any]) -> Iterator[Any]:
    """Records in their total order: by key, then by everything, which is written out only where keys are equal."""
    for _, same in groupby(sorted(records, key=_key), _key):
        some = list(same)
        yield from sorted(some, key=repr) if len(some) > 1 else some


def _key(record: Any) -> str:
    return str(getattr(record, "key", None) or getattr(record, "url", None) or "")
