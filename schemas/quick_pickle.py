"""A frozen class of records -> the same class, of which a record is pickled with all records in it by one call.

Records cross each shuffle pickled, by the hundred thousand. By Python's own way each record, each record in it and each member
of an enumeration is asked how it is to be pickled and told its state: a seventh of a run was that. Here a class has two
functions, made from the types of its fields: one makes tuples of plain values of a record and all that it holds, which pickle
writes without a question; the other makes the record of them again.
"""

import copyreg
from collections.abc import Callable
from dataclasses import fields, is_dataclass, make_dataclass
from enum import Enum
from functools import partial
from importlib import import_module
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class _Codec(NamedTuple):
    pack: Callable[[Any], Any]  # a record -> its values; or of another value what stands for it
    unpack: Callable[..., Any]  # its values, one after the other -> the record; what stands for a value -> the value


_codecs: dict[type, _Codec] = {}


def quick_pickle(cls: type[T]) -> type[T]:
    """Decorates a dataclass made with `frozen=True, slots=True`, or a NamedTuple, behind those that its fields name.

    A field that holds something else than its type says is pickled as it is, with its record.
    """
    names = [field.name for field in fields(cls)] if is_dataclass(cls) else list(cls._fields)  # pyright: ignore[reportAttributeAccessIssue]
    values = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)
    pack, unpack = _codecs[cls] = _codec(cls, names, values)
    unpack.__module__, unpack.__qualname__ = __name__, f"{cls.__module__.replace('.', '/')}:{cls.__qualname__}"
    globals()[unpack.__qualname__] = unpack  # pickle finds a function by its name

    def reduced(record: T) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        try:
            return unpack, pack(record)
        except _OfAnotherType:
            return _plain, (cls, *values(record))

    copyreg.pickle(cls, reduced)  # pyright: ignore[reportArgumentType]
    return cls


def __getattr__(name: str) -> Callable[..., Any]:
    """`unpack` of a class whose module this process has not imported yet."""
    module, _, qualname = name.partition(":")
    if not qualname:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _codecs[attrgetter(qualname)(import_module(module.replace("/", ".")))].unpack


class _OfAnotherType(Exception):
    """A field holds something else than its type says."""


def _codec(cls: type, names: list[str], values: Callable[[Any], tuple[Any, ...]]) -> _Codec:
    hints = get_type_hints(cls)
    ways = [(place, *way) for place, name in enumerate(names) if (way := _way(hints[name]))]
    make = _maker(cls, names)
    if not ways:
        return _Codec(values, lambda *values: make(values))

    def pack(record: Any) -> tuple[Any, ...]:
        out = list(values(record))
        for place, packed, _ in ways:
            out[place] = packed(out[place])
        return tuple(out)

    def unpack(*values: Any) -> Any:
        out = list(values)
        for place, _, unpacked in ways:
            out[place] = unpacked(out[place])
        return make(out)

    return _Codec(pack, unpack)


def _maker(cls: type, names: list[str]) -> Callable[[Any], Any]:
    """The values of all fields -> an instance of a class."""
    if issubclass(cls, tuple):
        return cls._make  # pyright: ignore[reportAttributeAccessIssue]
    if cls.__bases__ != (object,):
        return lambda values: _plain(cls, *values)
    # A frozen class sets nothing itself, and each setter of a slot is a call. An open class with the same slots sets them in
    # the interpreter's quickest way, and its instance may become one of the frozen class.
    opened = make_dataclass(cls.__name__, names, slots=True, repr=False, eq=False, match_args=False)

    def make(values: Any) -> Any:
        record = opened(*values)
        record.__class__ = cls
        return record

    return make


def _plain(cls: Any, *values: Any) -> Any:
    """As they are."""
    if issubclass(cls, tuple):
        return cls._make(values)  # pyright: ignore[reportAttributeAccessIssue]
    record, names = cls.__new__(cls), fields(cls)
    for field, value in zip(names, values, strict=True):
        object.__setattr__(record, field.name, value)
    return record


def _way(hint: Any) -> _Codec | None:
    """How a value of a type is packed and unpacked; None where pickle takes it as it is."""
    inner = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _Codec(partial(_value_of, hint), hint._value2member_map_.__getitem__)
    if hint in _codecs:
        return _Codec(partial(_packed, hint, _codecs[hint].pack), partial(_spread, _codecs[hint].unpack))
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in inner if kind is not NoneType]
        way = _way(kinds[0]) if len(kinds) == 1 else _way_of_several(kinds)
        if way is None or NoneType not in inner:
            return way
        return _Codec(partial(_unless_none, way.pack), partial(_unless_none, way.unpack))
    if get_origin(hint) is tuple and inner[1:] == (...,) and (way := _way(inner[0])):
        return _Codec(partial(_each_packed, way.pack), partial(_each, way.unpack))
    return None


def _way_of_several(kinds: list[Any]) -> _Codec | None:
    """Of a union of classes that are pickled so: (number of the class, its values)."""
    if not all(kind in _codecs for kind in kinds):
        return None
    numbers = {kind: (number, _codecs[kind].pack) for number, kind in enumerate(kinds)}
    unpacks = [_codecs[kind].unpack for kind in kinds]

    def pack(value: Any) -> tuple[int, Any]:
        if type(value) not in numbers:
            raise _OfAnotherType
        number, packed = numbers[type(value)]
        return number, packed(value)

    return _Codec(pack, lambda numbered: unpacks[numbered[0]](*numbered[1]))


def _value_of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise _OfAnotherType
    return value._value_


def _packed(kind: type, pack: Callable, value: Any) -> Any:
    if type(value) is not kind:
        raise _OfAnotherType
    return pack(value)


def _spread(unpack: Callable, values: tuple) -> Any:
    return unpack(*values)


def _unless_none(way: Callable, value: Any) -> Any:
    return None if value is None else way(value)


def _each_packed(way: Callable, values: Any) -> tuple:
    if type(values) is not tuple:
        raise _OfAnotherType
    return tuple([way(value) for value in values])


def _each(way: Callable, values: tuple) -> tuple:
    return tuple([way(value) for value in values])
