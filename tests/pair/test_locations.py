"""Where a caption says that its picture was taken: 200 sentences written for this test, half of which name a place."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from lamella.schemas.config import PairConfig
from lamella.transforms.pair.captions import without_dates_and_places
from lamella.transforms.pair.locations import location_spans

PEOPLE = PairConfig().min_place_people
_MARKED = re.compile(r"\{(.+?)\}")
_SENTENCES = (Path(__file__).parent / "sentences_with_places.txt").read_text(encoding="utf-8").splitlines()


def _marked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """The sentence without its braces, and where the names of places stand in it."""
    text, marks = "", []
    for number, part in enumerate(_MARKED.split(line)):
        marks += [(len(text), len(text) + len(part))] if number % 2 else []
        text += part
    return text, marks


def found_and_missed() -> tuple[list[str], list[str], list[str]]:
    """(names found, names missed, phrases that are no place)."""
    found, missed, wrong = [], [], []
    for line in _SENTENCES:
        text, marks = _marked(line)
        spans = location_spans(text, PEOPLE)
        for start, end in marks:
            (found if any(a <= start and end <= b for a, b in spans) else missed).append(text[start:end])
        wrong += [text[a:b] for a, b in spans if not any(a <= start and end <= b for start, end in marks)]
    return found, missed, wrong


def test_places_are_found_and_little_else():
    found, missed, wrong = found_and_missed()
    assert len(_SENTENCES) == 200 and len(found) + len(missed) >= 100
    assert len(found) / len(found + missed) >= 0.9, missed
    assert len(found) / len(found + wrong) >= 0.9, wrong


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("In Paris, a man walks two dogs.", "A man walks two dogs."),
        ("A potter from Tokyo shapes a bowl", "A potter shapes a bowl"),
        ("Two cyclists in London and Paris at night", "Two cyclists at night"),
        ("The streets of Lisbon at dawn.", "The streets at dawn."),
        ("A spice seller in the old city of Jerusalem weighs salt", "A spice seller weighs salt"),
        ("Snow in downtown Chicago.", "Snow."),
        # and what stays
        ("A woman In Orange Dress", "A woman In Orange Dress"),
        ("A letter from Victoria to her mother", "A letter from Victoria to her mother"),
        ("A man in Oxford shoes", "A man in Oxford shoes"),
        ("In Paris Hilton's style", "In Paris Hilton's style"),
    ],
)
def test_names_of_places_leave_with_what_leads_to_them(text, left):
    assert without_dates_and_places(text, PEOPLE) == left
    assert without_dates_and_places(left, PEOPLE) == left


def test_a_smaller_town_is_a_place_where_the_config_says_so():
    text = "A market in Seberi at noon."  # 11,950 people
    assert without_dates_and_places(text, 15_000) == text
    assert without_dates_and_places(text, 5000) == "A market at noon."


@pytest.mark.parametrize("piece", ["in Paris ", "in ", "Paris and ", "in the ", "of Paris, ", "A-", "in Aa-aa.", "streets of "])
def test_spans_lie_in_order_in_any_text(piece):
    text = piece * 300
    spans = location_spans(text, PEOPLE)
    assert all(a < b <= c for (a, b), (c, _) in pairwise(spans))
