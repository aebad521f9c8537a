"""Records that ask something -> what becomes of each with its answer. Known answers come from the memory; only the others
are measured.

All expensive work is done this way. Requests of one key are one request. Requests and stored answers meet in groups, by the
hash of their keys: what a group lacks is measured there, in batches of fixed shape, and kept as it is made. So a threshold that
changes costs one shuffle, and a run that was killed goes on where it stopped. A record waits beside its request, so no further
join has to bring it to its answer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.shared import Shared
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from lamella.schemas.keys import stable_int
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.base.distinct import DistinctKeys
from lamella.transforms.base.join import Group, Join, as_it_is, by_key
from lamella.transforms.base.memory import Measure, Memory, Request, measured

_LOTS = 2  # of a group, at least
_LARGEST = 8192  # questions of a group, on average: a worker holds them, and their answers
_KNOWN, _ASKED = range(2)

Asking = tuple[Request, Any]  # what is asked, and what waits for the answer
Hand = Callable[[Any, Any], Iterable[Any]]  # what waits, and the answer -> outputs


@quick_pickle
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
        settled: of all that is asked under one key, some -> those that are answered; all are, where it is None. It is asked
            again of what it gave and of what comes later, in any order, and must come to the same.
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
        buckets: groups that questions are asked in side by side, where there are enough of them. Answers depend on none.
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
        asked = inputs["records"] | beam.ParDo(_Asked(self._asks)).with_output_types(
            tuple[int, Any], sizes=tuple[int, int]
        ).with_outputs("sizes", main="asked")
        sizes = beam.pvalue.AsIter(asked.sizes)
        lots = [ask.measure.lot for ask in self._asks]
        questions = {"Asked": (asked.asked, None)}
        questions |= {f"Known {ask.measure.name}": (inputs[ask.measure.name], at) for at, ask in enumerate(self._asks)}
        together = [
            found
            | label
            >> beam.ParDo(_Bucket(lots, self._buckets, known=number), sizes).with_output_types(tuple[int, tuple[int, int, Any]])
            for label, (found, number) in questions.items()
        ]
        answer = beam.ParDo(_Answer(self._asks, self._hand, self._memory)).with_resource_hints(**self._hints)
        answered = (
            tuple(together)
            | beam.Flatten()
            | beam.GroupByKey()
            | answer.with_output_types(self._gives, counts=Counted).with_outputs("counts", main="answers")
        )
        return Recalled(answered.answers, answered.counts)


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


class _Asked(beam.DoFn):
    """A record -> (measure, what it asks), and by the output `sizes` how many different keys a bundle asks of each measure."""

    def __init__(self, asks: Sequence[Ask]):
        self._asks = asks

    def start_bundle(self):
        self._keys = [DistinctKeys() for _ in self._asks]

    def process(self, record):
        for number, ask in enumerate(self._asks):
            for asking in ask.asked_of(record):
                self._keys[number].add(asking[0].key)
                yield number, asking

    def finish_bundle(self):
        for number, keys in enumerate(self._keys):
            if keys:
                yield beam.pvalue.TaggedOutput("sizes", WindowedValue((number, len(keys)), MIN_TIMESTAMP, [GlobalWindow()]))


class _Bucket(beam.DoFn):
    """(measure, what is asked), or what is known of a measure -> (bucket, (measure, kind, what is asked or known)).

    Args:
        lots: of each measure.
        wanted: buckets.
        known: the measure whose answers come in; None where questions do.
    """

    def __init__(self, lots: Sequence[int], wanted: int, *, known: int | None):
        self._lots, self._wanted, self._known = lots, wanted, known

    def start_bundle(self):
        self._buckets: list[int] | None = None

    def process(self, found, sizes):
        if self._buckets is None:
            asked: Counter[int] = Counter()
            for number, size in sizes:
                asked[number] += size
            self._buckets = [buckets_of(asked[number], lot, self._wanted) for number, lot in enumerate(self._lots)]
        if self._known is None:
            number, asking = found
            yield stable_int(asking[0].key) % self._buckets[number], (number, _ASKED, asking)
        else:
            yield stable_int(found.key) % self._buckets[self._known], (self._known, _KNOWN, found)


def buckets_of(asked: int, lot: int, wanted: int) -> int:
    """As many as are wanted, unless so much is asked that a worker could not hold one, or too little to fill some lots of each.

    The last lot of a bucket costs as much as a full one. Measures share their buckets, since their costs differ: a runner gives
    each worker as many buckets as another.
    """
    return max(1, min(max(wanted, asked // _LARGEST), asked // (_LOTS * lot)))


class _Held:
    """A model, so that it can be referred to weakly."""

    def __init__(self, model: Any):
        self.model = model


class _Answer(beam.DoFn):
    """(bucket, what is asked and known) -> what the answers are handed to, and counts by another output."""

    def __init__(self, asks: Sequence[Ask], hand: Hand, memory: Memory):
        self._asks, self._hand, self._memory, self._shared = asks, hand, memory, Shared()

    def setup(self):
        self._held: _Held | None = None

    def process(self, group):
        _, values = group
        for number, ask in enumerate(self._asks):
            requests = _requests(_of(values, number, _ASKED))
            if not requests:
                continue  # only another run asked
            known = _known(_of(values, number, _KNOWN), requests)
            missing = [request for key, request in requests.items() if key not in known]
            fresh = measured(missing, ask.measure, self._memory, partial(self._model, ask.measure))
            answers = known | {answer.key: answer for answer in fresh}
            for request, waiting in _settled(_of(values, number, _ASKED), ask):
                yield from self._hand(waiting, answers[request.key])
            yield beam.pvalue.TaggedOutput("counts", Counted(ask.measure.name, len(requests), len(missing)))

    def _model(self, measure: Measure) -> Any:
        held = self._held or self._shared.acquire(lambda: _Held(measure.load()))
        self._held = held
        return held.model


def _of(values: Iterable[tuple[int, int, Any]], number: int, kind: int) -> Iterator[Any]:
    return (value for measure, found, value in values if (measure, found) == (number, kind))


def _requests(askings: Iterable[Asking]) -> dict[str, Request]:
    """One of each key: the same whatever their order."""
    requests: dict[str, Request] = {}
    for request, _ in askings:
        first = requests.setdefault(request.key, request)
        if request != first:
            requests[request.key] = min(first, request, key=repr)
    return requests


def _known(answers: Iterable[Any], requests: Mapping[str, Request]) -> dict[str, Any]:
    """Stored answers to requests, by key; of several the same whatever their order."""
    known: dict[str, Any] = {}
    for answer in answers:
        if answer.key in requests:
            first = known.setdefault(answer.key, answer)
            if answer != first:
                known[answer.key] = min(first, answer, key=repr)
    return known


def _settled(askings: Iterable[Asking], ask: Ask) -> Iterable[Asking]:
    if not ask.settled:
        return askings
    by_key: dict[str, list[Asking]] = {}
    for asking in askings:
        key = asking[0].key
        by_key[key] = list(ask.settled((*by_key.get(key, ()), asking)))
    return chain.from_iterable(by_key.values())


def _join_record(joined: Callable[[Any, dict[str, Any]], Any], key: str, group: Group) -> Iterator[Any]:
    answers = {answer.key: answer for answer in group["answers"]}
    for record in group["records"]:
        yield joined(record, answers)
