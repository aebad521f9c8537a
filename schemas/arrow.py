"""A frozen dataclass -> its one fixed Arrow schema; records -> rows, tables and the bytes of a Parquet file; and back.

A union of dataclasses (the nodes of a document) becomes one struct with a `kind` column and every field of its members.
Text is `large_string`, so that no table can overflow 2 GiB of text.
"""

import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from io import BytesIO
from operator import attrgetter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_SCALARS = {str: pa.large_string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), bytes: pa.large_binary()}


@cache
def schema_of(record_type: type) -> pa.Schema:
    """The Arrow schema of a record type; raises TypeError for a field that has no Arrow form."""
    return pa.schema(_fields(record_type))


def to_table(record_type: type, records: Iterable[Any]) -> pa.Table:
    """The records as a table. A lone surrogate, which Arrow refuses, becomes a question mark."""
    rows = [to_row(record) for record in records]
    try:
        return pa.Table.from_pylist(rows, schema=schema_of(record_type))
    except UnicodeEncodeError:
        return pa.Table.from_pylist([_without_surrogates(row) for row in rows], schema=schema_of(record_type))


def from_table(record_type: type, table: pa.Table | pa.RecordBatch) -> Iterable[Any]:
    return map(_reader(record_type), table.to_pylist())


def parquet_bytes(table: pa.Table, row_group: int, compression: str = "zstd") -> bytes:
    """A Parquet file whose bytes depend on the rows and on pyarrow's version alone.

    Args:
        table: any.
        row_group: rows that a reader has to hold at once.
        compression: of each column chunk.
    """
    out = BytesIO()
    pq.write_table(table, out, compression=compression, row_group_size=row_group, version="2.6", data_page_version="1.0")
    return out.getvalue()


def to_row(record: Any) -> dict[str, Any]:
    """A record as nested dicts and lists; a member of a union names its type under `kind`."""
    return _writer(type(record))(record)


def from_row(record_type: type, row: dict[str, Any]) -> Any:
    return _reader(record_type)(row)


@cache
def _hints(record_type: type) -> dict[str, Any]:
    hints = typing.get_type_hints(record_type)
    return {field.name: hints[field.name] for field in fields(record_type)}


@cache
def _members(hint: Any) -> tuple[type, ...]:
    """The dataclasses of a union, or () where the hint is no union of several."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        members = tuple(member for member in typing.get_args(hint) if member is not types.NoneType)
        return members if len(members) > 1 else ()
    return ()


@cache
def _inner(hint: Any) -> Any:
    """`T` for `T | None`, else the hint itself."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        members = [member for member in typing.get_args(hint) if member is not types.NoneType]
        return members[0] if len(members) == 1 else hint
    return hint


def _fields(record_type: type) -> list[pa.Field]:
    return [pa.field(name, _arrow_type(hint)) for name, hint in _hints(record_type).items()]


def _arrow_type(hint: Any) -> pa.DataType:
    hint = _inner(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return pa.large_string()
    if isinstance(hint, type) and is_dataclass(hint):
        return pa.struct(_fields(hint))
    if typing.get_origin(hint) is tuple:
        return pa.large_list(_arrow_type(typing.get_args(hint)[0]))
    if members := _members(hint):
        merged: dict[str, pa.DataType] = {"kind": pa.large_string()}
        for member in members:
            merged.update({field.name: field.type for field in _fields(member)})
        return pa.struct(list(merged.items()))
    raise TypeError(f"no Arrow form for {hint}")


@cache
def _writer(record_type: type) -> Callable[[Any], dict[str, Any]]:
    """What makes a row of a record. It is laid out once a type: what stays as it is costs no call."""
    hints = _hints(record_type)
    values = attrgetter(*hints)
    coded = [(name, encode) for name, hint in hints.items() if (encode := _encoder(hint)) is not None]

    def write(record: Any) -> dict[str, Any]:
        row = dict(zip(hints, values(record) if len(hints) > 1 else (values(record),), strict=True))
        for name, encode in coded:
            if (value := row[name]) is not None:
                row[name] = encode(value)
        return row

    return write


@cache
def _encoder(hint: Any) -> Callable[[Any], Any] | None:
    """What makes Arrow's form of a value that is not None; None where it has it."""
    hint = _inner(hint)
    if hint in _SCALARS:
        return None
    if isinstance(hint, type) and issubclass(hint, Enum):
        return attrgetter("value")
    if typing.get_origin(hint) is tuple:
        return _listed(list, _encoder(typing.get_args(hint)[0]))
    if members := _members(hint):
        by_type = {member: (member.__name__, _writer(member)) for member in members}

        def encode(value: Any) -> dict[str, Any]:
            kind, write = by_type[type(value)]
            return {"kind": kind} | write(value)

        return encode
    return _writer(hint)


def _listed(kind: type, change: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """What makes a `kind` of a sequence, each item changed where it is not None."""
    if change is None:
        return kind
    return lambda items: kind([None if item is None else change(item) for item in items])


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    return [_without_surrogates(item) for item in value] if isinstance(value, list) else value


@cache
def _reader(record_type: type) -> Callable[[dict[str, Any]], Any]:
    """What makes a record of a row, as `_writer` does the other way."""
    hints = _hints(record_type)
    coded = [(name, decode) for name, hint in hints.items() if (decode := _decoder(hint)) is not None]

    def read(row: dict[str, Any]) -> Any:
        values = {name: row[name] for name in hints}
        for name, decode in coded:
            if (value := values[name]) is not None:
                values[name] = decode(value)
        return record_type(**values)

    return read


@cache
def _decoder(hint: Any) -> Callable[[Any], Any] | None:
    hint = _inner(hint)
    if hint in _SCALARS:
        return None
    if typing.get_origin(hint) is tuple:
        return _listed(tuple, _decoder(typing.get_args(hint)[0]))
    if members := _members(hint):
        by_name = {member.__name__: _reader(member) for member in members}
        return lambda row: by_name[row["kind"]](row)
    return _reader(hint) if is_dataclass(hint) else hint  # an Enum
