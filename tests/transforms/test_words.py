"""Words, sentences and lines of many scripts, and that no text can make the splitting slow."""

import pytest
from growth import is_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.transforms.formats.words import is_unspaced, lines, sentences, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        ("?!... --", []),
        ("The cat, it sat.", ["The", "cat", "it", "sat"]),
        ("don’t won't", ["don’t", "won't"]),
        ("'quoted' words'", ["quoted", "words"]),
        ("well-known snake_case", ["well", "known", "snake_case"]),
        ("L'école d’été", ["L'école", "d’été"]),
        ("3.14 and 10,000 at 12:30", ["3.14", "and", "10,000", "at", "12:30"]),
        ("U.S.A. e.g. end.Next", ["U.S.A", "e.g", "end", "Next"]),
        ("me@example.org R&D", ["me@example.org", "R&D"]),
        ("cafe\u0301 re\u0301sume\u0301", ["cafe\u0301", "re\u0301sume\u0301"]),
        ("हिन्दी में लिखा", ["हिन्दी", "में", "लिखा"]),
        ("שָׁלוֹם עולם", ["שָׁלוֹם", "עולם"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("中文，好。", ["中", "文", "好"]),
        ("漢字とかな", ["漢", "字", "と", "か", "な"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("GPT和AI", ["GPT", "和", "AI"]),
        ("𠮷野 𝐁𝐨𝐥𝐝", ["𠮷", "野", "𝐁𝐨𝐥𝐝"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith met J. R. Jones. They spoke.", ["Dr. Smith met J. R. Jones.", "They spoke."]),
        ("Fruit, e.g. apples. Done.", ["Fruit, e.g. apples.", "Done."]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("Wait... what?! Yes.", ["Wait...", "what?!", "Yes."]),
        ("It costs 3.50 today. Buy.", ["It costs 3.50 today.", "Buy."]),
        ("A line\nanother line", ["A line", "another line"]),
        ("你好。再见！「是。」他说。", ["你好。", "再见！", "「是。」", "他说。"]),
        ("यह है। वह है।", ["यह है।", "वह है।"]),
    ],
)
def test_sentences(text, expected):
    assert sentences(text) == expected


def test_lines_are_stripped_and_never_blank():
    assert lines(" a \n\n \t\nb\r\n") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", False), ("plain words", False), ("中文句子", True), ("한국어 단어", False), ("the word 中 means middle", False)],
)
def test_scripts_without_spaces(text, expected):
    assert is_unspaced(text) is expected


@settings(deadline=None)
@given(st.text())
def test_nothing_is_made_up_and_no_letter_lost(text):
    found = words(text)
    assert all(word in text for word in found)
    kept = [character for word in found for character in word if character.isalnum()]
    assert kept == [character for character in text if character.isalnum()]
    assert all(sentence in text for sentence in sentences(text))


@pytest.mark.parametrize(
    "unit", ["'", "a'", "\u0301", ".", '." ', "Dr. ", "。」", "a", "-a", "http://", "www.", "a.b", "1,", "a@", "\n"]
)
def test_time_is_linear(unit):
    def split_all(size: int) -> None:
        text = unit * (size // len(unit))
        for split in (words, sentences, lines, is_unspaced):
            split(text)

    assert is_linear(split_all, 50_000)
