"""Books: the doors of every stage of a job go in; all Rejections, tallies summed by stage, unit and door, and what had to be
measured come out."""

import apache_beam as beam

from lamella.schemas.account import Door, Tally
from lamella.schemas.rejection import Stage, Unit


class Books:
    """Collects what does not go on, so that the story can speak of what does."""

    def __init__(self):
        self._rejected: list[beam.PCollection] = []
        self._tallies: list[beam.PCollection] = []
        self._counts: list[beam.PCollection] = []

    def keep(self, outcome):
        """Enters a stage's rejections and tallies, and hands its kept records on."""
        self.enter(outcome)
        return outcome.kept

    def enter(self, outcome) -> None:
        self._rejected.append(outcome.rejected)
        self._tallies.append(outcome.tallies)

    def recall(self, recalled):
        """Enters how much was measured, and how much was known; hands the answers on."""
        self._counts.append(recalled.counts)
        return recalled.answers

    def counts(self):
        """Counted, one a measure; None where nothing was asked of any."""
        return tuple(self._counts) | "All counts" >> beam.Flatten() if self._counts else None

    def rejected(self):
        return tuple(self._rejected) | "All rejections" >> beam.Flatten()

    def tallies(self):
        """The tallies as they were counted, one a bundle."""
        return tuple(self._tallies) | "All tallies" >> beam.Flatten()


class SumTallies(beam.PTransform):
    """Tallies as counted -> one Tally for each stage, unit and door: the same whatever the bundles were."""

    def expand(self, tallies):
        return tallies | beam.Map(_place) | beam.CombinePerKey(sum) | beam.MapTuple(_tally).with_output_types(Tally)


def _place(tally: Tally) -> tuple[tuple[str, str, str], int]:
    return (tally.stage.value, tally.unit.value, tally.door.value), tally.count


def _tally(place: tuple[str, str, str], count: int) -> Tally:
    stage, unit, door = place
    return Tally(stage=Stage(stage), unit=Unit(unit), door=Door(door), count=count)
