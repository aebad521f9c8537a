"""Work -> the same work, done a little before it is needed, by a thread of this process or by worker processes."""

import contextlib
import itertools
import os
import queue
import signal
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader

from lamella.schemas.errors import TrainingFailed
from lamella.trainer.loading.batch_builder import BatchBuilder, Made, Plan

T = TypeVar("T")


def worker_steps(plan: Plan, start: int) -> Generator[Made, None, None]:
    """What `BatchBuilder` makes of every step from `start` on, in order, pinned where a GPU will take it."""
    config = plan.config
    pinned = config.device != "cpu" and torch.cuda.is_available()
    if not config.workers:
        return _in_a_thread(plan, start, pinned)
    return _in_workers(plan, start, pinned)


def ahead(items: Iterable[T], most: int) -> Generator[T, None, None]:
    """The items, made by a thread up to `most` before they are asked for; an error is raised where it is met."""
    made: queue.Queue = queue.Queue(maxsize=most)
    stop = threading.Event()

    def put(item: tuple[str, Any]) -> None:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                return made.put(item, timeout=0.1)

    def make() -> None:
        try:
            for item in items:
                put(("item", item))
                if stop.is_set():
                    return
            put(("end", None))
        except Exception as error:
            put(("error", error))

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            kind, item = made.get()
            if kind == "error":
                raise item
            if kind == "end":
                return
            yield item
    finally:
        stop.set()
        thread.join()


def _in_a_thread(plan: Plan, start: int, pinned: bool) -> Generator[Made, None, None]:
    builder = BatchBuilder(plan)

    def made() -> Iterator[Made]:
        for step in itertools.count(start):
            micro = builder[step]
            if pinned and isinstance(micro, tuple):
                yield tuple({dataset: packed.pin_memory() for dataset, packed in part.items()} for part in micro)
            else:
                yield micro

    with contextlib.closing(builder), contextlib.closing(ahead(made(), plan.config.batches_ahead)) as steps:
        yield from steps


def _in_workers(plan: Plan, start: int, pinned: bool) -> Generator[Made, None, None]:
    """A server process forks the workers: it holds no thread, no lock and no GPU that they would inherit."""
    loader = DataLoader(
        _Steps(plan),
        batch_size=None,
        sampler=_From(start),
        num_workers=plan.config.workers,
        prefetch_factor=plan.config.batches_ahead,
        collate_fn=_as_it_is,
        pin_memory=pinned,
        worker_init_fn=_begin,
        multiprocessing_context=_context(),
    )
    steps: Any = iter(loader)
    try:
        yield from steps
    except RuntimeError as error:
        if "worker" not in str(error):
            raise
        ended = " ".join(str(error).split())
        raise TrainingFailed(f"workers={plan.config.workers}: {ended}; too little memory? batches_ahead takes some") from error
    finally:
        steps._shutdown_workers()  # now, and not when the collector comes by


class _Steps(torch.utils.data.Dataset):
    """A BatchBuilder that opens in the worker."""

    def __init__(self, plan: Plan):
        self._plan, self._builder = plan, None

    def __getitem__(self, step: int) -> Made:
        self._builder = self._builder or BatchBuilder(self._plan)
        return self._builder[step]


class _From(torch.utils.data.Sampler):
    def __init__(self, start: int):
        self._start = start

    def __iter__(self) -> Iterator[int]:
        return itertools.count(self._start)


def _as_it_is(made: Any) -> Any:
    return made


def _begin(_: int) -> None:
    """An interrupt is for the training to answer; a worker's tokenizer takes no threads of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _context():
    context = torch.multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lamella.trainer.loading.batch_builder"])
    return context
