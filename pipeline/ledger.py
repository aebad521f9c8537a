"""Ledger: the doors of every stage of a job go in; all Rejections, counters summed by stage, unit and door, and what had to be
measured come out."""

import apache_beam as beam

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.rejection import Stage, Unit


class Ledger:
    """Collects what does not go on, so that the story can speak of what does."""

    def __init__(self):
        self._rejected: list[beam.PCollection] = []
        self._counters: list[beam.PCollection] = []
        self._counts: list[beam.PCollection] = []

    def keep(self, outcome):
        """Enters a stage's rejections and counters, and hands its kept records on."""
        self.enter(outcome)
        return outcome.kept

    def enter(self, outcome) -> None:
        self._rejected.append(outcome.rejected)
        self._counters.append(outcome.counters)

    def recall(self, recalled):
        """Enters how much was measured, and how much was known; hands the answers on."""
        self._counts.append(recalled.counts)
        return recalled.answers

    def counts(self):
        """Counted, one a measure; None where nothing was asked of any."""
        return tuple(self._counts) | "All counts" >> beam.Flatten() if self._counts else None

    def rejected(self):
        return tuple(self._rejected) | "All rejections" >> beam.Flatten()

    def counters(self):
        """The counters as they were counted, one a bundle."""
        return tuple(self._counters) | "All counters" >> beam.Flatten()


class SumCounters(beam.PTransform):
    """Counters as counted -> one Counter for each stage, unit and door: the same whatever the bundles were."""

    def expand(self, counters):
        return counters | beam.Map(_key_of) | beam.CombinePerKey(sum) | beam.MapTuple(_counter).with_output_types(Counter)


def _key_of(counter: Counter) -> tuple[tuple[str, str, str], int]:
    return (counter.stage.value, counter.unit.value, counter.door.value), counter.count


def _counter(key: tuple[str, str, str], count: int) -> Counter:
    stage, unit, door = key
    return Counter(stage=Stage(stage), unit=Unit(unit), door=CounterKind(door), count=count)
