"""What was read from an archive -> a folder of its own, `extracted/KEY/`, and back.

A part is a small table of at most six files, none of them empty, with one manifest, which is written last. An archive whose
part is finished is not read again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam
import fsspec
from apache_beam import PCollection

from lamella.pipeline.curation import Extracted
from lamella.pipeline.fingerprints import stage_settings
from lamella.pipeline.graph import ARCHIVE_STAGES
from lamella.pipeline.graph import PARTITIONS as FOLDER
from lamella.pipeline.integrity import fault_of
from lamella.pipeline.ledger import Ledger
from lamella.pipeline.tables import (
    FORMAT,
    FileInfo,
    TableManifest,
    finished_manifest,
    read_file,
    read_manifest,
    write_file,
    write_manifest,
)
from lamella.schemas.account import Counter, sum_counters
from lamella.schemas.config import Config
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.keys import stable_key
from lamella.schemas.media import Alias, ArchiveMedia
from lamella.schemas.printable import printable
from lamella.schemas.rejection import Rejection
from lamella.schemas.shards import MANIFEST
from lamella.transforms.base.files import join, remove_files, side_by_side
from lamella.transforms.base.join import Group, Join
from lamella.transforms.base.packed import archive_of
from lamella.transforms.base.spread import Spread

FILES = {
    "documents": InterleavedDocument,
    "bare": InterleavedDocument,
    "media": ArchiveMedia,
    "aliases": Alias,
    "rejected": Rejection,
    "counters": Counter,
}

# zstd sets itself up anew for each of some hundred columns, to write them and to read them: where rows are few, that is most of
# what a part costs (one page: 15 ms of CPU, 7 with LZ4), and there is nothing to win.
_MANY_ROWS = 100


def partition_key(archive: str) -> str:
    """The part's folder. By file name alone, so that an archive that moves is the same archive."""
    return stable_key(archive.rsplit("/", 1)[-1])


def standing_partitions(
    folder: str, archives: Iterable[str], c: Config, *, deep: bool = False, say: Callable[[str], object] | None = None
) -> dict[str, TableManifest]:
    """Key -> manifest of every archive whose part was made from this file and this config, and is whole.

    Args:
        deep: whether checksums are compared as well.
        say: is told, in one line, of each part that is not whole.
    """
    archives = list(archives)
    found = side_by_side(partial(_standing, folder, c, deep), archives)
    parts = {}
    for archive, (fault, manifest) in zip(archives, found, strict=True):
        if manifest:
            parts[partition_key(archive)] = manifest
        if fault and say:
            say(f"{FOLDER}/{partition_key(archive)} of {printable(archive)}: made again, {fault}")
    return parts


def documents_in(parts: Iterable[TableManifest]) -> int:
    """How many documents were extracted from the archives of some parts."""
    return sum(file.rows for part in parts for file in part.files if file.name == _file_name("documents"))


def _standing(folder: str, c: Config, deep: bool, archive: str) -> tuple[str, TableManifest | None]:
    """What makes an archive's part less than whole; and its manifest, where it is whole and made from this file."""
    part = join(folder, FOLDER, partition_key(archive))
    if fault := fault_of(part, deep):
        return fault, None
    manifest = read_manifest(part)
    return "", manifest if manifest and manifest.fingerprint == _fingerprint(archive, c) else None


def _fingerprint(archive: str, c: Config) -> str:
    return stable_key(FORMAT, archive, _file_state(archive), *(stage_settings(c, stage) for stage in ARCHIVE_STAGES))


def _file_state(archive: str) -> str:
    """What changes when the file does: size, and its file system's time or tag. Reading it all would cost a pass."""
    fs, path = fsspec.core.url_to_fs(archive)
    info = fs.info(path)
    return " ".join(str(info.get(name, "")) for name in ("size", "mtime", "ETag", "etag", "LastModified", "updated"))


class WritePartitions(beam.PTransform):
    """Paths of archives -> one manifest each, once what was extracted from it is written."""

    def __init__(self, folder: str, c: Config, extracted: Extracted, ledger: Ledger):
        super().__init__()
        self._folder, self._config = folder, c
        self._found = {**extracted._asdict(), "ledger": ledger.entries()}

    def expand(self, archives):
        write = partial(_write_part, self._folder, self._config)
        return {**self._found, "archive": archives} | Join(_KEYED, write, TableManifest)


def _write_part(folder: str, c: Config, archive: str, found: Group) -> Iterator[TableManifest]:
    if found.first("archive") is None:
        raise RuntimeError(f"a record names an archive that was not read: {archive!r}")
    part = join(folder, FOLDER, partition_key(archive))
    remove_files(part, [MANIFEST])  # of an earlier part: no reader trusts half of it
    counted = sum_counters(entry for entry in found["ledger"] if isinstance(entry, Counter))
    rows = {name: found[name] for name in Extracted._fields} | {
        "rejected": (entry for entry in found["ledger"] if isinstance(entry, Rejection)),
        "counters": (replace(counter, archive=archive) for counter in counted),
    }
    held = {name: records for name in FILES if (records := list(rows[name]))}
    # A small archive's part spends half its time waiting for the disk, once for each file: the files wait together.
    with ThreadPoolExecutor(len(FILES)) as pool:
        writes = [pool.submit(_write_rows, part, name, rows) for name, rows in held.items()]
    files = [write.result() for write in writes]
    yield write_manifest(part, TableManifest(table=FOLDER, fingerprint=_fingerprint(archive, c), files=tuple(files)))


def _file_name(name: str) -> str:
    return f"{name}.parquet"


def _write_rows(part: str, name: str, rows: list) -> FileInfo:
    compression = "zstd" if len(rows) >= _MANY_ROWS else "lz4"
    return write_file(part, _file_name(name), FILES[name], rows, compression=compression)


def _by_origin(record: InterleavedDocument) -> Iterable[tuple[str, InterleavedDocument]]:
    return ((record.provenance.archive, record),)


def _by_blob(record: ArchiveMedia) -> Iterable[tuple[str, ArchiveMedia]]:
    return ((archive_of(record.blob.path), record),)


def _by_archive(record: Alias | Rejection | Counter) -> Iterable[tuple[str, Any]]:
    return ((record.archive, record),)


def _archive_itself(path: str) -> Iterable[tuple[str, bool]]:
    return ((path, True),)


_KEYED = {
    "documents": _by_origin,
    "bare": _by_origin,
    "media": _by_blob,
    "aliases": _by_archive,
    "ledger": _by_archive,
    "archive": _archive_itself,
}


class ReadOutcome(NamedTuple):
    """In the order of `FILES`."""

    documents: PCollection
    bare: PCollection
    media: PCollection
    aliases: PCollection
    rejected: PCollection
    counters: PCollection


class ReadPartitions(beam.PTransform):
    """The records of standing parts."""

    def __init__(self, folder: str, keys: Sequence[str]):
        super().__init__()
        self._folders = [join(folder, FOLDER, key) for key in keys]

    def expand(self, pipeline):
        read = beam.FlatMap(_read).with_output_types(Any, **FILES).with_outputs(*FILES)
        out = pipeline | beam.Create(self._folders, reshuffle=False).with_output_types(str) | Spread(str) | read
        return ReadOutcome(*(out[name] for name in FILES))


def _read(folder: str) -> Iterator[beam.pvalue.TaggedOutput]:
    for file in finished_manifest(folder).files:
        name = file.name.removesuffix(".parquet")
        for row in read_file(join(folder, file.name), FILES[name]):
            yield beam.pvalue.TaggedOutput(name, row)
