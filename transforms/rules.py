"""A rulebook is a table: (reason, predicate) rows in; the first reason that a record breaks, or None, out."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from lamella.schemas.rejection import Reason


class Rule(NamedTuple):
    """One row: `broken(record, limits)` is true where the record must leave for `reason`; `detail` says what was measured."""

    reason: Reason
    broken: Callable[[Any, Any], bool]
    detail: Callable[[Any, Any], str] = lambda record, limits: ""


class Broken(NamedTuple):
    reason: Reason
    detail: str


def first_broken(record: Any, rules: Iterable[Rule], limits: Any) -> Broken | None:
    """The first rule in the table's order that the record breaks: cheap rules stand first."""
    for rule in rules:
        if rule.broken(record, limits):
            return Broken(rule.reason, rule.detail(record, limits))
    return None


def above(value: float, limit: float | None) -> bool:
    """Over a limit that is set."""
    return limit is not None and value > limit


def below(value: float, limit: float | None) -> bool:
    """Under a limit that is set."""
    return limit is not None and value < limit
