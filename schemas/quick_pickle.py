"""A frozen dataclass with slots -> the same class, which pickles without asking each instance for its fields.

Python's own pickling of such a class asks `dataclasses.fields` for every instance, on both sides. Records cross each shuffle
pickled, by the hundred thousand: that was a tenth of a run without models.
"""

from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def quick_pickle(cls: type[T]) -> type[T]:
    """Decorates a dataclass made with `frozen=True, slots=True`. What is pickled are its values, in the order of the fields."""
    names = tuple(field.name for field in fields(cls))  # pyright: ignore[reportArgumentType]
    values = attrgetter(*names) if len(names) > 1 else lambda self: tuple(getattr(self, name) for name in names)
    setters = tuple(getattr(cls, name).__set__ for name in names)  # of the slots: a frozen class sets nothing itself

    def getstate(self: T) -> tuple[Any, ...]:
        return values(self)

    def setstate(self: T, state: tuple[Any, ...]) -> None:
        for put, value in zip(setters, state, strict=True):
            put(self, value)

    cls.__getstate__, cls.__setstate__ = getstate, setstate  # pyright: ignore[reportAttributeAccessIssue]
    return cls
