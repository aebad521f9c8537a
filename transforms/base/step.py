"""Step: runs a plain function `(record, config) -> records and Rejections` behind two doors, and counts at both.

Records go in; `kept` records, `rejected` Rejections and `tallies` come out. A crash of the function is a Rejection too
(`crashed`, with the last line of its traceback): one bad record never ends a run. Nor does one hold it: a function that takes
longer than `record_timeout_s` of its config is stopped, and the record is `timed_out`. `watchdog` says what it cannot stop.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from lamella.schemas.account import Door, Tally, units_of
from lamella.schemas.config import Timed
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.watchdog import TimedOut, limited

Function = Callable[[Any, Any], Iterable[Any]]
Units = Iterable[tuple[Unit, int]]


class Outcome(NamedTuple):
    """The doors of a stage. `kept` goes on; the pipeline's ledger takes the others."""

    kept: beam.PCollection
    rejected: beam.PCollection
    tallies: beam.PCollection


class Step(beam.PTransform):
    """Applies `function(record, config)` to every record.

    Args:
        stage: whose account is kept.
        function: a module-level function; yields kept records, Rejections, and Tallies of its own where it counts units
            that the graph does not see.
        config: the stage's frozen config, handed to the function; must pickle small. The `record_timeout_s` of a Timed
            one is the limit of time for a record, and as many times that for a group as it has units.
        gives: the type of what is kept.
        counts: what a record that enters counts as; `units_of` by default. For a step over groups, pass the group's count.
        makes: the kept records are new units (documents from pages, pairs from documents). Else they are the same
            units, changed.
        setup: called once a worker before the first record, for models and tables: `setup(config)`.
    """

    def __init__(
        self,
        stage: Stage,
        function: Function,
        config: Any,
        gives: type,
        *,
        counts: Callable[[Any], Units] = units_of,
        makes: bool = False,
        setup: Callable[[Any], object] | None = None,
    ):
        super().__init__(label=function.__name__)
        self._gives = gives
        self._do = _Doors(stage, function, config, counts, makes, setup)

    def expand(self, records):
        out = records | beam.ParDo(self._do).with_output_types(self._gives, rejected=Rejection, tallies=Tally).with_outputs(
            "rejected", "tallies", main="kept"
        )
        return Outcome(out.kept, out.rejected, out.tallies)


class _Doors(beam.DoFn):
    def __init__(self, stage, function, config, counts, makes, setup):
        self._stage, self._function, self._config = stage, function, config
        self._counts, self._makes, self._setup = counts, makes, setup

    def setup(self):
        self._limit_s = self._config.record_timeout_s if isinstance(self._config, Timed) else None
        if self._setup:
            self._setup(self._config)

    def start_bundle(self):
        self._tally = Counter()

    def process(self, record):
        entered = tuple(self._counts(record))
        self._archive = archive_of(record)
        self._add(Door.IN, entered)
        limit_s = self._limit_s and self._limit_s * max(entered[0][1] if entered else 1, 1)
        try:
            outputs = limited(limit_s, self._run, record) if limit_s else self._run(record)
        except TimedOut:
            outputs = [_left(self._stage, record, entered, Reason.TIMED_OUT, f"more than {limit_s:g} s")]
        except Exception as error:  # the crash door: counted, limited by `max_crash_ratio`, never silent
            outputs = [crashed(self._stage, record, entered, error)]
        gone = Counter()
        for output in outputs:
            if isinstance(output, Rejection):
                leaves = Counter({output.unit: 1})
                if output.unit is Unit.DOCUMENT and output.nodes:
                    leaves[Unit.NODE] = output.nodes  # they leave with their document
                if output.unit in dict(entered):
                    gone += leaves
                elif self._makes:
                    self._add(Door.MADE, leaves.items())
                yield beam.pvalue.TaggedOutput("rejected", output)
            elif isinstance(output, Tally):
                yield beam.pvalue.TaggedOutput("tallies", output)
            else:
                units = tuple(units_of(output))
                self._add(Door.KEPT, units)
                if self._makes:
                    self._add(Door.MADE, units)
                yield output
        if self._makes:
            self._add(Door.KEPT, tuple((unit, count - gone[unit]) for unit, count in entered))

    def _run(self, record: Any) -> list[Any]:
        return list(self._function(record, self._config))

    def finish_bundle(self):
        # A bundle that is retried throws these away with its other outputs, so sums are exact where Beam's counters are not.
        for (archive, unit, door), count in sorted(self._tally.items()):
            tally = Tally(stage=self._stage, unit=unit, door=door, count=count, archive=archive)
            yield beam.pvalue.TaggedOutput("tallies", WindowedValue(tally, MIN_TIMESTAMP, [GlobalWindow()]))

    def _add(self, door: Door, units: Units):
        for unit, count in units:
            self._tally[self._archive, unit, door] += count


def archive_of(record: Any) -> str:
    """The archive that a record came from, where it knows."""
    provenance = getattr(record, "provenance", None)
    return provenance.archive if provenance else ""


def crashed(stage: Stage, record: Any, entered: Units, error: Exception) -> Rejection:
    """The Rejection of a record whose step raised: its first unit, with the error's type and message."""
    return _left(stage, record, entered, Reason.CRASHED, f"{type(error).__name__}: {error}"[:500])


def _left(stage: Stage, record: Any, entered: Units, reason: Reason, detail: str) -> Rejection:
    units = dict(entered)
    unit = next(iter(units), Unit.RECORD)
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
