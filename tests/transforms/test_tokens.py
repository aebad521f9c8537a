"""Tokens as spaCy's English tokenizer cuts them, in time that grows with the text, with a memory that is bounded."""

import pytest
from growth import is_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.transforms.formats import tokens as module
from lamella.transforms.formats.tokens import tokens


# What spaCy 3.8's `blank("en")` gives, but for the scripts without spaces.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Well... see: a-b (c)!", ["Well", "...", "see", ":", "a", "-", "b", "(", "c", ")", "!"]),
        ("don't it’s they'll I’d cannot", ["do", "n't", "it", "’s", "they", "'ll", "I", "’d", "can", "not"]),
        ("L'école d’été turn'd", ["L'école", "d’été", "turn'd"]),
        ("Mr. Smith, e.g. in the U.S.,", ["Mr.", "Smith", ",", "e.g.", "in", "the", "U.S.", ","]),
        ("in the UK. plan B. etc.", ["in", "the", "UK", ".", "plan", "B.", "etc", "."]),
        ("5GB 10% $20 20€ 3.14 10,000", ["5", "GB", "10", "%", "$", "20", "20", "€", "3.14", "10,000"]),
        ("UTF-8 well-known and/or his/her", ["UTF-8", "well", "-", "known", "and/or", "his", "/", "her"]),
        ("see /usr/bin -m --flag", ["see", "/usr", "/", "bin", "-m", "--flag"]),
        ("at https://x.example/a?b=c.", ["at", "https://x.example/a?b=c", "."]),
        ("std::map f(x) C++ .git", ["std::map", "f(x", ")", "C++", ".git"]),
        ("end.Next one,two", ["end", ".", "Next", "one", ",", "two"]),
        ('"Quoted," he said—twice', ['"', "Quoted", ",", '"', "he", "said", "—", "twice"]),
        ("#tag @name ☃", ["#", "tag", "@name", "☃"]),
        ("中文。 GPT和AI", ["中", "文", "。", "GPT", "和", "AI"]),
    ],
)
def test_tokens(text, expected):
    assert tokens(text) == expected


@settings(deadline=None)
@given(st.text())
def test_no_character_is_lost_where_words_have_spaces(text):
    if not module.UNSPACED_CHARACTER.search(text):
        assert "".join(tokens(text)) == "".join(text.split())


@pytest.mark.parametrize(
    "unit",
    ["'", "a'", "n't", "a'll", "\u0301", ".", "a.", "a.!", "e.g.", "-a", "--", "http://", "a.b/", "1,", "(", ")", "5%", "\n"],
)
def test_time_is_linear(unit):
    assert is_linear(lambda size: tokens(unit * (size // len(unit))), 50_000)


def test_what_is_remembered_is_bounded_and_right(monkeypatch):
    monkeypatch.setattr(module, "_MOST_REMEMBERED", 8)
    pieces = module._Pieces()
    words = [f"word{number}," for number in range(50)] * 2 + ["x" * 1000]
    assert [pieces[word] for word in words] == [(word[:-1], ",") for word in words[:-1]] + [("x" * 1000,)]
    assert len(pieces) <= 8 and len(pieces._before) <= 8 and "x" * 1000 not in pieces
