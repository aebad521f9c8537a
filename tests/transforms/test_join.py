"""Join: records of several kinds meet by key in one shuffle, outputs leave by their outputs, and a group is never held."""

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.transforms.base.join import Group, Join, as_it_is


def by_words(line):
    return ((word, line) for word in line.split())


def priced(word, group):
    price = group.first("prices")
    if price is None:
        yield beam.pvalue.TaggedOutput("unknown", word)
        return
    for line in group["lines"]:
        yield line, word, price


def test_kinds_meet_by_key_and_leave_by_their_outputs():
    keyed = {"lines": by_words, "prices": as_it_is}
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        inputs = {
            "lines": pipeline | "Lines" >> beam.Create(["tea cake", "cake"], reshuffle=False),
            "prices": pipeline | "Prices" >> beam.Create([("cake", 2), ("pie", 3)], reshuffle=False),
        }
        out = inputs | Join(keyed, priced, tuple[str, str, int], outputs={"unknown": str})
        assert_that(out.main, equal_to([("tea cake", "cake", 2), ("cake", "cake", 2)]), label="main")
        assert_that(out.unknown, equal_to(["tea"]), label="unknown")


class Streamed:
    """A million values of one key, as an engine streams them: again for each reader, and none of them kept."""

    def __iter__(self):
        yield 1, "price"
        yield from ((0, number) for number in range(1_000_000))


def test_a_group_is_read_as_often_as_it_is_asked_and_never_held():
    group = Group(Streamed(), {"lines": 0, "prices": 1})
    assert group.first("prices") == "price" and group.first("prices") == "price"
    lines = group["lines"]
    assert next(iter(lines)) == 0 and sum(1 for _ in lines) == 1_000_000
