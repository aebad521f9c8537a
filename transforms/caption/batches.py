"""Items -> batches of one fixed shape, so that a model's answer never depends on its neighbours."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any


def in_batches(ask: Callable[..., list[Any]], *columns: Sequence[Any], size: int) -> list[Any]:
    """The answers of `ask(*columns)`, one for each row. It is asked `size` rows at a time, the last ones filled up."""
    found: list[Any] = []
    for part in chunks(len(columns[0]), size):
        found += ask(*(filled_up(column[part], size) for column in columns))[: len(columns[0][part])]
    return found


def chunks(total: int, size: int) -> Iterable[slice]:
    return (slice(start, start + size) for start in range(0, total, size))


def filled_up(items: Sequence[Any], size: int) -> list[Any]:
    """The items, and the last of them again until there are `size`."""
    return [*items, *[items[-1]] * (size - len(items))]
