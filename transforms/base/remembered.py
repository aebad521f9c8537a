"""Remembered: requests in, an answer to each out; what the memory holds is read, and only what it lacks is measured.

The one way to do dear work. Requests of one key are one request; they are joined with the stored answers, and what is missing
is measured in batches of fixed shape and kept as it is made. So a threshold that moves costs a join, and a run that was killed
goes on where it stood.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.utils.shared import Shared

from lamella.schemas.keys import stable_int
from lamella.transforms.base.memory import Measure, Memory, Request, measured, read_part
from lamella.transforms.base.spread import Spread

_LOTS = 2  # of a bucket, at least


class Counted(NamedTuple):
    """How many keys were asked of a measure, and how many had to be measured."""

    name: str
    asked: int
    fresh: int


class Recalled(NamedTuple):
    answers: beam.PCollection  # of the measure's answers, one a key
    counts: beam.PCollection  # Counted


class RememberedModel(NamedTuple):
    """What a stage needs to ask a model, beside its own configuration."""

    identity: str  # of the model: what its answers are remembered under
    memory: Memory
    buckets: int  # `run.batch_buckets`


class Remembered(beam.PTransform):
    """PCollection[Request] -> Recalled.

    Args:
        measure: what is asked, and of which model.
        memory: where answers are kept.
        buckets: the most groups that missing requests are measured in; a worker holds one. Answers depend on none.
        shared: given to transforms whose measures load one and the same model, it lets a worker hold it once.
    """

    def __init__(self, measure: Measure, memory: Memory, buckets: int, shared: Shared | None = None):
        super().__init__(label=f"Remembered {measure.name}")
        self._measure, self._memory, self._buckets, self._shared = measure, memory, buckets, shared or Shared()

    def expand(self, requests: beam.PCollection[Request]):
        measure = self._measure
        asked = requests | "ByKey" >> beam.Map(_keyed).with_output_types(tuple[str, Request]) | beam.CombinePerKey(_first)
        known = (
            requests.pipeline
            | beam.Create(self._memory.parts(measure), reshuffle=False).with_output_types(str)
            | Spread(str)
            | "Read" >> beam.FlatMap(_read, measure.answer).with_output_types(tuple[str, measure.answer])
        )
        joined = (
            {"asked": asked, "known": known}
            | beam.CoGroupByKey()
            | beam.ParDo(_Split()).with_outputs("missing", "counts", main="known")
        )
        missing = beam.pvalue.AsSingleton(joined.missing | "Missing" >> beam.combiners.Count.Globally())
        fresh = (
            joined.missing
            | "Bucket" >> beam.Map(_bucketed, missing, measure.lot, self._buckets).with_output_types(tuple[int, Request])
            | "Group" >> beam.GroupByKey()
            | beam.ParDo(_Measure(measure, self._memory, self._shared)).with_output_types(measure.answer)
        )
        counts = joined.counts | "Count" >> beam.CombinePerKey(_sums) | beam.Map(_counted, measure.name)
        stored = joined.known | "Stored" >> beam.Map(_same).with_output_types(measure.answer)
        return Recalled((stored, fresh) | "Answers" >> beam.Flatten(), counts)


class JoinAnswers(beam.PTransform):
    """{"records", "answers"} -> what `joined(record, {key: answer})` makes of each record and the answers that it asks for.

    Args:
        keys_of: record -> keys of its answers, in any number.
        joined: gives one output a record.
        gives: the type of that output.
    """

    def __init__(self, keys_of: Callable[[Any], Iterable[str]], joined: Callable[[Any, dict[str, Any]], Any], gives: type):
        super().__init__()
        self._keys_of, self._joined, self._gives = keys_of, joined, gives

    def expand(self, inputs):
        records, answers = inputs["records"], inputs["answers"]
        wanted = records | "Wanted" >> beam.FlatMap(_wanted, self._keys_of).with_output_types(tuple[str, str])
        by_key = answers | "AnswersByKey" >> beam.Map(_keyed)
        found = (
            {"wanted": wanted, "answers": by_key}
            | "JoinByContent" >> beam.CoGroupByKey()
            | "Handed" >> beam.FlatMapTuple(_handed)
        )
        by_record = records | "RecordsByKey" >> beam.Map(_keyed)
        return (
            {"records": by_record, "found": found}
            | "JoinByRecord" >> beam.CoGroupByKey()
            | "Joined" >> beam.FlatMap(_joined, self._joined).with_output_types(self._gives)
        )


class _Split(beam.DoFn):
    """(key, asked and known) -> the known answer, or the request behind `missing`; a count behind `counts`."""

    def process(self, joined):
        _, group = joined
        for request in group["asked"]:  # one, or none where only another run asked
            known = min(group["known"], key=repr, default=None)
            yield beam.pvalue.TaggedOutput("counts", (0, (1, int(known is None))))
            yield beam.pvalue.TaggedOutput("missing", request) if known is None else known


class _Held:
    """A model, so that it can be referred to weakly."""

    def __init__(self, model: Any):
        self.model = model


class _Measure(beam.DoFn):
    """(bucket, requests) -> answers."""

    def __init__(self, measure: Measure, memory: Memory, shared: Shared):
        self._measure, self._memory, self._shared = measure, memory, shared

    def setup(self):
        self._held: _Held | None = None

    def process(self, bucket):
        yield from measured(bucket[1], self._measure, self._memory, self._model)

    def _model(self) -> Any:
        held = self._held or self._shared.acquire(self._load)
        self._held = held
        return held.model

    def _load(self) -> _Held:
        return _Held(self._measure.load())


def _keyed(record: Any) -> tuple[str, Any]:
    return record.key, record


def _first(requests: Iterable[Request]) -> Request:
    """The same one whatever their order."""
    return min(requests, key=repr)


def _read(path: str, answer: type):
    for record in read_part(path, answer):
        yield record.key, record


def _bucketed(request: Request, missing: int, lot: int, most: int) -> tuple[int, Request]:
    """So many buckets that each has some lots: the last lot of a bucket costs as much as a full one."""
    return stable_int(request.key) % max(1, min(most, missing // (_LOTS * lot))), request


def _sums(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    asked, fresh = 0, 0
    for one in counts:
        asked, fresh = asked + one[0], fresh + one[1]
    return asked, fresh


def _counted(total: tuple[int, tuple[int, int]], name: str) -> Counted:
    return Counted(name, *total[1])


def _same(record: Any) -> Any:
    return record


def _wanted(record: Any, keys_of: Callable[[Any], Iterable[str]]):
    for key in dict.fromkeys(keys_of(record)):
        yield key, record.key


def _handed(key: str, group: dict):
    answer = next(iter(group["answers"]), None)
    if answer is not None:
        for record_key in group["wanted"]:
            yield record_key, answer


def _joined(grouped: tuple[str, dict], joined: Callable[[Any, dict[str, Any]], Any]):
    _, group = grouped
    answers = {answer.key: answer for answer in group["found"]}
    for record in group["records"]:
        yield joined(record, answers)
