"""The rulebook: for each rule a text that breaks it alone, its bound itself, and what tiny texts are spared."""

import pytest

from lamella.pipeline.recipes import RECIPES
from lamella.schemas.config import LimitsForText
from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.filter.measures import TextMeasures
from lamella.transforms.filter.rules import DOCUMENT_RULES, NODE_RULES

PROSE = (
    "The keeper of the old lighthouse climbed the stairs every evening to light the lamp, and nobody asked him why. "
    "From the gallery he could see three harbours, two of them empty now, and the long grey line of the breakwater. "
    "When it rained he wrote letters to his sister; when it was clear he painted the boats that passed below."
)
NOTICE = "We use cookies to make this site better. Read our privacy policy."
NUMBERS = "12 34 56 78 90 11 22 33 44 55 66 77 88 99 and more"


def broken(text: str, language: str = "en", **limits):
    found = apply_rules(DOCUMENT_RULES, TextMeasures(text.split("\n\n"), language), LimitsForText(**limits))
    return (found.reason.value, said(found)) if found else None


def said(found):
    """The value beside its limit, or what was found."""
    if found.value is None:
        return found.detail
    return f"{found.value:.4g} {'>' if found.value > found.limit else '<'} {found.limit:g}"


@pytest.mark.parametrize(
    ("text", "limits", "expected"),
    [
        ("one two", {"min_words": 3}, ("too_few_words", "2 < 3")),
        ("one two three", {"min_words": 3}, None),
        ("one two three four", {"max_words": 3}, ("too_many_words", "4 > 3")),
        (NOTICE, {"no_boilerplate": True}, ("boilerplate_text", "privacy policy")),
        ("Please enable JavaScript to view this page.", {"no_boilerplate": True}, ("boilerplate_text", "enable javascript")),
        ("JavaScript is disabled in your browser.", {"no_boilerplate": True}, ("boilerplate_text", "javascript is disabl")),
        ("Bitte aktivieren Sie JavaScript.", {"no_boilerplate": True}, ("boilerplate_text", "aktivieren sie javascript")),
        ("JavaScript is a language that runs in browsers.", {"no_boilerplate": True}, None),
        (NOTICE, {}, None),
        (f"{PROSE} {NOTICE}", {"no_boilerplate": True}, None),  # too long for a notice
        ("Here Lorem Ipsum dolor stands.", {"no_lorem_ipsum": True}, ("lorem_ipsum", "lorem ipsum")),
        ("Dear {name}, hello.", {"no_curly_bracket": True}, ("curly_bracket", "{")),
        ("for (;;) {\n}\nThat is all.", {"no_curly_bracket": True}, None),  # code, whose lines C4 drops
        ("Use {} in JavaScript, always.", {"no_curly_bracket": True}, None),
        ("free porn here now", {"max_flagged_words": 0.01}, ("unsafe_text", "0.25 > 0.01")),
        ("# a " * 12, {"max_symbols_per_word": 0.1}, ("too_many_symbols", "0.5 > 0.1")),
        ("- one of these\n" * 12, {"max_bullet_lines": 0.9}, ("too_many_bullets", "1 > 0.9")),
        ("and so on it goes...\n" * 4, {"max_ellipsis_lines": 0.3}, ("too_many_ellipses", "1 > 0.3")),
        (NUMBERS, {"min_alphabetic_words": 0.8}, ("too_few_alphabetic_words", "0.125 < 0.8")),
        ("!? " * 20, {"max_special_characters": 0.3}, ("too_many_special_characters", "1 > 0.3")),
        ("a b " * 8, {"min_mean_word_length": 3}, ("odd_word_length", "1 < 3")),
        ("internationalisation " * 12, {"max_mean_word_length": 10}, ("odd_word_length", "20 > 10")),
        ("apple pear plum fig " * 4, {"min_stop_word_kinds": 2}, ("too_few_stop_words", "0 < 2")),
        ("apple pear plum fig " * 4, {"min_stop_words": 0.2}, ("too_few_stop_words", "0 < 0.2")),
        ("apple pear plum fig " * 4, {"min_punctuation": 0.001}, ("too_little_punctuation", "0 < 0.001")),
        ("a line without an end\n" * 4, {"min_ended_lines": 0.12}, ("too_few_ended_lines", "0 < 0.12")),
        ("a short line.\n" * 6, {"max_short_lines": 0.67}, ("too_many_short_lines", "1 > 0.67")),
        (f"{PROSE}\n\n{PROSE}", {"max_duplicate_paragraphs": 0.3}, ("repeated_paragraphs", "0.5 > 0.3")),
        (f"{PROSE}\n\n{PROSE}", {"max_duplicate_paragraph_characters": 0.2}, ("repeated_paragraphs", "0.4992 > 0.2")),
        ("the same line again\n" * 4, {"max_duplicate_lines": 0.3}, ("repeated_lines", "0.75 > 0.3")),
        ("the same line again\n" * 4, {"max_duplicate_line_characters": 0.2}, ("repeated_lines", "0.7125 > 0.2")),
        ("the same line again\n" * 4, {"max_repeated_line_characters": 0.01}, ("repeated_lines", "0.75 > 0.01")),
        ("  x = [1, 2]\n    x = [1, 2]\n" * 1, {"max_repeated_line_characters": 0.01}, None),
        ("four words a line\n" * 4, {"max_line_breaks_per_word": 0.2}, ("too_many_short_lines", "0.25 > 0.2")),
        (PROSE, {"min_sentences_of_prose": 4}, ("too_few_ended_lines", "3 < 4")),
        (PROSE, {"min_sentences_of_prose": 3}, None),
        (
            "One line here.\nWe use cookies, of course.\nToo short.\nIt goes on and on...\nSay it in JavaScript, then.\n[1]"
            " It says so.[2] Nobody knows.[3]",
            {"min_sentences_of_prose": 4},
            ("too_few_ended_lines", "3 < 4"),
        ),
        ("buy now " * 8, {"max_top_ngram": 1.0}, "repeated_ngrams"),
        (PROSE, {"max_top_ngram": 1.0, "max_duplicate_ngram": 1.0}, None),
        (f"{PROSE} {PROSE}", {"max_duplicate_ngram": 1.0}, "repeated_ngrams"),
        ("hip hip hooray, " * 8, {"max_character_repetition": 0.2}, "repeated_characters"),
        (f"{PROSE} {PROSE}", {"max_word_repetition": 0.2}, "repeated_words"),
    ],
)
def test_each_rule(text, limits, expected):
    found = broken(text, **limits)
    assert (found[0] if isinstance(expected, str) else found) == expected


@pytest.mark.parametrize("recipe", ["m3w", "obelics", "demo", "laion"])
def test_good_prose_passes_every_recipe(recipe):
    config = RECIPES[recipe]().filter
    text = TextMeasures([PROSE, "A second paragraph follows, because every good page has more than one of them to read."], "en")
    assert apply_rules(DOCUMENT_RULES, text, config.document) is None
    assert apply_rules(NODE_RULES, TextMeasures([PROSE], "en"), config.node) is None


@pytest.mark.parametrize("text", ["Chapter 1.", "1984", "***", "C++", "OK", "Ha ha ha ha!", "Fig. 3", "Köln"])
def test_tiny_texts_are_not_judged_by_ratios(text):
    limits = RECIPES["obelics"]().filter.node
    assert apply_rules(NODE_RULES, TextMeasures([text], "en"), limits.model_copy(update={"min_words": None})) is None


def test_the_limit_of_tiny_texts_can_be_moved():
    assert broken("1984 !", max_special_characters=0.3) is None
    assert broken("1984 !", max_special_characters=0.3, min_words_for_ratios=0)[0] == "too_many_special_characters"


def test_scripts_without_spaces_have_no_word_length():
    chinese = "我们今天去公园散步，看见了很多花，天气很好。" * 2
    assert broken(chinese, "zh", min_mean_word_length=3.0) is None
    assert broken(chinese, "zh", min_words=30, min_stop_words=0.1, min_stop_word_kinds=2, max_special_characters=0.3) is None


def test_a_language_without_a_list_skips_stop_words():
    assert broken("apple pear plum fig " * 4, "xx", min_stop_words=0.2, min_stop_word_kinds=2) is None


def test_no_limit_judges_nothing():
    for text in ("", PROSE * 20, "{" * 100, NOTICE, "lorem ipsum"):
        assert broken(text) is None


def test_the_table_holds_every_reason_of_texts():
    reasons = list(Reason)
    of_texts = reasons[reasons.index(Reason.TOO_FEW_WORDS) : reasons.index(Reason.NO_TEXT_LEFT)]
    assert {rule.reason for rule in DOCUMENT_RULES} == set(of_texts)
