"""The outputs of all stages of a job -> its Rejections, its Counters, and how much was measured."""

import apache_beam as beam


class Ledger:
    """Collects what leaves the stages, so that the story shows only what goes on."""

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
        self.count(recalled.counts)
        return recalled.answers

    def count(self, counts: beam.PCollection) -> None:
        """Enters Counted alone."""
        self._counts.append(counts)

    @property
    def asks(self) -> bool:
        """Whether a memory was asked anything."""
        return bool(self._counts)

    def entries(self):
        """Rejections, Counters and Counted of all stages, those of one bundle together."""
        return (*self._rejected, *self._counters, *self._counts) | "Ledger" >> beam.Flatten()
