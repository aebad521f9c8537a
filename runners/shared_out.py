"""What a stage reads -> what its workers make of it, each of which takes a further piece as soon as it is done with one.

Beam 2.77 cuts a stage's input into as many pieces as there are workers, each with as many keys as another, and waits for the
last of them. A page that burns its limit of time, or an archive of costly ones, lets all others wait.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

from apache_beam.metrics.monitoring_infos import consolidate
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.execution import BundleContextManager, GroupingBuffer, PartitionableBuffer
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, ParallelBundleManager

T = TypeVar("T")
Input = dict[str, list[bytes]]  # by the transform that reads it
# A piece costs some 5 ms by itself. So input is cut once a worker, as Beam does; where there is much of it, into a large piece
# for each worker and a small one for who is done first; and where it has few keys, which are archives or groups of questions to
# a model, each is a piece.
_MANY_KEYS, _MANY_BYTES = 256, 1 << 19
_LARGE, _SMALL = 4, 1  # parts of the input
_FEW_KEYS = 4  # a worker


class SharedOut(ParallelBundleManager):
    """Beam's, with pieces of another number and order."""

    def process_bundle(
        self,
        inputs: Mapping[str, PartitionableBuffer],
        expected_outputs: Any,
        fired_timers: Mapping[Any, PartitionableBuffer],
        expected_output_timers: Any,
        *,
        dry_run: bool = False,
    ) -> tuple[beam_fn_api_pb2.InstructionResponse, list[beam_fn_api_pb2.ProcessBundleSplitResponse]]:
        context = self.bundle_context_manager
        if fired_timers or expected_output_timers:
            return super().process_bundle(inputs, expected_outputs, fired_timers, expected_output_timers, dry_run=dry_run)

        def process(worker: Any, piece: Input) -> beam_fn_api_pb2.InstructionResponse:
            manager = BundleManager(
                _OneWorker(context, worker), self._progress_frequency, cache_token_generator=self._cache_token_generator
            )
            return manager.process_bundle(piece, expected_outputs, {}, {}, dry_run)[0]

        results = side_by_side(process, context.worker_handlers, cut(inputs, self._num_workers))
        infos = consolidate(info for result in results for info in result.process_bundle.monitoring_infos)
        response = beam_fn_api_pb2.ProcessBundleResponse(monitoring_infos=infos)
        return beam_fn_api_pb2.InstructionResponse(process_bundle=response), []


class _OneWorker:
    """A stage's context, of which Beam's manager sees one worker."""

    def __init__(self, context: BundleContextManager, worker: Any):
        self._context, self.worker_handlers = context, [worker]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def cut(inputs: Mapping[str, PartitionableBuffer], workers: int) -> list[Input]:
    """The pieces that workers take one after the other; one where there is no input at all."""
    shares = max((_shares(buffer, workers) for buffer in inputs.values()), key=len, default=[1])
    pieces: list[Input] = [{} for _ in shares]
    for name, buffer in inputs.items():
        parts = iter(buffer.partition(sum(shares)))
        for piece, share in zip(pieces, shares, strict=True):
            piece[name] = [data for part in islice(parts, share) for data in part]
    return [piece for piece in pieces if any(map(any, piece.values()))] or pieces[:1]


def _shares(buffer: PartitionableBuffer, workers: int) -> list[int]:
    """What each piece has of a buffer's input, in parts of as many records each."""
    keys = len(buffer._table) if isinstance(buffer, GroupingBuffer) else None
    if keys is not None and workers < keys <= _FEW_KEYS * workers:
        return [1] * keys
    if (sum(map(len, buffer)) < _MANY_BYTES) if keys is None else (keys < _MANY_KEYS):
        return [1] * workers
    return [_LARGE] * workers + [_SMALL] * workers


def side_by_side(process: Callable[[Any, Input], T], workers: Sequence[Any], pieces: Sequence[Input]) -> list[T]:
    """What becomes of the pieces, in no order. Raises the first error at once; no further piece is begun then."""
    told: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    rest, lock, ended = iter(pieces), threading.Lock(), threading.Event()

    def work(worker: Any) -> None:
        while not ended.is_set():
            with lock:
                piece = next(rest, None)
            if piece is None:
                return
            try:
                told.put((process(worker, piece), None))
            except BaseException as error:
                told.put((None, error))
                return

    for worker in workers[: len(pieces)]:
        threading.Thread(target=work, args=(worker,), name="share", daemon=True).start()
    results: list[Any] = []
    try:
        for _ in pieces:
            result, error = told.get()
            if error:
                raise error
            results.append(result)
    finally:
        ended.set()
    return results
