"""A record and its limits -> the first Violation, or None: a rule is one row, and a rulebook is a table of them.

    Over(Reason.TOO_MANY_SHORT_LINES, TextMeasures.short_lines, "max_short_lines", when=is_long_enough, source="FineWeb")

From the row come the verdict, the Rejection's measure, value and limit, the report's label and chart, and what `lamella rules`
says.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter, gt, lt
from pathlib import PurePath
from typing import Any, NamedTuple

from pydantic import BaseModel

from lamella.schemas.rejection import Reason, Stage, Unit

Condition = Callable[[Any, Any], bool]  # (record, limits) -> whether the rule speaks of the record
Measure = Callable[[Any], float | None] | cached_property | property


class Violation(NamedTuple):
    """What a rule says of a record that breaks it; the fields of a Rejection."""

    reason: Reason
    measure: str = ""  # what was measured, by name
    value: float | None = None
    limit: float | None = None
    detail: str = ""  # what the numbers do not say: the word that was found, the copy that stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. Made by `Over`, `Under` and `Found`."""

    reason: Reason
    measure: str  # its name: that of the function or attribute
    limit: str  # the limit's key in the rulebook's config; "" is a rule without one
    sign: str  # how a record breaks the rule: ">" its limit, "<" its limit, or "" where something is found
    source: str  # where the rule comes from: a paper, a project, or ours
    file: str
    line: int
    broken: Callable[[Any, Any, Any], Violation | None]  # (record, the limit's value, limits)
    when: tuple[Condition, ...]
    read: Callable[[Any], float | None] | None = None  # the measure of a record, where it is a number

    def check(self, record: Any, limits: Any) -> Violation | None:
        """The Violation, where the limit is set, the rule speaks of the record, and the record breaks it."""
        limit = getattr(limits, self.limit) if self.limit else True
        if limit is None or limit is False:
            return None
        for condition in self.when:
            if not condition(record, limits):
                return None
        return self.broken(record, limit, limits)


def Over(
    reason: Reason,
    measure: Measure,
    limit: str,
    *,
    when: Condition | tuple[Condition, ...] = (),
    detail: Callable[[Any], str] | None = None,
    source: str = "",
) -> Rule:
    """Broken where the measure is above its limit.

    Args:
        measure: a function of the record, or an attribute as its class has it (`TextMeasures.short_lines`). Its name is the
            measure's name in a Rejection. It is made only where the limit is set.
        limit: the key in the rulebook's config. None there leaves the rule out.
        when: the rule speaks only of records for which all of these hold.
        detail: what the numbers do not say, of a record that breaks the rule.
        source: a paper, a project, "ours"; "" where the limit's own line in the config says it.
    """
    return _compared(">", reason, measure, limit, when=when, detail=detail, source=source)


def Under(
    reason: Reason,
    measure: Measure,
    limit: str,
    *,
    when: Condition | tuple[Condition, ...] = (),
    detail: Callable[[Any], str] | None = None,
    source: str = "",
) -> Rule:
    """Broken where the measure is below its limit; the rest as for `Over`."""
    return _compared("<", reason, measure, limit, when=when, detail=detail, source=source)


def Found(
    reason: Reason,
    measure: Callable[[Any, Any], str],
    limit: str = "",
    *,
    when: Condition | tuple[Condition, ...] = (),
    source: str = "",
) -> Rule:
    """Broken where `measure(record, limits)` finds something: its text is the Rejection's detail, "" is nothing.

    `limit` is the key of the words to look for, or of a switch; "" is a rule that is always on.
    """

    def broken(record: Any, limit_value: Any, limits: Any) -> Violation | None:
        found = measure(record, limits)
        return Violation(reason, measure=name, detail=found) if found else None

    name = _name_of(measure)
    return _row(reason, name, limit, broken, sign="", when=when, source=source)


def _compared(sign, reason, measure, limit, *, when, detail, source) -> Rule:
    name, read, beyond = _name_of(measure), _reader(measure), gt if sign == ">" else lt

    def broken(record: Any, limit_value: float, limits: Any) -> Violation | None:
        value = read(record)
        if value is None or not beyond(value, limit_value):
            return None
        return Violation(reason, name, float(value), float(limit_value), detail(record) if detail else "")

    return _row(reason, name, limit, broken, sign=sign, when=when, source=source, read=read)


def _row(reason, measure, limit, broken, *, sign, when, source, read=None) -> Rule:
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__ and frame.f_back:
        frame = frame.f_back
    return Rule(
        reason=reason,
        measure=measure,
        limit=limit,
        sign=sign,
        source=source,
        file=frame.f_code.co_filename,
        line=frame.f_lineno,
        broken=broken,
        when=when if isinstance(when, tuple) else (when,),
        read=read,
    )


def _name_of(measure: Any) -> str:
    if isinstance(measure, property):
        return _name_of(measure.fget)
    name = measure.attrname if isinstance(measure, cached_property) else measure.__name__
    return str(name).lstrip("_")


def _reader(measure: Any) -> Callable[[Any], float | None]:
    return attrgetter(_name_of(measure)) if isinstance(measure, cached_property | property) else measure


@dataclass(frozen=True, slots=True)
class RuleScope:
    """What the rulebooks of one stage and unit have in common: `SCOPE.book("size of a picture", *rules)` makes one."""

    stage: Stage
    unit: Unit
    config: str  # where the limits stand in the Config: "filter.node"
    limits: type[BaseModel]

    def book(self, name: str, *rules: Rule) -> "Rulebook":
        """Rows in the order in which they are tried.

        Args:
            name: in `lamella rules`.
            rules: cheap ones first; where one defect breaks several, the one that names it best.

        Raises:
            ValueError: a row's limit is no key of `limits`.
        """
        for rule in rules:
            if rule.limit and rule.limit not in self.limits.model_fields:
                place = f"{PurePath(rule.file).name}:{rule.line}"
                raise ValueError(f"{place}: {self.config} has no key {rule.limit!r}")
        return Rulebook(name=name, scope=self, rules=rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """A table of rules. Made by `RuleScope.book`."""

    name: str
    scope: RuleScope
    rules: tuple[Rule, ...]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)


def apply_rules(book: Rulebook, record: Any, limits: Any) -> Violation | None:
    """The first rule that the record breaks, or None."""
    for rule in book.rules:
        if violation := rule.check(record, limits):
            return violation
    return None
