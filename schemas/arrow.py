"""Records to Arrow and back: a frozen dataclass in, its one fixed schema, rows, tables and the bytes of a Parquet file out.

A union of dataclasses (the nodes of a document) becomes one struct with a `kind` column and every field of its members.
Text is `large_string`, so that no table can overflow 2 GiB of text.
"""

import types
import typing
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from io import BytesIO
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
    for row in table.to_pylist():
        yield from_row(record_type, row)


def parquet_bytes(table: pa.Table, row_group: int) -> bytes:
    """A Parquet file whose bytes depend on the rows and on pyarrow's version alone.

    Args:
        table: any.
        row_group: rows that a reader has to hold at once.
    """
    out = BytesIO()
    pq.write_table(table, out, compression="zstd", row_group_size=row_group, version="2.6", data_page_version="1.0")
    return out.getvalue()


def to_row(record: Any) -> dict[str, Any]:
    """A record as nested dicts and lists; a member of a union names its type under `kind`."""
    return {name: _encode(getattr(record, name), hint) for name, hint in _hints(type(record)).items()}


def from_row(record_type: type, row: dict[str, Any]) -> Any:
    return record_type(**{name: _decode(row[name], hint) for name, hint in _hints(record_type).items()})


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


def _encode(value: Any, hint: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str | int | float | bytes):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, tuple):
        inner = typing.get_args(_inner(hint))[0]
        return [_encode(item, inner) for item in value]
    row = to_row(value)
    return {"kind": type(value).__name__} | row if _members(_inner(hint)) else row


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    return [_without_surrogates(item) for item in value] if isinstance(value, list) else value


def _decode(value: Any, hint: Any) -> Any:
    hint = _inner(hint)
    if value is None or hint in _SCALARS:
        return value
    if isinstance(value, list):
        inner = typing.get_args(hint)[0]
        return tuple(_decode(item, inner) for item in value)
    if members := _members(hint):
        by_name = {member.__name__: member for member in members}
        return from_row(by_name[value["kind"]], value)
    if isinstance(value, dict):
        return from_row(hint, value)
    return hint(value)  # an Enum
