"""Step: runs a plain function `(record, config) -> records and Rejections` with two outputs, and counts what enters and leaves.

Records go in; `kept` records, `rejected` Rejections and `counters` come out. A crash of the function is a Rejection too
(`crashed`, with the last line of its traceback): one bad record never ends a run. Nor does one hold it: a function that takes
longer than `record_timeout_s` of its config is stopped, and the record is `timed_out`. `watchdog` says what it cannot stop.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from lamella.schemas.account import Counter, CounterKind, units_of
from lamella.schemas.config import Timed
from lamella.schemas.rejection import Rejection, Stage
from lamella.transforms.base.accounting import Account, Units, archive_of, caught, left_behind

Function = Callable[..., Iterable[Any]]


class Outcome(NamedTuple):
    """The outputs of a stage. `kept` goes on; the pipeline's ledger takes the others."""

    kept: beam.PCollection
    rejected: beam.PCollection
    counters: beam.PCollection


class Told(NamedTuple):
    """An Outcome, and what was told of every record that entered."""

    kept: beam.PCollection
    rejected: beam.PCollection
    counters: beam.PCollection
    told: beam.PCollection


class Tells(NamedTuple):
    """What a step tells of each record beside what it makes of it."""

    tell: Callable[[Any, Sequence[Any]], Any]  # a record that entered, and all that came of it -> what is told
    gives: Any  # its type


class Step(beam.PTransform):
    """Applies `function(record, config, *given)` to every record.

    Args:
        stage: whose account is kept.
        function: a module-level function; yields kept records, Rejections, and Counters of its own where it counts units
            that the graph does not see.
        config: the stage's frozen config, handed to the function; must pickle small. The `record_timeout_s` of a Timed
            one is the limit of time for a record, and as many times that for a group as it has units.
        gives: the type of what is kept, or a union of types.
        given: what the function needs beside its config, such as the store of media; must pickle small.
        counts: what a record that enters counts as; `units_of` by default. For a step over groups, pass the group's count.
        units: what a record that is kept counts as.
        makes: the kept records are new units (documents from pages, pairs from documents). Else they are the same
            units, changed.
        entry: what a record that enters is counted as, or a function that tells it of a record; MADE where units come
            into being ahead of the stage's first step, None where an earlier step has counted them.
        leave: what a record that is kept is counted as; None where a later step of the stage counts it.
        setup: called once a worker before the first record, for models and tables: `setup(config)`.
        tells: what is told of each record; the result is Told then.
    """

    def __init__(
        self,
        stage: Stage,
        function: Function,
        config: Any,
        gives: Any,
        *,
        given: tuple = (),
        counts: Callable[[Any], Units] = units_of,
        units: Callable[[Any], Units] = units_of,
        makes: bool = False,
        entry: CounterKind | Callable[[Any], CounterKind] | None = CounterKind.IN,
        leave: CounterKind | None = CounterKind.KEPT,
        setup: Callable[[Any], object] | None = None,
        tells: Tells | None = None,
    ):
        super().__init__(label=function.__name__)
        self._gives, self._tells = gives, tells
        kind_of = None if entry is None or isinstance(entry, CounterKind) else entry
        account = {"makes": makes, "units": units, "entry": None if kind_of else entry, "leave": leave}
        self._do = _Counted(
            stage, function, config, given, counts=counts, account=account, setup=setup, kind_of=kind_of, tells=tells
        )

    def expand(self, records):
        outputs = {"rejected": Rejection, "counters": Counter} | ({"told": self._tells.gives} if self._tells else {})
        out = records | beam.ParDo(self._do).with_output_types(self._gives, **outputs).with_outputs(*outputs, main="kept")
        outcome = Outcome(out.kept, out.rejected, out.counters)
        return Told(*outcome, out.told) if self._tells else outcome


class _Counted(beam.DoFn):
    def __init__(self, stage, function, config, given, *, counts, account, setup, kind_of, tells):
        self._stage, self._function, self._config, self._given = stage, function, config, given
        self._counts, self._account_of, self._setup, self._kind_of, self._tells = counts, account, setup, kind_of, tells

    def setup(self):
        self._limit_s = self._config.record_timeout_s if isinstance(self._config, Timed) else None
        if self._setup:
            self._setup(self._config)

    def start_bundle(self):
        self._account = Account(self._stage, **self._account_of)

    def process(self, record):
        entered = tuple(self._counts(record))
        limit_s = self._limit_s and self._limit_s * max(entered[0][1] if entered else 1, 1)
        run = partial(self._function, record, self._config, *self._given)
        outputs = caught(run, left_behind(self._stage, record, entered), limit_s=limit_s)
        if self._tells:
            yield beam.pvalue.TaggedOutput("told", self._tells.tell(record, outputs))
        if self._kind_of:
            self._account.add(self._kind_of(record), entered, archive_of(record))
        for output in self._account.settled(entered, outputs, archive_of(record)):
            if isinstance(output, Rejection):
                yield beam.pvalue.TaggedOutput("rejected", output)
            elif isinstance(output, Counter):
                yield beam.pvalue.TaggedOutput("counters", output)
            else:
                yield output

    def finish_bundle(self):
        # A bundle that is retried throws these away with its other outputs, so sums are exact where Beam's counters are not.
        for counter in self._account.counters():
            yield beam.pvalue.TaggedOutput("counters", WindowedValue(counter, MIN_TIMESTAMP, [GlobalWindow()]))
