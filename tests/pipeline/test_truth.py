"""Against the truth: filters judged by hand-made ledgers, captions by facts, and every outcome that was not met."""

import pytest
from ledger_lines import PAIR, image, url

from lamella.pipeline.config.resolution import resolve
from lamella.reporting.ground_truth.claims import Vocabulary, claims
from lamella.reporting.ground_truth.pair_texts import Said, judge_pairs, judge_synthetic
from lamella.reporting.ground_truth.sample_ledger import Ledger
from lamella.reporting.ground_truth.truth import Judged, judge_filters

GROUP = {"kind": "group", "shapes": ["cross"], "colours": ["green"], "count": 3, "relation": ""}
WORDS = Vocabulary.of([PAIR, GROUP, {"shapes": ["square"], "colours": ["pink"], "relation": "above"}])


@pytest.mark.parametrize(
    ("caption", "facts", "expected"),
    [
        ("a small red circle", PAIR, {"shape": True, "colour": True}),
        ("a red square", PAIR, {"shape": False, "colour": True}),
        ("a red circle and a pink star", PAIR, {"shape": True, "colour": False}),
        ("three green crosses", GROUP, {"shape": True, "colour": True, "count": True}),
        ("Two green crosses on white", GROUP, {"shape": True, "colour": True, "count": False}),
        ("a red circle to the left of a blue star", PAIR, {"shape": True, "colour": True, "relation": True}),
        ("a blue star to the left of a red circle", PAIR, {"shape": True, "colour": True, "relation": False}),
        ("a red circle above a blue star", PAIR, {"shape": True, "colour": True, "relation": False}),
        ("green crosses above a pink square", GROUP, {"shape": False, "colour": False, "relation": False}),
        ("a nice picture", PAIR, {}),
    ],
)
def test_claims_are_held_against_facts(caption, facts, expected):
    assert claims(caption, facts, WORDS) == expected


def test_the_opposite_relation_is_true_the_other_way_round():
    words = Vocabulary.of([PAIR, PAIR | {"relation": "right of"}])
    assert claims("a blue star to the right of a red circle", PAIR, words)["relation"]
    assert not claims("a red circle to the right of a blue star", PAIR, words)["relation"]


NO_CAPTIONS = "caption.on=false"


def verdicts(judged, texts=(), *words):
    found = judge_filters(judged, texts, resolve("demo", words))
    return {row.name: (row.caught, row.missed, row.lost, row.spared) for row in found}


def test_filters_alone_and_together():
    judged = [
        Judged(wrong=True, low_score=True),
        Judged(wrong=False, low_score=True),
        Judged(wrong=True, unmatched=True),
        Judged(wrong=True),
        Judged(wrong=True, unmatched=True),
        Judged(wrong=False),
        Judged(wrong=False),
        Judged(wrong=False, unmatched=True),
    ]
    clip, both = {"CLIP score": (1, 3, 1, 3)}, {"CLIP and matcher": (3, 1, 2, 2)}
    assert verdicts(judged) == clip | {"matcher, after CLIP": (2, 1, 1, 2)} | both
    after = {"matcher": (2, 2, 1, 3), "CLIP score, after the matcher": (1, 1, 1, 2)}
    assert verdicts(judged, (), "score.when=after") == after | both
    assert verdicts(judged, (), "score.when=never") == {"matcher": (2, 2, 1, 3)}
    assert verdicts(judged, (), NO_CAPTIONS) == clip
    assert verdicts([]) == {}
    first = judge_filters(judged, (), resolve("demo"))[0]
    assert (first.precision, first.recall, first.f1) == (0.5, 0.25, pytest.approx(1 / 3))


def said(name, true, kept, *, synthetic=True, unmatched=False):
    return Said(url=url(name), text="", true=true, synthetic=synthetic, kept=kept, unmatched=unmatched)


def test_the_matcher_is_held_against_what_the_captioner_invents():
    texts = [
        said("a", False, False, unmatched=True),
        said("b", False, True),
        said("c", True, False, unmatched=True),
        said("d", True, False),  # it left behind another text of its picture
        said("e", True, True, synthetic=False),
    ]
    assert verdicts([Judged(wrong=False)], texts)["matcher, synthetic texts"] == (1, 1, 1, 1)


def test_what_stands_in_the_pairs():
    texts = [
        said("w1", True, True),
        said("w2", False, True),
        said("w2", True, False),
        said("w3", True, True, synthetic=False),
        said("r1", False, True, synthetic=False),
    ]
    found = judge_pairs([url("w1"), url("w2"), url("w3"), url("w3")], texts)
    assert found["wrong_alts"] == {"pictures": 3, "keep_a_true_text": 2}
    assert [(row["name"], row["texts"], row["false"]) for row in found["texts"]] == [
        ("all", 4, 2),
        ("web", 2, 1),
        ("synthetic", 2, 1),
    ]


def test_a_filter_that_takes_nothing_has_no_precision():
    (row, *_) = judge_filters([Judged(wrong=False)], (), resolve("demo", [NO_CAPTIONS]))
    assert (row.precision, row.recall, row.f1) == (None, None, None)


def test_synthetic_captions_are_counted_by_what_they_say():
    ledger = Ledger.of([image("a"), image("b", GROUP)])
    captions = [
        (url("a"), "a red circle to the left of a blue star", True),
        (url("a"), "a red circle and a green star", False),
        (url("b"), "two green crosses", True),
        (url("b"), "a picture", False),
        (url("unknown"), "a red circle", True),
    ]
    found = judge_synthetic(ledger, captions)
    assert found["captions"] == 4
    assert {row["name"]: (row["true"], row["said"]) for row in found["attributes"]} == {
        "shape": (3, 3),
        "colour": (2, 3),
        "count": (0, 1),
        "relation": (1, 1),
        "all of it": (1, 4),
        "all of it, where it stayed": (1, 2),
    }
