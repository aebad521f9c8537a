"""Shards -> the batches of every step: each dataset's samples in an order that depends on the seed alone.

    step number -> slots of each dataset (`core.order`) -> samples, read singly (`sample_reader`) -> sequences (`sequences`)
                -> the images that these keep, decoded to squares (`pictures`) -> rows (`packing`) -> Batch

The unit of work is the step, not the shard: any process of any world, with any number of workers, makes the same global
batch of a step and takes its own part. The step's number is the whole state.
"""

import contextlib
import itertools
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.trainer.core.console import say
from lamella.trainer.loading.ahead import ahead, worker_steps
from lamella.trainer.loading.batch import Batch
from lamella.trainer.loading.batch_builder import BatchBuilder, Failure, PackedBatch, Plan, Stream
from lamella.trainer.loading.config import MixtureConfig
from lamella.trainer.loading.sample_reader import sound_shards
from lamella.trainer.loading.shard_reader import Shard, find_shards, manifest_hash
from lamella.trainer.loading.tokenizer import Vocabulary

_FIRST_SAMPLES = 100  # are drawn before a share of damaged ones means anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one update is made of: for each micro-batch, a Batch of every dataset, in the order of their names."""

    number: int
    micro: tuple[dict[Dataset, Batch], ...]
    waited_s: float  # how long the training stood still for it


class Mixture:
    """The datasets of a training. Use it as a context, or `close` it, to end its workers and drop its temporary files.

    Args:
        shards: a run's `shards` folder, on any fsspec path.
        config: mixture, seed, workers.
        vocabulary: of the model.
        image_px: side of the square.
        split: that `steps` draws from.
        rank: of this process in a world of `world`; each takes its part of the same global batches.
        told: gives every process what the leading one says, so that they agree on damaged shards and share copies of remote
            ones.

    Raises:
        TrainingError: no manifest, a dataset without samples, a batch that the processes cannot share evenly, a row too
            short to pack, or shards that are all damaged.
    """

    def __init__(
        self,
        shards: str,
        config: MixtureConfig,
        vocabulary: Vocabulary,
        image_px: int,
        *,
        split: str = "train",
        rank: int = 0,
        world: int = 1,
        told: Callable[[Any], Any] = lambda said: said,
    ):
        _check(config, world)
        self._shards, self._config, self._leads, self._told = shards, config, rank == 0, told
        self._drawn, self._damaged = 0, 0
        self._running: list[Generator[Step, None, None]] = []
        with contextlib.ExitStack() as temporary:
            cache = config.cache or self._shared_folder()
            Path(cache).mkdir(parents=True, exist_ok=True)
            if not config.cache and int(os.environ.get("LOCAL_RANK", "0")) == 0:
                temporary.callback(shutil.rmtree, cache, ignore_errors=True)
            found = self._find(split, Path(cache))
            self._temporary = temporary.pop_all()
        self._plan = Plan(
            streams=_streams(found, config, config.seed),
            vocabulary=vocabulary,
            image_px=image_px,
            rank=rank,
            world=world,
            cache=str(cache),
            config=config,
        )
        self.datasets = tuple(config.mixture())
        self.samples = {stream.dataset: sum(shard.info.samples for shard in stream.shards) for stream in self._plan.streams}
        self.fingerprint = manifest_hash(found)

    def __enter__(self) -> "Mixture":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        for running in self._running:
            running.close()
        self._running = []
        self._temporary.close()

    def steps(self, start: int = 0) -> Iterator[Step]:
        """Endless, from step `start` on; closing it ends its workers.

        Raises:
            TrainingError: a damaged shard, or more damaged samples than `max_damaged_samples`.
        """
        steps = self._steps(start)
        self._running.append(steps)
        return steps

    def validation(self, dataset: Dataset) -> Iterator[Batch]:
        """One pass over the validation split, in order, up to `validation_samples`; the last batch may be short.

        Every process sees all of it. Empty where the split holds no sample of `dataset`.
        """
        cache = Path(self._plan.cache)
        try:
            found = find_shards(self._shards, (str(dataset),), "validation")
        except TrainingError:  # no sample in that split: the manifest itself was read at the start
            return
        if self._config.damaged_shards == "skip":
            found, _ = self._sound(found, cache)
            if not found:
                return
        (stream,) = _streams(found, self._config, None)
        samples = min(self._config.validation_samples, sum(shard.info.samples for shard in found))
        size = max(1, stream.part.batch // (self._plan.world * self._config.micro_batches))
        with contextlib.closing(BatchBuilder(self._plan.with_streams((stream,)))) as builder:
            slots = (range(first, min(first + size, samples)) for first in range(0, samples, size))
            with contextlib.closing(ahead((builder.batch(dataset, part) for part in slots), most=2)) as batches:
                for packed in batches:
                    yield self._opened(packed)

    def _steps(self, start: int) -> Generator[Step, None, None]:
        numbers = itertools.count(start)
        with contextlib.closing(worker_steps(self._plan, start)) as made:
            for number in numbers:
                began = time.perf_counter()
                step = next(made)
                if isinstance(step, Failure):
                    raise TrainingError(step.line)
                micro = tuple({dataset: self._opened(packed) for dataset, packed in part.items()} for part in step)
                self._count(micro)
                yield Step(number=number, micro=micro, waited_s=time.perf_counter() - began)

    def _opened(self, packed: PackedBatch | Batch | Failure) -> Batch:
        if isinstance(packed, Failure):
            raise TrainingError(packed.line)
        return packed if isinstance(packed, Batch) else packed.open()

    def _count(self, micro: tuple[dict[Dataset, Batch], ...]) -> None:
        for batch in (batch for part in micro for batch in part.values()):
            self._drawn += len(batch.keys) + len(batch.damaged)
            self._damaged += len(batch.damaged)
        limit = self._config.max_damaged_samples
        if self._drawn >= _FIRST_SAMPLES and self._damaged > limit * self._drawn:
            raise TrainingError(f"max_damaged_samples={limit}: {self._damaged} of {self._drawn} samples are damaged")

    def _find(self, split: str, cache: Path) -> list[Shard]:
        found = find_shards(self._shards, tuple(map(str, self._config.mixture())), split)
        if self._config.damaged_shards == "skip":
            found, faults = self._sound(found, cache)
            for fault in faults if self._leads else ():
                say(f"a damaged shard is left out: {fault}")
        for dataset in self._config.mixture():
            if not any(shard.dataset is dataset for shard in found):
                raise TrainingError(f"shards={self._shards}: no {split} sample of {dataset}; {dataset}.batch=0 leaves it out")
        return found

    def _sound(self, found: list[Shard], cache: Path) -> tuple[list[Shard], list[str]]:
        """As the leading process finds them: a read that fails in one process alone must not give it another order."""
        return self._told(sound_shards(found, cache, self._config.cache is not None))

    def _shared_folder(self) -> str:
        """A temporary folder of this host, by one name on all."""
        return f"{tempfile.gettempdir()}/{self._told(f'lamella-{secrets.token_hex(8)}')}"


def _streams(shards: list[Shard], config: MixtureConfig, seed: int | None) -> tuple[Stream, ...]:
    mixture = config.mixture()
    return tuple(
        Stream(
            dataset=dataset,
            part=config.part(dataset),
            shards=tuple(sorted((shard for shard in shards if shard.dataset is dataset), key=lambda shard: shard.info.name)),
            seed=seed,
        )
        for dataset in (mixture if seed is not None else {shards[0].dataset: None})
    )


def _check(config: MixtureConfig, world: int) -> None:
    if not config.mixture():
        keys = [f"{dataset}.batch" for dataset in Dataset]
        raise TrainingError(f"{', '.join(keys[:-1])} and {keys[-1]} are all 0: there is nothing to train on")
    for dataset, part in config.mixture().items():
        if part.batch % (world * config.micro_batches):
            shares = f"{world} x {config.micro_batches} (processes x micro_batches)"
            raise TrainingError(f"{dataset}.batch={part.batch}: cannot be shared evenly by {shares}")
        if 0 < config.pack_tokens < part.tokens:
            raise TrainingError(f"pack_tokens={config.pack_tokens}: shorter than {dataset}.tokens={part.tokens}")
