"""A path -> text for a terminal that shows what is there: a run, a Parquet table, a shard, a folder of these, a web archive.

The path may be anybody's: no file makes the reader take more memory than it is allowed, or read without end.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO

import fsspec
import pyarrow as pa
from rich.console import Console
from rich.text import Text

from lamella.pipeline.damage import Damaged, TooLarge, bounded, memory_bound
from lamella.pipeline.enclosed import check_enclosed
from lamella.reporting.readable import (
    Line,
    clean,
    document_lines,
    interleaved_row_lines,
    pair_lines,
    row_lines,
    sample_lines,
)
from lamella.schemas.arrow import from_row, schema_of
from lamella.schemas.config import ReadConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.errors import BadSample, BadShard
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.printable import byte_size
from lamella.schemas.sample import decode_sample
from lamella.schemas.shards import MANIFEST, ShardManifest, read_shard
from lamella.transforms.base.files import join, open_binary, read_bytes
from lamella.transforms.formats.content_encoding import BadRecord, record_size_limits
from lamella.transforms.formats.urls import safe_url
from lamella.transforms.formats.warc import parse_record
from lamella.transforms.read.members import Fault, Member
from lamella.transforms.read.wrappings import holds_records, stretches

_PARQUET, _TAR = b"PAR1", b"ustar"
_TAR_BLOCK = 512
_TAR_AT = 257  # bytes from a tar's start
_PEEK_BYTES = 8192
_NAMES = 12  # of a folder's, in an error
_READABLE = {InterleavedDocument: document_lines, ImageTextPair: pair_lines, VideoTextPair: pair_lines}


def inspect(path: str, limit: int, console: Console) -> None:
    """Prints a summary and the first `limit` records. Raises ValueError, in one line, for what is none of these or damaged."""
    try:
        with memory_bound():
            for line in _lines(path.rstrip("/") or path, limit):
                console.print(Text(line.text, style=line.style), soft_wrap=True, highlight=False)
    except FileNotFoundError as error:
        raise ValueError(f"{clean(path)}: no such file or folder") from error
    except MemoryError as error:
        raise ValueError(f"{clean(path)}: unpacks to more than may be held: {clean(error, 100)}") from error
    except Damaged as error:
        raise ValueError(str(error)) from error
    except TooLarge as error:
        raise ValueError(f"{clean(path)}: {error}") from error
    except (BadShard, BadSample, RecursionError, KeyError, TypeError, pa.ArrowException, OSError) as error:
        raise ValueError(f"{clean(path)}: {clean(error, 200)}") from error


def _lines(path: str, limit: int) -> Iterator[Line]:
    fs, inner = fsspec.core.url_to_fs(path)
    if fs.isdir(inner):
        check_enclosed(path)
        yield from _folder(path, sorted(found.rpartition("/")[2] for found in fs.ls(inner, detail=False)), limit)
        return
    with open_binary(path) as stream:
        start = stream.read(_PEEK_BYTES)
        stream.seek(0)
        if start.startswith(_PARQUET):
            yield from _table(path, [path], limit)
        elif holds_records(stream, record_size_limits(ReadConfig())):
            yield Line(f"{clean(path)}: web archive, {byte_size(fs.size(inner))}", "bold green")
            yield from _archive(stream, limit)
        elif start[_TAR_AT:].startswith(_TAR):
            yield Line(f"{clean(path)}: tar, {byte_size(fs.size(inner))}", "bold green")
            yield from _tar(stream, limit)
        else:
            raise ValueError(f"{clean(path)}: neither a Parquet table, a shard nor a web archive")


def _folder(path: str, names: list[str], limit: int) -> Iterator[Line]:
    from lamella.reporting.contents import folder_lines, shows_datasets  # they know the jobs, and Beam takes seconds to import

    tables = [join(path, name) for name in names if name.endswith(".parquet")]
    if shows_datasets(path, names):
        yield from folder_lines(path)
    elif any(name.endswith(".tar") for name in names):
        yield from _shards(path, names, limit)
    elif tables:
        yield from _table(path, tables, limit)
    elif MANIFEST in names:
        yield Line(f"{clean(path)}: finished, and empty", "bold green")
    else:
        there = ", ".join(clean(name) for name in names[:_NAMES]) + (" ..." if len(names) > _NAMES else "")
        raise ValueError(f"{clean(path)}: a folder with neither tables nor shards in it, but {there or 'nothing'}")


def _shards(path: str, names: list[str], limit: int) -> Iterator[Line]:
    """A dataset's shards from its manifest, then the samples of the first one."""
    tars = [name for name in names if name.endswith(".tar")]
    if MANIFEST in names:
        manifest = _manifest(join(path, MANIFEST))
        samples = sum(shard.samples for shard in manifest.shards)
        yield Line(f"{clean(path)}: {manifest.dataset}, {samples} samples in {len(manifest.shards)} shards", "bold green")
        for shard in manifest.shards[:limit]:
            yield Line(
                f"  {clean(shard.name)}  {shard.samples} samples  {byte_size(shard.bytes)}  sha256 {clean(shard.sha256, 12)}"
            )
        if len(manifest.shards) > limit:
            yield Line(f"  and {len(manifest.shards) - limit} more", "dim")
    else:
        yield Line(f"{clean(path)}: {len(tars)} tars, not finished: no {MANIFEST}", "bold yellow")
    yield from _lines(join(path, tars[0]), limit)


def _manifest(path: str) -> ShardManifest:
    try:
        return ShardManifest.decode(read_bytes(path))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(path, error) from error


def _table(name: str, paths: list[str], limit: int) -> Iterator[Line]:
    """Rows, columns, and the first rows; of records that we know, in their own form."""
    rows, shown, schema = 0, [], pa.schema([])
    for path in paths:
        with open_binary(path) as stream:
            file = bounded(stream)
            rows += file.metadata.num_rows
            schema = schema if len(schema) else file.schema_arrow
            if len(shown) < limit and file.metadata.num_rows:
                batches = file.iter_batches(batch_size=limit, use_threads=False)
                shown += [row for batch in islice(batches, 1) for row in batch.to_pylist()]
    yield Line(f"{clean(name)}: Parquet, {rows} rows in {len(paths)} {'file' if len(paths) == 1 else 'files'}", "bold green")
    for field in schema:
        yield Line(f"  {clean(field.name, 40)}: {clean(_type(field.type), 100)}", "dim")
    for number, row in enumerate(shown[:limit], 1):
        yield Line("")
        yield from _row(number, row, schema)


def _row(number: int, row: dict, schema: pa.Schema) -> Iterable[Line]:
    for record_type, lines in _READABLE.items():
        if set(schema.names) == set(schema_of(record_type).names):
            return lines(from_row(record_type, row))
    head = Line(f"row {number}", "bold")
    if {"texts", "images"} <= set(row):
        rest = {name: value for name, value in row.items() if name not in ("texts", "images")}
        return (head, *interleaved_row_lines(row["texts"] or (), row["images"] or ()), *row_lines(rest))
    return (head, *row_lines(row))


def _type(kind: pa.DataType) -> str:
    """A column's type in few words: what is nested is only named."""
    if pa.types.is_struct(kind):
        return f"struct of {kind.num_fields}"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {_type(kind.value_type)}"
    return str(kind)


def _tar(stream: BinaryIO, limit: int) -> Iterator[Line]:
    """A shard's samples with their members; of any other tar, its members."""
    try:
        for key, members in islice(read_shard(stream), limit):
            sizes = ", ".join(f"{clean(name, 40)} {byte_size(len(data))}" for name, data in members.items())
            yield Line("")
            yield from sample_lines(key, decode_sample(members))
            yield Line(f"  members: {sizes}", "dim")
    except BadShard:
        yield Line("  not a shard of ours; its members:", "yellow")
        for name, size in islice(_tar_members(stream), limit):
            yield Line(f"  {clean(name, 120)}  {byte_size(size)}")


def _tar_members(stream: BinaryIO) -> Iterator[tuple[str, int]]:
    """Names and sizes as plain headers say; `tarfile` believes too much, see `read_shard`. Raises BadShard for an odd size."""
    at, end = 0, stream.seek(0, 2)
    while at < end:
        stream.seek(at)
        header = stream.read(_TAR_BLOCK)
        if header[_TAR_AT : _TAR_AT + len(_TAR)] != _TAR:
            return
        name, digits = header[:100].rstrip(b"\0").decode("utf-8", "backslashreplace"), header[124:136].strip(b" \0")
        size = int(digits, 8) if digits and not digits.strip(b"01234567") else -1
        if not 0 <= size <= end - at - _TAR_BLOCK:
            raise BadShard(f"{clean(name, 120)}: no size, or the file ends before so many bytes")
        yield name, size
        at += _TAR_BLOCK + size + -size % _TAR_BLOCK


def _archive(stream: BinaryIO, limit: int) -> Iterator[Line]:
    """One line a record: where it lies, what it is, what the server said, how long it is, its address."""
    found = stretches(stream, "", record_size_limits(ReadConfig()))
    members = chain.from_iterable(stretch.members for stretch in found)
    for member in islice(members, limit):
        yield _record(member)


def _record(member: Member | Fault) -> Line:
    if isinstance(member, Fault):
        return Line(f"{member.offset:>12}  {member.length} bytes: {member.reason}: {clean(member.detail, 100)}", "yellow")
    try:
        record = parse_record(member.data)
    except BadRecord as error:
        return Line(f"{member.offset:>12}  {error.reason}: {clean(error.detail, 100)}", "yellow")
    mime = clean(record.content_type.partition(";")[0], 40) or "-"
    status = record.status if record.status is not None else "-"
    length = byte_size(len(record.body))
    url = clean(safe_url(record.url), 200)
    return Line(f"{member.offset:>12}  {clean(record.kind, 12):<12} {status:>3}  {mime:<24} {length:>9}  {url}")
