"""Shards -> batches of pairs, in an order that depends on the seed alone; each batch says where to go on from.

    manifests -> shards in the epoch's order -> windows of a few shards -> samples in the window's order
              -> decoded to squares, texts to tokens -> batches, a few ahead of the training

The order needs nothing but the manifests: no sample is read to find the next. A cursor (epoch, position) is therefore
the whole state, and a training that goes on from it sees every sample that it would have seen, once.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch

from lamella.schemas.errors import TrainingError
from lamella.schemas.keys import stable_int
from lamella.schemas.sample import PairSample
from lamella.trainer.contrastive.config import ContrastiveConfig
from lamella.trainer.contrastive.near_misses import near_misses
from lamella.trainer.contrastive.pairs import Pair, decode_pair, is_wanted, read_samples
from lamella.trainer.core.order import Order, SampleRef
from lamella.trainer.loading.ahead import ahead
from lamella.trainer.loading.shard_reader import Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next batch begins: `position` counts the sample slots of an epoch's order that are behind it."""

    epoch: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """B pairs. `after` says where the next batch begins."""

    images: torch.Tensor  # uint8 [B, S, S, 3]
    tokens: torch.Tensor  # int64 [B, L]
    near: torch.Tensor  # int64 [B, K, L]: wrong texts near to each; <pad> alone where there are no more
    keys: tuple[str, ...]
    after: Cursor
    damaged: int  # samples that were left out since the batch before
    waited_s: float = 0.0  # how long the training stood still for it


class PairBatches:
    """An endless stream of batches. Iterate it; `close` it, or use it as a context, to end its threads.

    Args:
        shards: what `find_shards` gave.
        config: batch, seed, sizes of the windows and caches.
        size: px of the square.
        tokenize: texts -> LongTensor [N, L].
        cursor: where to begin.
        rank: of this process in a world of `world`. Each takes its own part, block by block, of the one order; while no
            sample is damaged, their batches together are those of a world of one.
    """

    def __init__(
        self,
        shards: Sequence[Shard],
        config: ContrastiveConfig,
        size: int,
        tokenize: Callable[[Sequence[str]], torch.Tensor],
        *,
        cursor: Cursor | None = None,
        rank: int = 0,
        world: int = 1,
    ):
        self._shards = sorted(shards, key=lambda shard: shard.info.name)
        self._config, self._size, self._tokenize = config, size, tokenize
        self._cursor = cursor or Cursor()
        self._rank, self._world = rank, world
        counts = [shard.info.samples for shard in self._shards]
        self.samples = sum(counts)
        if self.samples < config.batch:
            raise TrainingError(f"batch={config.batch}: more than the {self.samples} samples that there are")
        if config.batch % world:
            raise TrainingError(f"batch={config.batch}: cannot be shared evenly by {world} processes")
        names = [shard.info.name for shard in self._shards]
        self._order = Order(names, counts, config.seed, config.shards_in_memory)
        self._pinned = torch.cuda.is_available() and config.device != "cpu"
        self._cached = self.samples * size * size * 3 <= config.cache_bytes
        self._cache: dict[tuple[int, int], Pair | tuple[()] | None] = {}
        self._open: dict[int, list[PairSample | None]] = {}
        self._reading = threading.Lock()
        self._read, self._bad = 0, 0
        self._most = config.batches_ahead
        self._ahead: Generator[Batch, None, None] | None = None

    def __enter__(self) -> "PairBatches":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self._ahead:
            self._ahead.close()

    def __iter__(self) -> Iterator[Batch]:
        with contextlib.closing(self._batches()) as batches, contextlib.closing(ahead(batches, self._most)) as made:
            self._ahead = made
            while True:
                started = time.perf_counter()
                batch = next(made)
                yield replace(batch, waited_s=time.perf_counter() - started)

    def _batches(self) -> Generator[Batch, None, None]:
        """A batch takes the next good samples of an epoch's order; the rest that fills no batch is left for another epoch."""
        size, epoch, start = self._config.batch // self._world, self._cursor.epoch, self._cursor.position
        with ThreadPoolExecutor(self._config.decoders, thread_name_prefix="decode") as pool:
            while True:
                taken, made, damaged = [], 0, 0
                for positions in _chunks(self._positions(start), size):
                    places = [self._order.place(epoch * self.samples + position) for position in positions]
                    self._keep_open(epoch, positions)
                    for position, place, pair in zip(positions, places, pool.map(self._pair, places), strict=True):
                        self._count(pair is None)
                        damaged += pair is None
                        if not pair:
                            continue
                        pixels = _shifted(pair.pixels, self._config, (epoch, place.shard, place.index))
                        taken.append(pair._replace(pixels=pixels))
                        if len(taken) == size:
                            yield self._batch(taken, damaged, Cursor(epoch=epoch, position=position + 1))
                            taken, made, damaged = [], made + 1, 0
                if not made and start == 0:
                    raise TrainingError(
                        f"batch={self._config.batch}: no epoch fills one; sources={self._config.sources} leaves too few samples"
                    )
                epoch, start = epoch + 1, 0

    def _positions(self, start: int) -> Iterator[int]:
        """This process's places in an epoch's order, from `start` on."""
        batch = self._config.batch
        if self._world == 1:
            yield from range(start, self.samples)
            return
        share = batch // self._world
        for position in range(start, self.samples // batch * batch):  # a rest would be one process's alone
            if position // share % self._world == self._rank:
                yield position

    def _batch(self, taken: Sequence[Pair], damaged: int, after: Cursor) -> Batch:
        images = torch.from_numpy(np.stack([pair.pixels for pair in taken]))
        return Batch(
            images=images.pin_memory() if self._pinned else images,  # so that the copy runs beside the training
            tokens=self._tokenize([pair.text for pair in taken]),
            near=self._near(taken, after),
            keys=tuple(pair.key for pair in taken),
            after=after,
            damaged=damaged,
        )

    def _near(self, taken: Sequence[Pair], after: Cursor) -> torch.Tensor:
        """int64 [B, K, L]: near misses, and behind them texts that samples bring as false, drawn by hash."""
        made, told, drawn_by = self._config.near_misses, self._config.false_texts, (self._config.seed, after.epoch)
        most = made + told
        if not most:
            return torch.zeros(len(taken), 0, 0, dtype=torch.int64)
        texts = []
        for pair in taken:
            false = sorted(pair.false, key=lambda text, key=pair.key: stable_int(*drawn_by, key, text))[:told]
            found = [*near_misses(pair.text, made, *drawn_by, pair.key), *false]
            texts += [*found, *[""] * (most - len(found))]
        there = torch.tensor([text != "" for text in texts])
        return torch.where(there[:, None], self._tokenize(texts), 0).unflatten(0, (len(taken), most))

    def _keep_open(self, epoch: int, positions: Sequence[int]) -> None:
        """Lets go of shards whose window is behind."""
        first, last = (self._order.window(epoch * self.samples + position) for position in (positions[0], positions[-1]))
        near = {*first.shards, *last.shards}
        self._open = {shard: samples for shard, samples in self._open.items() if shard in near}

    def _pair(self, place: SampleRef) -> "Pair | tuple[()] | None":
        slot = (place.shard, place.index)
        if slot in self._cache:
            return self._cache[slot]
        sample = self._samples(place.shard)[place.index]
        pair = decode_pair(sample, self._size) if is_wanted(sample, self._config) else ()
        if self._cached:
            self._cache[slot] = pair
        return pair

    def _samples(self, shard: int) -> list[PairSample | None]:
        samples = self._open.get(shard)
        if samples is None:
            with self._reading:
                samples = self._open.get(shard) or read_samples(self._shards[shard])
                self._open[shard] = samples
        return samples

    def _count(self, bad: bool) -> None:
        self._read += 1
        self._bad += bad
        if bad and self._read >= 100 and self._bad > self._config.max_bad_samples * self._read:
            raise TrainingError(f"max_bad_samples={self._config.max_bad_samples}: {self._bad} of {self._read} are damaged")


def _shifted(pixels: np.ndarray, config: ContrastiveConfig, parts: tuple[int, ...]) -> np.ndarray:
    """The picture moved by up to `max_shift` px each way, its border drawn on: relations and counts stay true."""
    reach = config.max_shift
    if not reach:
        return pixels
    roll = stable_int(config.seed, *parts, "shift")
    dy, dx = roll % (2 * reach + 1), (roll >> 16) % (2 * reach + 1)
    size = pixels.shape[0]
    return np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")[dy : dy + size, dx : dx + size]


def _chunks(items: Iterator[int], size: int) -> Iterator[list[int]]:
    chunk = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
