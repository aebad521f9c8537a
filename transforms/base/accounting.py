"""The outputs of a stage's function for a record -> the same outputs and, at the end, Counters. A crash becomes a Rejection.

Only here does a stage count and catch: `Step` uses it, and so do the readers of archives and the writers of shards, which hold
their records in other ways. The law: in + made = kept + rejected, for each stage and unit.
"""

import collections
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lamella.schemas.account import Counter, CounterKind, units_of
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.watchdog import TimedOut, limited

Units = Iterable[tuple[Unit, int]]


class Account:
    """Counts of one stage, of the records of a bundle, an archive or a shard.

    Args:
        stage: whose account it is.
        makes: what is kept are new units (documents from pages). Else they are the units that entered, changed.
        units: what an output that is kept counts as.
        entry: what a record that enters is counted at; None: not at all, where an earlier step of the stage has counted it.
        leave: what is kept is counted at; None: a later step of the stage does.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        makes: bool = False,
        units: Callable[[Any], Units] = units_of,
        entry: CounterKind | None = CounterKind.IN,
        leave: CounterKind | None = CounterKind.KEPT,
    ):
        self._stage, self._makes, self._units, self._entry, self._leave = stage, makes, units, entry, leave
        self._counts: collections.Counter[tuple[str, Unit, CounterKind]] = collections.Counter()

    def add(self, kind: CounterKind | None, units: Units, archive: str = "") -> None:
        """Counts units of a kind. A count of 0 is told of, too."""
        for unit, count in units:
            if kind:
                self._counts[archive, unit, kind] += count

    def settled(self, entered: Units, outputs: Iterable[Any], archive: str = "") -> list[Any]:
        """The outputs of one record, once it and they are counted. Counters among them are passed on as they are."""
        entered, outputs = tuple(entered), list(outputs)
        self.add(self._entry, entered, archive)
        gone: collections.Counter[Unit] = collections.Counter()
        for output in outputs:
            if isinstance(output, Rejection):
                leaves = collections.Counter({output.unit: 1})
                if output.unit is Unit.DOCUMENT and output.nodes:
                    leaves[Unit.NODE] = output.nodes  # they leave with their document
                if output.unit in dict(entered):
                    gone += leaves
                elif self._makes:
                    self.add(CounterKind.MADE, leaves.items(), archive)
            elif not isinstance(output, Counter):
                units = tuple(self._units(output))
                self.add(self._leave, units, archive)
                if self._makes:
                    self.add(CounterKind.MADE, units, archive)
        if self._makes:
            self.add(self._leave, tuple((unit, count - gone[unit]) for unit, count in entered), archive)
        return outputs

    def counters(self) -> Iterator[Counter]:
        """What was counted, in a fixed order."""
        for (archive, unit, kind), count in sorted(self._counts.items()):
            yield Counter(stage=self._stage, unit=unit, kind=kind, count=count, archive=archive)


def caught(
    run: Callable[[], Iterable[Any]],
    left: Callable[[Reason, str], Rejection],
    *,
    limit_s: float | None = None,
    raises: tuple[type[Exception], ...] = (),
) -> list[Any]:
    """The outputs of a function on one record, or the one Rejection of a record that it crashed on, or took too long for.

    The one place that catches whatever is raised: it is counted, limited by `run.max_crash_ratio`, and never silent.

    Args:
        left: makes the Rejection, of a reason and its detail.
        limit_s: of time; None is none. `watchdog` says what it cannot stop.
        raises: errors of the infrastructure, which are no fault of the record and go on up.
    """
    try:
        return limited(limit_s, _listed, run) if limit_s else _listed(run)
    except TimedOut:
        return [left(Reason.TIMED_OUT, f"more than {limit_s:g} s")]
    except raises:
        raise
    except Exception as error:
        return [left(Reason.CRASHED, error_line(error))]


def error_line(error: BaseException) -> str:
    """An error's type and message, as the detail of a crash."""
    return f"{type(error).__name__}: {error}"[:500]


def left_behind(stage: Stage, record: Any, entered: Units) -> Callable[[Reason, str], Rejection]:
    """Makes the Rejection of a record as its first unit, with its nodes where that is a document."""
    units = dict(entered)
    unit = next(iter(units), Unit.RECORD)

    def left(reason: Reason, detail: str) -> Rejection:
        return Rejection(
            stage=stage,
            unit=unit,
            key=str(getattr(record, "key", None) or getattr(record, "url", "")),
            reason=reason,
            url=str(getattr(record, "url", "")),
            detail=detail,
            nodes=units.get(Unit.NODE, 0) if unit is Unit.DOCUMENT else 0,
            archive=archive_of(record),
        )

    return left


def archive_of(record: Any) -> str:
    """The archive that a record came from, where it knows."""
    provenance = getattr(record, "provenance", None)
    return provenance.archive if provenance else ""


def _listed(run: Callable[[], Iterable[Any]]) -> list[Any]:
    return list(run())
