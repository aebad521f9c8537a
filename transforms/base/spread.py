"""Records -> the same records, shared out evenly among workers. Unlike `beam.Reshuffle`, nothing is drawn by chance.

Where an engine computes again what a dead worker had made, each record must go where it went before. Reshuffle draws a new key
for it then: records that were sent to a part of the output that is lost, and now go to one that is not, are lost with it.
"""

from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam

from lamella.schemas.keys import stable_int


class Spread(beam.PTransform):
    """PCollection[T] -> PCollection[T]: breaks the fusion of what comes before with what comes behind.

    Args:
        by: what a record is known by, such as its URL: a text that depends on the record alone. Its hash is the key of the
            shuffle, so that records are shared out evenly; those of one text go to one worker.
    """

    def __init__(self, by: Callable[[Any], str]):
        super().__init__()
        self._by = by

    def expand(self, records):
        record_type = records.element_type
        return (
            records
            | "KeyByHash" >> beam.Map(_keyed, self._by).with_output_types(tuple[int, record_type])
            | beam.GroupByKey()
            | "Records" >> beam.FlatMapTuple(_records).with_output_types(record_type)
        )


def spread_key(text: str) -> int:
    """63 bits of a hash: a positive number that every engine's integers hold."""
    return stable_int(text) >> 1


def _keyed(record: Any, by: Callable[[Any], str]) -> tuple[int, Any]:
    return spread_key(by(record)), record


def _records(key: int, records: Iterable[Any]) -> Iterable[Any]:
    return records
