"""The rule tables of ALIGN, LTIP and VTP, what a document proposes, and where the vocabulary ends."""

from dataclasses import replace

import pytest
from candidates_world import CAPTION, CONFIG, VIDEO, align, wanted

from lamella.schemas.config import PairConfig
from lamella.schemas.pair import CandidatePair, CaptionSource, Dataset, VideoTextPair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.pair.corpus import HEAD_TOKENS, Candidate, Floors, copy_key, floors_of, tokens_of
from lamella.transforms.pair.judge import judge_candidate, judge_pair, with_survivor


def ltip(text=CAPTION, **media):
    return replace(align(text, **media), dataset=Dataset.LTIP, source=CaptionSource.FIGCAPTION)


SLUG = "a-red-fox-stands-in-deep-snow-and-looks-at-us"


def vtp(text="a fox runs", **media):
    return VideoTextPair(
        key="k",
        document="d",
        page_url="https://x.org/d",
        media=replace(VIDEO, **media),
        text=text,
        source=CaptionSource.CAPTION,
        end_s=22.0,
    )


def judged(candidate, config=CONFIG):
    judge = judge_candidate if isinstance(candidate.pair, CandidatePair) else judge_pair
    (output,) = judge(candidate, config)
    return (output.reason, output.says) if isinstance(output, Rejection) else None


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (Candidate(pair=wanted()), None),
        (Candidate(pair=wanted(text="IMG_1234.jpg")), (Reason.ALT_IS_FILE_NAME, "IMG_1234.jpg")),
        (Candidate(pair=wanted(text="red fox")), (Reason.ALT_TOO_SHORT, "words 2 < 3")),
        (Candidate(pair=wanted(text="fox " * 21)), (Reason.ALT_TOO_LONG, "words 21 > 20")),
        (Candidate(pair=wanted(text="fox " * 20)), None),
        (Candidate(pair=wanted(), alt_images=11), (Reason.ALT_TOO_COMMON, "images_of_alt 11 > 10")),
        (Candidate(pair=wanted(), alt_images=10), None),
        (Candidate(pair=wanted(), rare_token="red fox"), (Reason.RARE_TOKEN, "red fox")),
        (Candidate(pair=wanted(language="de")), (Reason.WRONG_LANGUAGE, "de")),
        (Candidate(pair=wanted(language="")), (Reason.WRONG_LANGUAGE, "no language")),
        (Candidate(pair=wanted(language_score=0.4)), (Reason.WRONG_LANGUAGE, "language_score 0.4 < 0.5")),
        (Candidate(pair=wanted(), unsafe="flagged_words 0.2 > 0.01"), (Reason.UNSAFE_TEXT, "flagged_words 0.2 > 0.01")),
        (Candidate(pair=wanted(Dataset.LTIP, CAPTION)), None),
        (Candidate(pair=wanted(Dataset.LTIP)), (Reason.CAPTION_TOO_SHORT, "words 3 < 10")),
        (Candidate(pair=wanted(Dataset.LTIP, "x" * 2001)), (Reason.CAPTION_TOO_LONG, "characters 2001 > 2000")),
        (Candidate(pair=wanted(Dataset.LTIP, SLUG)), (Reason.ALT_IS_FILE_NAME, SLUG)),
        (Candidate(pair=wanted(Dataset.VTP, "")), None),  # its track is not there yet
        (Candidate(pair=wanted(Dataset.VTP, language="de")), (Reason.WRONG_LANGUAGE, "de")),
        (Candidate(pair=align()), None),
        (Candidate(pair=align(height=199)), (Reason.IMAGE_TOO_SMALL, "shorter_side_px 199 < 200")),
        (Candidate(pair=align(height=200)), None),
        (Candidate(pair=align(width=601, height=200)), (Reason.ODD_ASPECT, "aspect 3.005 > 3")),
        (Candidate(pair=align(width=600, height=200)), None),
        (Candidate(pair=align(), image_alts=1001), (Reason.TOO_MANY_ALTS, "alts_of_image 1001 > 1000")),
        (Candidate(pair=align(), survivor="j"), (Reason.DUPLICATE_PAIR, "j")),
        (Candidate(pair=align(), survivor="k"), None),
        (Candidate(pair=align(height=9), survivor="j"), (Reason.IMAGE_TOO_SMALL, "shorter_side_px 9 < 200")),
        (Candidate(pair=ltip()), None),
        (Candidate(pair=ltip(width=90)), (Reason.IMAGE_TOO_SMALL, "shorter_side_px 90 < 200")),
        (Candidate(pair=ltip(), survivor="j"), (Reason.DUPLICATE_PAIR, "j")),
        (Candidate(pair=vtp()), None),
        (Candidate(pair=vtp(duration_s=1.9)), (Reason.ODD_DURATION, "duration_s 1.9 < 2")),
        (Candidate(pair=vtp(duration_s=60.1)), (Reason.ODD_DURATION, "duration_s 60.1 > 60")),
        (Candidate(pair=vtp("a fox")), (Reason.CAPTION_TOO_SHORT, "words 2 < 3")),
        (Candidate(pair=vtp("x" * 2001)), (Reason.CAPTION_TOO_LONG, "characters 2001 > 2000")),
    ],
)
def test_rules(candidate, expected):
    assert judged(candidate) == expected


def test_a_rejection_says_what_left():
    (gone,) = judge_candidate(Candidate(pair=wanted(text="red fox")), CONFIG)
    assert gone == Rejection(
        stage=Stage.PROPOSE,
        unit=Unit.PAIR,
        key="k",
        reason=Reason.ALT_TOO_SHORT,
        url="https://x.org/a",
        measure="words",
        value=2.0,
        limit=3.0,
        sample="red fox",
    )


def test_no_vocabulary_no_rare_tokens():
    assert judged(Candidate(pair=wanted(), rare_token="fox"), PairConfig(max_vocabulary=None)) is None
    assert judged(Candidate(pair=wanted(language="de", language_score=0.1)), PairConfig(languages=None)) is None


def test_the_copy_that_stays_breaks_no_rule():
    small, first, second = (replace(align(height=height), key=key) for key, height in (("a", 100), ("b", 300), ("c", 300)))
    copies = with_survivor([Candidate(pair=pair) for pair in (second, small, first)], CONFIG)
    assert {it.key: judged(it) for it in copies} == {
        "a": (Reason.IMAGE_TOO_SMALL, "shorter_side_px 100 < 200"),
        "b": None,
        "c": (Reason.DUPLICATE_PAIR, "b"),
    }


def test_copies_share_image_and_text_in_whatever_dataset():
    same = [align(), align("A  red FOX"), align(sha256="bb", cluster="aa"), ltip("a red fox")]
    assert len({copy_key(pair) for pair in same}) == 1
    assert len({copy_key(pair) for pair in (align(), align("a fox"), align(sha256="bb"))}) == 3


def test_tokens():
    assert list(tokens_of("A red, red FOX")) == ["a", "red", "fox", "a red", "red red", "red fox"]
    assert list(tokens_of("")) == []


@pytest.mark.parametrize(
    ("kinds", "most", "least", "vocabulary"),
    [
        ({}, 10, 2, 2),
        ({1: 100}, 1000, 2, 2),
        ({1: 100, 2: 5, 9: 1}, 1000, 2, 2),
        ({1: 100, 2: 5, 9: 1}, 6, 2, 2),
        ({1: 100, 2: 5, 9: 1}, 5, 2, 9),  # the five that tie at the cut fall together
        ({1: 100, 2: 5, 9: 1}, 6, 3, 9),
        ({3: 5, 9: 2}, 1, 2, 10),
        ({1: 3}, 3, 1, 1),
    ],
)
def test_where_the_vocabulary_ends(kinds, most, least, vocabulary):
    floor = floors_of(kinds, most, least).vocabulary
    assert {count for count in kinds if count >= floor} == {count for count in kinds if count >= vocabulary}
    assert floor >= least


def test_the_head_fits_in_memory_and_holds_no_rare_token():
    assert floors_of({1: HEAD_TOKENS, 5: HEAD_TOKENS, 7: 10}, 10**9, 2) == Floors(2, 7)
    assert floors_of({1: 10, 5: 10}, 10**9, 3).head >= 3
