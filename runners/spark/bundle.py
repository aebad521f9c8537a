"""Chunks of encoded records -> what a stage makes of them, as a stream: neither end is held in memory.

It runs in Spark's Python workers. Beam's own BundleProcessor does the work, so functions see the same as elsewhere. It pushes
its results and Spark pulls them: the processor runs in a thread of its own, a few chunks ahead.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from queue import Queue
from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.worker.bundle_processor import BundleProcessor
from apache_beam.runners.worker.data_plane import (
    DataChannel,
    InMemoryDataChannelFactory,
    SizeBasedBufferingClosableOutputStream,
)
from apache_beam.runners.worker.sdk_worker import GlobalCachingStateHandler
from apache_beam.runners.worker.statecache import StateCache

from lamella.runners.spark.grouping import CHUNK_BYTES
from lamella.runners.spark.spill import SpillServicer

Output = tuple[str, bytes]  # the transform that wrote, and a chunk of encoded records

_AHEAD = 4  # chunks that wait for Spark


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCode:
    """What a worker needs to run a stage of a pipeline: `shared` and `transforms` are as in JobPlan and StagePlan."""

    pipeline: str  # names the pipeline: what a worker has set up for another one is let go
    number: int
    source: str
    outputs: tuple[str, ...]
    shared: bytes
    transforms: bytes
    sides: Mapping[bytes, bytes]  # encoded StateKey -> encoded values


_ready: dict[tuple[str, int], "_Stage"] = {}  # this worker's, of one pipeline: its functions are set up once


def run_bundle(chunks: Iterable[bytes], code: StageCode) -> Iterator[Output]:
    """What a stage makes of a partition; nothing of one without records. Raises what the stage's functions raise."""
    chunks = iter(chunks)
    first = next(chunks, None)
    if first is None:
        return
    try:
        yield from _stage_of(code).run(chain([first], chunks))
    except BaseException:
        _ready.pop((code.pipeline, code.number), None)  # a processor that failed is not used again
        raise


def records_read(code: StageCode) -> int:
    """How many records the last bundle of a stage had, in this worker."""
    stage = _ready.get((code.pipeline, code.number))
    return stage.records if stage else 0


def _stage_of(code: StageCode) -> "_Stage":
    key = (code.pipeline, code.number)
    if key not in _ready:
        for old in [other for other in _ready if other[0] != code.pipeline]:
            _ready.pop(old).processor.shutdown()
        _ready[key] = _Stage(code)
    return _ready[key]


class _Abandoned(Exception):
    """Nobody waits any more for what a bundle makes."""


class _Stage:
    def __init__(self, code: StageCode):
        descriptor = beam_fn_api_pb2.ProcessBundleDescriptor()
        descriptor.MergeFromString(code.shared)
        descriptor.MergeFromString(code.transforms)
        servicer = SpillServicer()
        for key, values in code.sides.items():
            servicer.append_raw(beam_fn_api_pb2.StateKey.FromString(key), values)
        self._source, self._outputs, self.records = code.source, frozenset(code.outputs), 0
        self._state, self._channel = GlobalCachingStateHandler(StateCache(0), servicer), _Channel(code.source)
        factory = InMemoryDataChannelFactory(self._channel)
        self.processor = BundleProcessor(frozenset(), descriptor, self._state, factory)
        self._bundles = 0

    def run(self, chunks: Iterable[bytes]) -> Iterator[Output]:
        self._bundles += 1
        made: Queue[Output | BaseException | None] = Queue(_AHEAD)
        self._channel.begin(chunks, made)
        thread = threading.Thread(target=self._work, args=(f"bundle-{self._bundles}", made), daemon=True)
        thread.start()
        ended = False
        try:
            while not ended:
                output = made.get()
                ended = output is None or isinstance(output, BaseException)
                if isinstance(output, BaseException):
                    raise output
                if output is not None:
                    yield output
        finally:
            self._channel.abandon()
            while not ended:  # makes room for a thread that waits to write, until it sees that nobody reads
                left = made.get()
                ended = left is None or isinstance(left, BaseException)
            thread.join()

    def _work(self, name: str, made: "Queue[Output | BaseException | None]") -> None:
        try:
            with self._state.process_instruction_id(name, ()):
                later, _ = self.processor.process_bundle(name)
            if later:
                raise RuntimeError("a function left records for later, which this runner does not know")
            self.records = self.processor.ops[self._source].index
            self.processor.reset()
            made.put(None)
        except _Abandoned:
            made.put(None)
        except BaseException as error:
            made.put(error)


class _Channel(DataChannel):
    """Where a processor takes chunks from, and puts those that it makes."""

    def __init__(self, source: str):
        self._source, self._chunks, self._made, self._abandoned = source, iter(()), Queue(), False

    def begin(self, chunks: Iterable[bytes], made: "Queue[Any]") -> None:
        self._chunks, self._made, self._abandoned = iter(chunks), made, False

    def abandon(self) -> None:
        self._abandoned = True

    def input_elements(
        self, instruction_id: str, expected_inputs: Collection[Any], abort_callback: Any = None
    ) -> Iterator[Any]:
        for chunk in self._chunks:
            if self._abandoned:
                raise _Abandoned
            yield beam_fn_api_pb2.Elements.Data(instruction_id=instruction_id, transform_id=self._source, data=chunk)

    def output_stream(self, instruction_id: str, transform_id: str) -> SizeBasedBufferingClosableOutputStream:
        def put(chunk: bytes) -> None:
            if self._abandoned:
                raise _Abandoned
            if chunk:
                self._made.put((transform_id, chunk))

        return SizeBasedBufferingClosableOutputStream(put, flush_callback=put, size_flush_threshold=CHUNK_BYTES)

    def output_timer_stream(self, instruction_id: str, transform_id: str, timer_family_id: str) -> Any:
        raise NotImplementedError("timers")

    def close(self) -> None:
        pass
