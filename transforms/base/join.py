"""Join: records of several kinds -> what a function makes of all that have one key. One shuffle.

Beam's CoGroupByKey takes a transform for each kind and one more, and hands a group over as lists. Here a kind is a tag on the
record, and a group is read as often as a function needs, and never held: a logo on every page is a group of millions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

Keyed = Callable[..., Iterable[tuple[Any, Any]]]  # a record -> (key, value), in any number


class Group:
    """The values of one key, by the name of their kind: `group["media"]` may be iterated any number of times."""

    def __init__(self, values: Iterable[tuple[int, Any]], numbers: Mapping[str, int]):
        self._values, self._numbers = values, numbers

    def __getitem__(self, name: str) -> "Kind":
        return Kind(self._values, self._numbers[name])

    @property
    def names(self) -> Iterable[str]:
        """Of all kinds, whether or not the key has any."""
        return self._numbers

    def first(self, name: str, default: Any = None) -> Any:
        """The one value of a kind that has at most one a key."""
        return next(iter(self[name]), default)


class Kind:
    """The values of one kind: an iterable, and no list."""

    def __init__(self, values: Iterable[tuple[int, Any]], number: int):
        self._values, self._number = values, number

    def __iter__(self) -> Iterator[Any]:
        return (value for number, value in self._values if number == self._number)


class Join(beam.PTransform):
    """{name: records} -> what `joined(key, Group)` yields for each key.

    Args:
        keyed: by name, a module-level function of a record that gives (key, value) for each key that the record goes to.
        joined: a module-level function; yields outputs, those of other names as `beam.pvalue.TaggedOutput`.
        gives: the type of the outputs, or of the main ones.
        outputs: the types of the others, by name; where there are any, the result has an output of each, and `main`.
        by: the type of the keys.
        sides: side inputs, handed to `joined` after the group.
    """

    def __init__(
        self,
        keyed: Mapping[str, Keyed],
        joined: Callable[..., Iterable[Any]],
        gives: Any,
        *,
        outputs: Mapping[str, Any] | None = None,
        by: Any = str,
        sides: Sequence[Any] = (),
    ):
        super().__init__()
        self._keyed, self._joined, self._gives, self._outputs = keyed, joined, gives, outputs or {}
        self._by, self._sides = by, sides

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        numbers = {name: number for number, name in enumerate(self._keyed)}
        pair = tuple[self._by, tuple[int, Any]]
        tagged = [
            inputs[name]
            | f"Key {name.replace('/', ' ')}" >> beam.ParDo(_Tagged(number, self._keyed[name])).with_output_types(pair)
            for name, number in numbers.items()
        ]
        together = tagged[0] if len(tagged) == 1 else tuple(tagged) | beam.Flatten()
        join = beam.ParDo(_Joined(numbers, self._joined), *self._sides).with_output_types(self._gives, **self._outputs)
        return together | beam.GroupByKey() | (join.with_outputs(*self._outputs, main="main") if self._outputs else join)


def by_key(record: Any) -> Iterable[tuple[str, Any]]:
    """The record by its key."""
    return ((record.key, record),)


def by_url(record: Any) -> Iterable[tuple[str, Any]]:
    """The record by its address."""
    return ((record.url, record),)


def as_it_is(pair: tuple[Any, Any]) -> Iterable[tuple[Any, Any]]:
    """What is (key, value) already."""
    return (pair,)


class _Tagged(beam.DoFn):
    """A record -> (key, (number of its kind, value)). What it needs it holds: Beam compares arguments again for each record."""

    def __init__(self, number: int, keyed: Keyed):
        self._number, self._keyed = number, keyed

    def process(self, record):
        number = self._number
        return [(key, (number, value)) for key, value in self._keyed(record)]


class _Joined(beam.DoFn):
    """(key, tagged values) -> what the function makes of the group."""

    def __init__(self, numbers: Mapping[str, int], joined: Callable[..., Iterable[Any]]):
        self._numbers, self._joined = numbers, joined

    def process(self, grouped, *sides):
        key, values = grouped
        return self._joined(key, Group(values, self._numbers), *sides) or ()
