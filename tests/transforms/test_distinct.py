"""Counting different keys: exactly while they are few, nearly when they are many, and the same in any order."""

import random
import tracemalloc

import pytest

from lamella.transforms.base.distinct import DistinctKeys

KEYS = [f"{n:032x}" for n in range(50_000)]


@pytest.mark.parametrize("number", [0, 1, 1000, 4096])
def test_few_are_counted_exactly(number):
    assert len(DistinctKeys(KEYS[:number] * 2)) == number


def test_many_are_counted_within_some_percent_whatever_their_order():
    counts = set()
    for seed in range(3):
        keys = KEYS + KEYS[:10_000]
        random.Random(seed).shuffle(keys)
        counts.add(len(DistinctKeys(keys)))
    (count,) = counts
    assert count == pytest.approx(len(KEYS), rel=0.07)


def test_a_key_that_was_there_is_known():
    keys = DistinctKeys()
    assert [keys.add(key) for key in "abab"] == [True, True, False, False]


def test_a_count_goes_on_after_it_was_asked():
    keys = DistinctKeys(KEYS[:20_000])
    assert len(keys) == len(keys)
    for key in KEYS:
        keys.add(key)
    assert len(keys) == len(DistinctKeys(KEYS))


def test_what_is_held_has_a_bound():
    tracemalloc.start()
    try:
        DistinctKeys(f"{n:032x}" for n in range(100_000))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
