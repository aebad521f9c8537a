"""A rulebook is a table: its order decides, and a limit that is not set judges nothing."""

from types import SimpleNamespace

import pytest

from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import Broken, Rule, above, below, first_broken

RULES = (
    Rule(
        Reason.TOO_FEW_WORDS,
        lambda record, limits: below(record.words, limits.min_words),
        lambda record, limits: f"{record.words} < {limits.min_words}",
    ),
    Rule(Reason.LOREM_IPSUM, lambda record, limits: record.filler),
)


@pytest.mark.parametrize(
    ("words", "filler", "min_words", "expected"),
    [
        (5, False, 3, None),
        (2, False, 3, Broken(Reason.TOO_FEW_WORDS, "2 < 3")),
        (3, False, 3, None),
        (2, False, None, None),
        (2, True, 3, Broken(Reason.TOO_FEW_WORDS, "2 < 3")),
        (9, True, 3, Broken(Reason.LOREM_IPSUM, "")),
    ],
)
def test_the_first_broken_rule_decides(words, filler, min_words, expected):
    record, limits = SimpleNamespace(words=words, filler=filler), SimpleNamespace(min_words=min_words)
    assert first_broken(record, RULES, limits) == expected


def test_an_empty_table_breaks_nothing():
    assert first_broken(None, (), None) is None


def test_rules_behind_a_broken_one_are_not_asked():
    def never(record, limits):
        raise AssertionError

    assert (
        first_broken(None, (Rule(Reason.NO_MEDIA, lambda *_: True), Rule(Reason.NO_CONTENT, never)), None).reason
        is Reason.NO_MEDIA
    )


@pytest.mark.parametrize(
    ("value", "limit", "over", "under"),
    [(1, 1, False, False), (2, 1, True, False), (0, 1, False, True), (7, None, False, False), (-1, 0, False, True)],
)
def test_bounds_themselves_are_within(value, limit, over, under):
    assert (above(value, limit), below(value, limit)) == (over, under)
