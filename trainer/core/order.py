"""Counts of samples in each shard -> an endless sequence of places: which sample is at slot s, without reading any.

    epoch -> shards in an order by hash -> windows of a few shards -> samples of a window in an order by hash

Epochs follow one another without a gap. A slot's number is therefore the whole state of a training's data: any process
of any world finds its part of a batch by arithmetic.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lamella.schemas.keys import stable_int

_WINDOWS_KEPT = 3  # orders of windows in memory: a batch may end in the next one
_EPOCHS_KEPT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRef:
    """Sample `index` of shard `shard`, drawn in `epoch`."""

    epoch: int
    shard: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Shards that are read together, in an epoch's order, and what lies before them."""

    epoch: int
    number: int
    shards: tuple[int, ...]


class Order:
    """The order of one dataset.

    Args:
        names: of the shards; the order follows from these and `seed`, not from where the shards lie.
        counts: samples of each shard, at least one in all.
        seed: of the order; None for the order in which the shards stand, which validation uses.
        window: shards that are shuffled together.
    """

    def __init__(self, names: Sequence[str], counts: Sequence[int], seed: int | None, window: int):
        self._names, self._counts, self._seed, self._size = tuple(names), np.asarray(counts, dtype=np.int64), seed, window
        self.samples = int(self._counts.sum())
        if not self.samples:
            raise ValueError("an order of no samples")
        self._epochs: OrderedDict[int, tuple[np.ndarray, np.ndarray]] = OrderedDict()
        self._orders: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()

    def place(self, slot: int) -> SampleRef:
        """Which sample is at `slot`, counted from 0."""
        window, start = self._find(slot)
        shard, index = self._ordered(window)[slot - start]
        return SampleRef(epoch=window.epoch, shard=int(shard), index=int(index))

    def window(self, slot: int) -> Window:
        """The window in which `slot` lies."""
        return self._find(slot)[0]

    def next_window(self, window: Window) -> Window:
        """The one that follows; the first of the next epoch after the last."""
        last = (window.number + 1) * self._size >= len(self._names)
        return self._window(window.epoch + 1, 0) if last else self._window(window.epoch, window.number + 1)

    def instead(self, slot: int, attempt: int) -> SampleRef:
        """A place that follows by hash from `slot` and `attempt` (from 1): in its window first, later anywhere."""
        roll = stable_int(self._seed, "instead", slot, attempt)
        if attempt > 8:
            return self.place(slot // self.samples * self.samples + roll % self.samples)
        ordered = self._ordered(window := self._find(slot)[0])
        shard, index = ordered[roll % len(ordered)]
        return SampleRef(epoch=window.epoch, shard=int(shard), index=int(index))

    def _find(self, slot: int) -> tuple[Window, int]:
        """The window of a slot, and the slot at which it starts."""
        epoch, position = divmod(slot, self.samples)
        _, starts = self._epoch(epoch)
        number = int(np.searchsorted(starts, position, side="right")) - 1
        return self._window(epoch, number), epoch * self.samples + int(starts[number])

    def _window(self, epoch: int, number: int) -> Window:
        shards, _ = self._epoch(epoch)
        chosen = shards[number * self._size : (number + 1) * self._size]
        return Window(epoch=epoch, number=number, shards=tuple(chosen.tolist()))

    def _epoch(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The shards in an epoch's order, and the position at which each window starts."""

        def make() -> tuple[np.ndarray, np.ndarray]:
            shards = range(len(self._names))
            if self._seed is not None:
                shards = sorted(shards, key=lambda n: stable_int(self._seed, epoch, self._names[n]))
            ordered = np.array(shards, dtype=np.int64)
            ends = np.cumsum(self._counts[ordered])
            starts = np.concatenate([[0], ends[self._size - 1 : -1 : self._size]])
            return ordered, starts

        return _kept(self._epochs, epoch, make, _EPOCHS_KEPT)

    def _ordered(self, window: Window) -> np.ndarray:
        """[samples of the window, 2]: shard and index, in the window's order."""

        def make() -> np.ndarray:
            counts = self._counts[list(window.shards)]
            places = np.empty((int(counts.sum()), 2), dtype=np.uint64)
            places[:, 0] = np.repeat(np.array(window.shards, dtype=np.uint64), counts)
            places[:, 1] = np.concatenate([np.arange(count, dtype=np.uint64) for count in counts])
            if self._seed is None:
                return places
            ranks = _mixed(places[:, 0] << np.uint64(40) | places[:, 1], stable_int(self._seed, window.epoch, "samples"))
            return places[np.argsort(ranks, kind="stable")]

        return _kept(self._orders, (window.epoch, window.number), make, _WINDOWS_KEPT)


def part(step: int, batch: int, of: int, number: int) -> range:
    """The slots of the `number`-th of `of` equal parts of the `step`-th batch; `of` must divide `batch`."""
    share = batch // of
    first = step * batch + number * share
    return range(first, first + share)


def _mixed(values: np.ndarray, seed: int) -> np.ndarray:
    """splitmix64's finaliser over uint64 values: an order that any machine and any version of numpy agrees on."""
    with np.errstate(over="ignore"):
        x = values ^ np.uint64(seed)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _kept(memory: OrderedDict, key, make, most: int):
    if key not in memory:
        memory[key] = make()
        while len(memory) > most:
            memory.popitem(last=False)
    memory.move_to_end(key)
    return memory[key]
