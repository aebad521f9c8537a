"""Shards in, batches of pairs out, in an order that follows from the seed alone; each batch says where to go on from.

    manifests -> shards in the epoch's order -> windows of a few shards -> samples in the window's order
              -> decoded to squares, texts to tokens -> batches, a few ahead of the training

The order needs nothing but the manifests: no sample is read to find the next. A cursor (epoch, position) is therefore
the whole state, and a training that goes on from it sees every sample that it would have seen, once.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from lamella.schemas.keys import stable_int
from lamella.schemas.sample import PairSample
from lamella.trainer.contrastive.config import ContrastiveConfig
from lamella.trainer.contrastive.pairs import Pair, decode_pair, is_wanted, read_samples
from lamella.trainer.core.config import TrainingError
from lamella.trainer.core.order import mixed
from lamella.trainer.loading.shard_reader import Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next batch begins: `position` counts the sample slots of an epoch's order that are behind it."""

    epoch: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    images: torch.Tensor  # uint8 [B, S, S, 3]
    tokens: torch.Tensor  # int64 [B, L]
    keys: tuple[str, ...]
    after: Cursor
    bad: int  # samples that were skipped so far
    waited_s: float = 0.0  # how long the training stood still for it


class PairBatches:
    """An endless stream of batches. Iterate it; `close` it, or use it as a context, to end its threads.

    Args:
        shards: what `find_shards` gave.
        config: batch, seed, sizes of the windows and caches.
        size: px of the square.
        tokenize: texts -> LongTensor [N, L].
        cursor: where to begin.
    """

    def __init__(
        self,
        shards: Sequence[Shard],
        config: ContrastiveConfig,
        size: int,
        tokenize: Callable[[Sequence[str]], torch.Tensor],
        cursor: Cursor | None = None,
    ):
        self._shards = sorted(shards, key=lambda shard: shard.info.name)
        self._config, self._size, self._tokenize = config, size, tokenize
        self._cursor = cursor or Cursor()
        self.samples = sum(shard.info.samples for shard in self._shards)
        if self.samples < config.batch:
            raise TrainingError(f"batch={config.batch}: more than the {self.samples} samples that there are")
        self._pinned = torch.cuda.is_available() and config.device != "cpu"
        self._cached = self.samples * size * size * 3 <= config.cache_bytes
        self._cache: dict[tuple[int, int], Pair | None] = {}
        self._open: dict[int, list[PairSample | None]] = {}
        self._reading = threading.Lock()
        self._read, self._bad = 0, 0
        self._queue: queue.Queue = queue.Queue(maxsize=config.batches_ahead)
        self._stop = threading.Event()
        self._producer: threading.Thread | None = None

    def __enter__(self) -> "PairBatches":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._stop.set()
        if self._producer:
            while self._producer.is_alive():
                _drain(self._queue)
                self._producer.join(timeout=0.05)

    def __iter__(self) -> Iterator[Batch]:
        self._producer = threading.Thread(target=self._produce, name="pair-batches", daemon=True)
        self._producer.start()
        while True:
            started = time.perf_counter()
            made = self._queue.get()
            if isinstance(made, Exception):
                raise made
            images, tokens, keys, after, bad = made
            yield Batch(images=images, tokens=tokens, keys=keys, after=after, bad=bad, waited_s=time.perf_counter() - started)

    def _produce(self) -> None:
        try:
            with ThreadPoolExecutor(self._config.decoders, thread_name_prefix="decode") as pool:
                for batch in self._batches(pool):
                    if not self._put(batch):
                        return
        except Exception as error:  # raised again where the batches are used
            self._put(error)

    def _put(self, item: object) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _batches(self, pool: ThreadPoolExecutor) -> Iterator[tuple]:
        """A batch takes the next good samples of an epoch's order; the rest that fills no batch is left for another epoch."""
        size, epoch, start = self._config.batch, self._cursor.epoch, self._cursor.position
        while True:
            taken: list[Pair] = []
            position, made = start, 0
            for slots in self._order(epoch, start):
                for slot, pair in zip(slots, pool.map(self._pair, slots), strict=True):
                    position += 1
                    self._count(pair is None)
                    if not pair:
                        continue
                    taken.append((_shifted(pair[0], self._config, (epoch, *slot)), pair[1], pair[2]))
                    if len(taken) == size:
                        images = torch.from_numpy(np.stack([pixels for pixels, _, _ in taken]))
                        images = images.pin_memory() if self._pinned else images  # so that the copy runs beside the training
                        tokens = self._tokenize([text for _, text, _ in taken])
                        after = Cursor(epoch=epoch, position=position)
                        yield images, tokens, tuple(key for _, _, key in taken), after, self._bad
                        taken, made = [], made + 1
            if not made and start == 0:
                raise TrainingError(f"batch={size}: no epoch fills one; sources={self._config.sources} leaves too few samples")
            epoch, start = epoch + 1, 0

    def _order(self, epoch: int, start: int) -> Iterator[list[tuple[int, int]]]:
        """The epoch's sample slots (shard, index) from `start` on, a few at a time, and one window's shards in memory."""
        seed = self._config.seed
        shards = sorted(range(len(self._shards)), key=lambda n: stable_int(seed, epoch, self._shards[n].info.name))
        behind = 0
        for window in _chunks(shards, self._config.shards_in_memory):
            slots = np.array([(n, i) for n in window for i in range(self._shards[n].info.samples)], dtype=np.uint64)
            if behind + len(slots) > start:
                self._open = {n: samples for n, samples in self._open.items() if n in window}
                ranks = mixed(slots[:, 0] << np.uint64(40) | slots[:, 1], stable_int(seed, epoch, "samples"))
                ordered = slots[np.argsort(ranks, kind="stable")][max(0, start - behind) :]
                yield from _chunks(((int(n), int(i)) for n, i in ordered), self._config.batch)
            behind += len(slots)
        if self._cached:
            self._open = {}

    def _pair(self, slot: tuple[int, int]) -> "Pair | None":
        if slot in self._cache:
            return self._cache[slot]
        sample = self._samples(slot[0])[slot[1]]
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


def _chunks(items, size: int) -> Iterator[list]:
    chunk = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _drain(items: queue.Queue) -> None:
    while not items.empty():
        items.get_nowait()
