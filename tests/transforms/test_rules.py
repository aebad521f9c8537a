"""A rule as a row: when it speaks, what it says, and what a rulebook refuses."""

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest

from lamella.schemas.bounds import Frozen
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.rule import Found, Over, Rule, Rulebook, RuleScope, Under, Violation, apply_rules


class Limits(Frozen):
    min_words: int | None = 3
    max_words: int | None = 5
    no_lorem: bool = True


class Text:
    def __init__(self, text: str):
        self.text, self.counted = text, 0

    @cached_property
    def words(self) -> int:
        self.counted += 1
        return len(self.text.split())


def lorem(text: Text, limits: Limits) -> str:
    return "lorem" if "lorem" in text.text else ""


def is_loud(text: Text, limits: Limits) -> bool:
    return text.text.isupper()


def book(*rules: Rule) -> Rulebook:
    return RuleScope(Stage.FILTER, Unit.NODE, "filter.node", Limits).book("texts", *rules)


BOOK = book(
    Under(Reason.TOO_FEW_WORDS, Text.words, "min_words", source="ours"),
    Over(Reason.TOO_MANY_WORDS, Text.words, "max_words", when=is_loud, detail=lambda text: text.text[:5]),
    Found(Reason.LOREM_IPSUM, lorem, "no_lorem"),
)


@pytest.mark.parametrize(
    ("text", "limits", "expected"),
    [
        ("one two", Limits(), Violation(Reason.TOO_FEW_WORDS, "words", 2.0, 3.0)),
        ("one two three", Limits(), None),
        ("one two", Limits(min_words=None), None),  # None leaves the rule out
        ("A B C D E F", Limits(), Violation(Reason.TOO_MANY_WORDS, "words", 6.0, 5.0, "A B C")),
        ("a b c d e f", Limits(), None),  # the rule speaks of loud texts only
        ("lorem ipsum dolor", Limits(), Violation(Reason.LOREM_IPSUM, "lorem", detail="lorem")),
        ("lorem ipsum dolor", Limits(no_lorem=False), None),
        ("lorem ipsum", Limits(), Violation(Reason.TOO_FEW_WORDS, "words", 2.0, 3.0)),  # the first row counts
    ],
)
def test_rows(text, limits, expected):
    assert apply_rules(BOOK, Text(text), limits) == expected


def test_a_measure_is_made_only_where_its_limit_is_set():
    text = Text("one two")
    apply_rules(book(Under(Reason.TOO_FEW_WORDS, Text.words, "min_words")), text, Limits(min_words=None))
    assert text.counted == 0


def test_a_measure_without_a_value_breaks_nothing():
    rules = book(Under(Reason.LOW_CLIP_SCORE, lambda text: None, "min_words"))
    assert apply_rules(rules, Text(""), Limits()) is None


def test_a_row_knows_where_it_stands():
    assert all(rule.file == __file__ for rule in BOOK)
    lines = [line.strip() for line in Path(__file__).read_text(encoding="utf-8").splitlines()]
    assert [lines[rule.line - 1].partition("(")[0] for rule in BOOK] == ["Under", "Over", "Found"]


def test_a_limit_that_the_config_lacks_is_refused_when_the_rulebook_is_made():
    with pytest.raises(ValueError, match=r"test_rules.py:\d+: filter.node has no key 'min_letters'"):
        book(Under(Reason.TOO_FEW_WORDS, Text.words, "min_letters"))


class Size(NamedTuple):
    width: int

    @property
    def side(self) -> int:
        return self.width


def test_a_property_is_a_measure_too():
    assert apply_rules(book(Under(Reason.IMAGE_TOO_SMALL, Size.side, "min_words")), Size(2), Limits()).measure == "side"
