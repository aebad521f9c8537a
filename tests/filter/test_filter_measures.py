"""Measures: numbers worked by hand, and the fast n-gram measures against the plain definitions on many texts."""

from collections import Counter
from dataclasses import asdict, fields
from math import isqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.schemas.document import ImageNode, TextNode, TextQuality
from lamella.transforms.filter.measures import TextMeasures, paragraphs_of
from lamella.transforms.filter.repetition import (
    DUPLICATE_NGRAM_LIMITS,
    TOP_NGRAM_LIMITS,
    character_repetition,
    repeated_ngrams,
    repeated_parts,
    word_repetition,
)
from lamella.transforms.formats.tokens import tokens

PROSE = "The cat sat on the mat, and the dog lay by the door. It was warm; nobody had to be anywhere else that day."


def measures(text: str, language: str = "en") -> TextMeasures:
    return TextMeasures(text.split("\n\n"), language)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("words", "One two, 3.5 — four!", 4),
        ("words", "中文 好", 3),
        ("mean_word_length", "a bb ccc", 2.0),
        ("symbols_per_word", "#a #b c d", 2 / 6),  # two hashes over six tokens
        ("symbols_per_word", "a... b… c d", 2 / 6),
        ("bullet_lines", "- a\n• b\nc\n\nd", 0.5),
        ("ellipsis_lines", "a...\nb…\nc\nd.", 0.5),
        ("ended_lines", "a.\nb?\nc\nd,", 0.5),
        ("ended_lines", "好。\n不", 0.5),
        ("ended_lines", "a...", 1.0),
        ("short_lines", f"short\n{'x' * 31}\n{'y' * 30}", 2 / 3),
        ("alphabetic_words", "a1 22 b , .", 2 / 5),
        ("stop_words", "The cat and the dog", 3 / 5),
        ("stop_word_kinds", "the The of and with", 4),
        ("flagged_words", "porn is a word", 1 / 4),
        ("punctuation", "Yes, he said. No", 2 / 6),
        ("punctuation", "是，不。", 2 / 4),
        ("special_characters", "ab 1!", 3 / 5),
        ("duplicate_lines", "a\nb\na\na", 0.5),
        ("duplicate_line_characters", "aa\nb\naa", 2 / 7),
        ("duplicate_paragraphs", "a\nb\n\na\nb\n\nc", 1 / 3),
        ("duplicate_paragraph_characters", "ab\n\nab\n\nc", 2 / 7),
        ("character_repetition", "abcdefghij", 0.0),
        ("word_repetition", "one two three four", 0.0),
    ],
)
def test_by_hand(name, text, expected):
    assert getattr(measures(text), name) == pytest.approx(expected)


def test_stop_words_are_those_of_the_language():
    assert measures("der Hund und die Katze", "de").stop_words == pytest.approx(3 / 5)
    assert measures("der Hund und die Katze", "de").stop_word_kinds == 3
    assert measures("的 猫 是", "zh").stop_words == pytest.approx(2 / 3)
    assert measures("der Hund", "xx").stop_words == 0.0
    assert not measures("der Hund", "xx").has_stop_word_list


def test_flagged_words_of_other_languages_do_not_count():
    assert measures("a bite of puta", "en").flagged_words == 0.0
    assert measures("una puta", "es").flagged_words == 0.5


def test_all_of_an_empty_text_is_zero():
    assert set(asdict(TextMeasures([], "en").quality()).values()) == {0}


def test_quality_has_every_number_as_a_plain_one():
    quality = measures(PROSE + "\n\n" + PROSE).quality()
    for field in fields(TextQuality):
        assert type(getattr(quality, field.name)) is field.type, field.name


def test_repeated_parts_counts_all_but_the_first():
    assert repeated_parts(["a", "bb", "a", "bb", "bb"], 10) == (3 / 5, 5 / 10)
    assert repeated_parts(["a", "b"], 2) == (0.0, 0.0)
    assert repeated_parts([], 0) == (0.0, 0.0)


def test_top_ngram_by_hand():
    """ "a b" thrice, 3 characters each, of 24; the limit is 0.2. Of the others none is worse."""
    text = "aa bb x aa bb yy aa bb z"
    assert measures(text).top_ngram_characters == pytest.approx(5 * 3 / len(text) / 0.2)


def test_duplicate_ngrams_by_hand():
    """Five words of 2 letters come twice: 10 letters of the second occurrence count."""
    text = "aa bb cc dd ee xx aa bb cc dd ee"
    assert measures(text).duplicate_ngram_characters == pytest.approx(10 / len(text) / 0.15)


def test_paragraphs_are_nodes_but_lists_stand_together():
    nodes = (
        TextNode(text="Head", position=0, tag="h2"),
        TextNode(text="one", position=1, tag="li"),
        TextNode(text="two", position=2, tag="li"),
        ImageNode(url="u", position=3),
        TextNode(text="three", position=4, tag="li"),
        TextNode(text="p", position=5),
        TextNode(text="p", position=6),
    )
    assert paragraphs_of(nodes) == ["Head", "one\ntwo", "three", "p", "p"]


def plain_top(words: list[str], characters: int) -> float:
    worst = 0.0
    for n, limit in TOP_NGRAM_LIMITS.items():
        counts = Counter(" ".join(words[at : at + n]) for at in range(len(words) - n + 1))
        if counts and (top := counts.most_common(1)[0])[1] > 1:
            worst = max(worst, len(top[0]) * top[1] / characters / limit)
    return worst


def plain_duplicates(words: list[str], characters: int) -> float:
    worst = 0.0
    for n, limit in DUPLICATE_NGRAM_LIMITS.items():
        seen, repeated, at = set(), 0, 0
        while at + n <= len(words):
            gram = tuple(words[at : at + n])
            if gram in seen:
                repeated, at = repeated + sum(map(len, gram)), at + n
            else:
                seen.add(gram)
                at += 1
        worst = max(worst, repeated / characters / limit)
    return worst


def plain_characters(text: str) -> float:
    counts = Counter(text[at : at + 10] for at in range(len(text) - 9))
    if not counts:
        return 0.0
    frequencies = sorted(counts.values(), reverse=True)
    repeated = min(isqrt(len(counts)), sum(count > 1 for count in frequencies))
    return sum(frequencies[:repeated]) / sum(frequencies)


def plain_words(words: list[str]) -> float:
    counts = Counter(tuple(words[at : at + 5]) for at in range(len(words) - 4))
    return sum(count for count in counts.values() if count > 1) / max(1, counts.total())


few_words = st.lists(st.sampled_from(["a", "bb", "ccc", "d.", "Bb"]), max_size=80).map(" ".join)


@settings(deadline=None)
@given(few_words | st.text(max_size=200))
def test_the_fast_measures_are_the_plain_ones(text):
    found = TextMeasures([text], "en")
    words = tokens(text)
    assert found.top_ngram_characters == pytest.approx(plain_top(words, max(1, len(text))))
    assert found.duplicate_ngram_characters == pytest.approx(plain_duplicates(words, max(1, len(text))))
    assert found.character_repetition == pytest.approx(plain_characters(text))
    lower = [word.lower() for word in words if any(map(str.isalnum, word)) or "_" in word]
    assert found.word_repetition == pytest.approx(plain_words(lower))
    assert found.quality() == TextMeasures([text], "en").quality()


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=60))
def test_repeated_ngrams_are_exact(ids):
    array = np.array(ids, np.int64)
    found = {gram.n: gram for gram in repeated_ngrams(array, 6)}
    for n in range(2, 7):
        grams = [tuple(ids[at : at + n]) for at in range(len(ids) - n + 1)]
        counts = Counter(grams)
        starts = [at for at, gram in enumerate(grams) if counts[gram] > 1]
        assert (found[n].starts if n in found else []) == starts
        if starts:
            assert [found[n].counts[name] for name in found[n].names] == [counts[grams[at]] for at in starts]


def test_many_tokens_do_not_overflow():
    """Past 2 ** 63, keys are sorted without packing."""
    ids = np.concatenate([np.arange(3000), np.arange(3000)]) * (1 << 18)
    assert word_repetition(ids) == pytest.approx(2 * 2996 / 5996)


def test_surrogates_and_planes_are_characters_too():
    assert character_repetition(np.frombuffer("\ud800🦩".encode("utf-32-le", "surrogatepass"), np.uint32)) == 0.0
    assert TextMeasures(["\ud800 🦩"], "en").special_characters == 1.0
