"""Cues and a time -> what is said in it: once each, and no sounds."""

import pytest

from lamella.schemas.config import PairConfig
from lamella.schemas.media import Cue
from lamella.transforms.pair.tracks import said_during

CONFIG = PairConfig()


def cues(*said) -> list[Cue]:
    return [Cue(start_s=start, end_s=end, text=text) for start, end, text in said]


def said(*of_cues, start_s=0.0, end_s=60.0) -> str:
    return said_during(cues(*of_cues), start_s, end_s, CONFIG)


def test_a_clip_gets_what_is_said_while_it_lasts():
    track = [(0, 4, "one"), (4, 8, "two"), (8, 12, "three"), (12, 16, "four")]
    assert said(*track, end_s=9.0) == "one two three"
    assert said(*track, start_s=4.0, end_s=8.0) == "two"
    assert said(*track, start_s=16.0, end_s=20.0) == ""
    assert said(*reversed(track), end_s=9.0) == "one two three"


@pytest.mark.parametrize(
    ("track", "once"),
    [
        # rolls up by a row
        (
            [(0, 2, "the kiln is hot"), (2, 4, "the kiln is hot\nso we wait"), (4, 6, "so we wait\nfor a day")],
            "the kiln is hot so we wait for a day",
        ),
        # rolls up by two rows of three
        ([(0, 2, "aa\nbb\ncc"), (2, 4, "bb\ncc\ndd"), (4, 6, "cc\ndd\nee")], "aa bb cc dd ee"),
        # glimpses between
        (
            [
                (0, 2, "stir it"),
                (2, 2.01, "stir it"),
                (2.01, 4, "stir it\nslowly"),
                (4, 4.01, "slowly"),
                (4.01, 6, "slowly\nnow"),
            ],
            "stir it slowly now",
        ),
        # painted on
        ([(0, 1, "put"), (1, 2, "put the lid"), (2, 3, "put the lid on")], "put the lid on"),
        # said twice, and meant
        ([(0, 2, "Never again."), (2, 4, "Never again.")], "Never again. Never again."),
        ([(0, 2, "Round and round"), (5, 7, "Round and round\nit goes")], "Round and round Round and round it goes"),
        ([(0, 2, "No"), (2, 4, "Nobody came")], "No Nobody came"),
    ],
)
def test_a_line_that_is_shown_again_is_said_once(track, once):
    assert said(*track) == once


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("[Music]", ""),
        ("(door creaks)", ""),
        ("[soft piano\nplaying]", ""),
        ("- [Laughter]", ""),
        ("【笑い】", ""),
        ("♪", ""),
        ("♪ over the hills we go ♪", ""),
        ("* thunder *", ""),
        ("...", ""),
        ("[sighs] I never liked it", "I never liked it"),
        ("press [Enter] to go on", "press [Enter] to go on"),
        ("(and this is what my grandmother always told us)", "(and this is what my grandmother always told us)"),
        ("(softly) come in", "(softly) come in"),
        ("[1] is the first of them", "[1] is the first of them"),
        ("2 * 3 * 4 is twenty-four", "2 * 3 * 4 is twenty-four"),
        ("#1 in the charts", "#1 in the charts"),
        ("# row the boat #", ""),
        (">> Good evening.", "Good evening."),
        ("5 >> 3", "5 >> 3"),
        ('{"chapter": 3, "at": "the mill"}', ""),
        ("strip/004.jpg#xywh=0,90,160,90", ""),
        ("https://mill.example/004.jpg", ""),
        ("see https://mill.example", "see https://mill.example"),
        ("おはよう", "おはよう"),
    ],
)
def test_sounds_are_not_said(line, left):
    assert said((0, 2, line)) == left


def test_a_track_of_sounds_says_nothing():
    assert said((0, 2, "[Music]"), (2, 4, "♫ la la ♫"), (4, 6, "(applause)")) == ""
