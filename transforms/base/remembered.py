"""Remembered: records that ask something in; what becomes of each with its answer out. What the memory holds is read, and only
what it lacks is measured.

The one way to do dear work. Requests of one key are one request; they meet the stored answers by key, and what is missing is
measured in batches of fixed shape and kept as it is made. So a threshold that moves costs a join, and a run that was killed
goes on where it stood. What waits for an answer waits beside its request, so that no further join has to bring them together.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.shared import Shared
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from lamella.schemas.keys import stable_int
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.base.join import Group, Join, as_it_is, by_key
from lamella.transforms.base.memory import Measure, Memory, Request, measured

_LOTS = 2  # of a bucket, at least
_CHUNK = 1000  # of what waits for one answer: they travel together
_KNOWN, _ASKED = range(2)

Asking = tuple[Request, Any]  # what is asked, and what waits for the answer
Hand = Callable[[Any, Any], Iterable[Any]]  # what waits, and the answer -> outputs


class Counted(NamedTuple):
    """How many keys were asked of a measure, and how many had to be measured."""

    name: str
    asked: int
    fresh: int


class Recalled(NamedTuple):
    answers: beam.PCollection  # what `hand` made
    counts: beam.PCollection  # Counted, some a bundle


class RememberedModel(NamedTuple):
    """What a stage needs to ask a model, beside its own configuration."""

    identity: str  # of the model: what its answers are remembered under
    memory: Memory
    buckets: int  # `run.batch_buckets`
    accelerator: str | None = None  # `run.accelerator`, of a model that may use one

    def where(self) -> dict[str, Any]:
        """What Remembered needs of it, by name."""
        return {"memory": self.memory, "buckets": self.buckets, "accelerator": self.accelerator}


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to a measure.

    Args:
        measure: what is asked, and of which model.
        asked_of: a record -> what it asks, and what waits for the answer.
        settled: all that is asked under one key -> those that are answered; all, where it is None.
    """

    measure: Measure
    asked_of: Callable[[Any], Iterable[Asking]]
    settled: Callable[[Iterable[Asking]], Iterable[Asking]] | None = None


class Remembered(beam.PTransform):
    """{"records", and by the name of each measure the answers that are known} -> Recalled.

    Args:
        asks: of each measure; where there are several, they load one and the same model, which a worker holds once.
        hand: what waits and the answer -> outputs.
        gives: their type.
        memory: where new answers are kept.
        buckets: the most groups that missing requests are measured in; a worker holds one. Answers depend on none.
        accelerator: a hint to engines, such as Dataflow, that give a step other machines than the rest.
    """

    def __init__(
        self,
        asks: Sequence[Ask],
        hand: Callable[[Any, Any], Iterable[Any]],
        gives: Any,
        *,
        memory: Memory,
        buckets: int,
        accelerator: str | None = None,
    ):
        super().__init__(label=f"Remembered {' and '.join(ask.measure.name for ask in asks)}")
        self._asks, self._hand, self._gives, self._memory, self._buckets = asks, hand, gives, memory, buckets
        self._hints = {"accelerator": accelerator} if accelerator else {}

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        measures = [ask.measure for ask in self._asks]
        by_request = tuple[tuple[int, str], tuple[int, Any]]
        together = [inputs["records"] | "Asked" >> beam.FlatMap(_asked, self._asks).with_output_types(by_request)]
        for number, measure in enumerate(measures):
            keyed = beam.Map(_known, number).with_output_types(by_request)
            together.append(inputs[measure.name] | f"Known {measure.name}" >> keyed)
        split = (
            tuple(together)
            | beam.Flatten()
            | "ByRequest" >> beam.GroupByKey()
            | beam.ParDo(_Split(self._asks, self._hand))
            .with_output_types(self._gives, missing=tuple[int, Any], counts=Counted)
            .with_outputs("missing", "counts", main="handed")
        )
        measure = beam.ParDo(_Measure(measures, self._hand, self._memory)).with_output_types(self._gives)
        fresh = (
            split.missing
            | "Bucket"
            >> beam.ParDo(_Bucket(measures, self._buckets), beam.pvalue.AsIter(split.counts)).with_output_types(tuple[int, Any])
            | "Group" >> beam.GroupByKey()
            | measure.with_resource_hints(**self._hints)
        )
        return Recalled((split.handed, fresh) | "Answers" >> beam.Flatten(), split.counts)


class JoinAnswers(beam.PTransform):
    """{"records", "answers"} -> what `joined(record, {key: answer})` makes of each record and of the answers handed to it.

    Args:
        joined: gives one output a record.
        gives: the type of that output; `answers` are (key of the record, answer), as `to_record` hands them.
    """

    def __init__(self, joined: Callable[[Any, dict[str, Any]], Any], gives: Any):
        super().__init__()
        self._joined, self._gives = joined, gives

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        keyed = {"records": by_key, "answers": as_it_is}
        return inputs | Join(keyed, partial(_join_record, self._joined), self._gives)


def to_record(key: str, answer: Any) -> Iterable[tuple[str, Any]]:
    """A `hand` of records that wait by their keys: JoinAnswers brings both together."""
    return ((key, answer),)


class _Split(beam.DoFn):
    """((measure, key), asked and known) -> what a known answer is handed to; what is missing, and counts, by other outputs.

    What is missing is (measure, (key, request, some of what waits)); of several of one key the first has the request.
    """

    def __init__(self, asks: Sequence[Ask], hand: Hand):
        self._asks, self._hand = asks, hand

    def start_bundle(self):
        self._asked, self._fresh = [0] * len(self._asks), [0] * len(self._asks)

    def process(self, group):
        (number, key), values = group
        settled = self._asks[number].settled or iter
        request = _first(asking[0] for asking in settled(_of_kind(values, _ASKED)))
        if request is None:
            return  # only another run asked
        waiting = (asking[1] for asking in settled(_of_kind(values, _ASKED)))
        known = min(_of_kind(values, _KNOWN), key=repr, default=None)
        self._asked[number] += 1
        if known is not None:
            for one in waiting:
                yield from self._hand(one, known)
            return
        self._fresh[number] += 1
        while chunk := list(islice(waiting, _CHUNK)):
            yield beam.pvalue.TaggedOutput("missing", (number, (key, request, chunk)))
            request = None

    def finish_bundle(self):
        for ask, asked, fresh in zip(self._asks, self._asked, self._fresh, strict=True):
            if asked:
                count = WindowedValue(Counted(ask.measure.name, asked, fresh), MIN_TIMESTAMP, [GlobalWindow()])
                yield beam.pvalue.TaggedOutput("counts", count)


class _Bucket(beam.DoFn):
    """What is missing -> (bucket, what is missing): so many buckets that each has some lots of each measure.

    The last lot of a bucket costs as much as a full one. Measures share their buckets, since their costs differ: a runner gives
    each worker as many buckets as another.
    """

    def __init__(self, measures: Sequence[Measure], most: int):
        self._measures, self._most = measures, most

    def start_bundle(self):
        self._buckets: list[int] | None = None

    def process(self, missing, counts):
        number, asked = missing
        if self._buckets is None:
            fresh: Counter[str] = Counter()
            for count in counts:
                fresh[count.name] += count.fresh
            self._buckets = [max(1, min(self._most, fresh[one.name] // (_LOTS * one.lot))) for one in self._measures]
        yield stable_int(asked[0]) % self._buckets[number], missing


class _Held:
    """A model, so that it can be referred to weakly."""

    def __init__(self, model: Any):
        self.model = model


class _Measure(beam.DoFn):
    """(bucket, what is missing) -> what the answers are handed to."""

    def __init__(self, measures: Sequence[Measure], hand: Hand, memory: Memory):
        self._measures, self._hand, self._memory, self._shared = measures, hand, memory, Shared()

    def setup(self):
        self._held: _Held | None = None

    def process(self, group):
        _, missing = group
        for number, measure in enumerate(self._measures):
            requests = [asked[1] for of, asked in missing if of == number and asked[1] is not None]
            answers = {
                answer.key: answer for answer in measured(requests, measure, self._memory, partial(self._model, measure))
            }
            for of, (key, _, waiting) in missing:
                for one in waiting if of == number else ():
                    yield from self._hand(one, answers[key])

    def _model(self, measure: Measure) -> Any:
        held = self._held or self._shared.acquire(lambda: _Held(measure.load()))
        self._held = held
        return held.model


def _asked(record: Any, asks: Sequence[Ask]) -> Iterator[tuple[tuple[int, str], tuple[int, Asking]]]:
    for number, ask in enumerate(asks):
        for asking in ask.asked_of(record):
            yield (number, asking[0].key), (_ASKED, asking)


def _known(answer: Any, number: int) -> tuple[tuple[int, str], tuple[int, Any]]:
    return (number, answer.key), (_KNOWN, answer)


def _of_kind(values: Iterable[tuple[int, Any]], kind: int) -> Iterator[Any]:
    return (value for found, value in values if found == kind)


def _first(requests: Iterable[Request]) -> Request | None:
    """The same one whatever their order."""
    first = None
    for request in requests:
        if first is None:
            first = request
        elif request != first:
            first = min(first, request, key=repr)
    return first


def _join_record(joined: Callable[[Any, dict[str, Any]], Any], key: str, group: Group) -> Iterator[Any]:
    answers = {answer.key: answer for answer in group["answers"]}
    for record in group["records"]:
        yield joined(record, answers)
