"""The order of samples: every one once an epoch, whatever the shards, the windows and the world."""

from collections import Counter

import pytest

from lamella.trainer.core.order import Order, part


def order(counts, seed=5, window=2):
    return Order([f"m3w-train-{n:05d}.tar" for n in range(len(counts))], counts, seed, window)


def epoch(of: Order, number: int):
    return [of.place(slot) for slot in range(number * of.samples, (number + 1) * of.samples)]


@pytest.mark.parametrize("shards", range(1, 10))
@pytest.mark.parametrize("window", [1, 2, 4, 16])
def test_every_sample_comes_once_an_epoch(shards, window):
    counts = [3 + n % 4 for n in range(shards)]
    of = order(counts, window=window)
    everything = Counter((shard, index) for shard, count in enumerate(counts) for index in range(count))
    for number in range(3):
        places = epoch(of, number)
        assert {place.epoch for place in places} == {number}
        assert Counter((place.shard, place.index) for place in places) == everything


@pytest.mark.parametrize("world", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("shards", [1, 2, 5, 9])
def test_processes_share_a_batch_without_gap_or_overlap(world, shards):
    """Fewer shards than processes included: the unit of work is the step."""
    of = order([5] * shards)
    batch = 2 * world
    alone = [of.place(slot) for step in range(6) for slot in part(step, batch, 1, 0)]
    for micro in (1, 2):
        shared = [
            of.place(slot)
            for step in range(6)
            for rank in range(world)
            for number in range(micro)
            for slot in part(step, batch, world * micro, rank * micro + number)
        ]
        assert shared == alone == [of.place(slot) for slot in range(6 * batch)]


def test_any_slot_can_be_asked_for_first():
    counts = [4, 1, 7, 3, 5]
    of = order(counts)
    places = [of.place(slot) for slot in range(70)]
    for slot in (69, 3, 20, 41, 0, 68):
        assert order(counts).place(slot) == places[slot]


def test_epochs_and_seeds_differ():
    of = order([20, 20, 20])
    first, second = ([(place.shard, place.index) for place in epoch(of, number)] for number in (0, 1))
    other = [(place.shard, place.index) for place in epoch(order([20, 20, 20], seed=6), 0)]
    assert first != second and first != other


def test_a_window_reads_few_shards():
    of = order([10] * 9, window=3)
    for first in range(0, 90, 30):
        assert len({of.place(slot).shard for slot in range(first, first + 30)}) == 3
        assert set(of.window(first).shards) == {of.place(slot).shard for slot in range(first, first + 30)}
    assert of.next_window(of.window(0)) == of.window(30)
    assert of.next_window(of.window(89)) == of.window(90)


def test_without_a_seed_samples_come_as_they_lie():
    of = order([2, 3], seed=None, window=1)
    assert [(place.shard, place.index) for place in epoch(of, 0)] == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]


def test_what_stands_in_follows_from_slot_and_attempt():
    of = order([10] * 6)
    for slot in (0, 17, 59, 61):
        first = [of.instead(slot, attempt) for attempt in range(1, 30)]
        assert first == [order([10] * 6).instead(slot, attempt) for attempt in range(1, 30)]
        assert {place.epoch for place in first} == {slot // 60}
        assert {place.shard for place in first[:8]} <= set(of.window(slot).shards)
        assert not {place.shard for place in first[8:]} <= set(of.window(slot).shards)


def test_the_order_does_not_depend_on_the_machine():
    """Written down once: another version of Python or numpy must come to the same."""
    of = order([3, 2, 4], seed=0)
    assert [(place.shard, place.index) for place in epoch(of, 0)] == EXPECTED


EXPECTED = [(0, 0), (2, 3), (0, 2), (2, 2), (2, 1), (0, 1), (2, 0), (1, 1), (1, 0)]
