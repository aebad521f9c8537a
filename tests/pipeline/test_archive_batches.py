"""Batches: archives by bytes, by count, or all at once; and the line that says how far they are."""

import re

import pytest

from lamella.pipeline.archive_batches import ReadingClock, cut_batches
from lamella.schemas.config import RunConfig

MB = 1 << 20


@pytest.mark.parametrize(
    ("sizes", "config", "processes", "batches"),
    [
        ([900 * MB] * 4, {}, 1, [1, 1, 1, 1]),  # large archives: no more at once than there are processes
        ([900 * MB] * 5, {}, 2, [2, 2, 1]),
        ([10 * MB] * 30, {}, 1, [7, 7, 7, 7, 2]),  # 64 MB are reached with the seventh
        ([10 * MB] * 30, {}, 2, [13, 13, 4]),
        ([50_000] * 2000, {}, 2, [512, 512, 512, 464]),  # small ones count as a quarter of a megabyte
        ([0, 0, 0], {}, 2, [3]),
        ([900 * MB, 1, 1, 1], {}, 2, [2, 2]),
        ([900 * MB] * 5, {}, None, [5]),  # a cluster
        ([900 * MB] * 5, {"archives_per_batch": 3}, 2, [3, 2]),
        ([900 * MB] * 5, {"archives_per_batch": 3}, None, [3, 2]),
        ([10 * MB] * 4, {"bytes_per_batch": 20 * MB}, 1, [2, 2]),
        ([], {}, 2, []),
    ],
)
def test_batches(sizes, config, processes, batches):
    archives = {f"{place:04}.warc.gz": size for place, size in enumerate(sizes)}
    cut = list(cut_batches(archives, RunConfig(**config), processes))
    assert [len(batch) for batch in cut] == batches
    assert [archive for batch in cut for archive in batch] == list(archives)


def test_the_line_tells_archives_bytes_and_the_time_to_go():
    clock = ReadingClock({"a": 3_000_000, "b": 1_000_000}, before=2)
    assert clock.line() == "2 of 4 archives read, 0% of 4 MB"
    clock.passed(["a"])
    assert re.fullmatch(r"3 of 4 archives read, 75% of 4 MB, about \d+ s to go", clock.line())
    clock.passed(["b"])
    assert clock.line() == "4 of 4 archives read, 100% of 4 MB, about 0 s to go"
