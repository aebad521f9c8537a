"""JudgePairs and JudgeDocuments: the scores, whatever the order of records, and what leaves by both outputs."""

from dataclasses import replace

import pytest
import torch
from model_world import clip, pair
from score_world import document, embedded
from store_world import store_at

from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import TextNode
from lamella.schemas.pair import CaptionSource
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.media.frames import Frame, read_frame
from lamella.transforms.score.judge import judge_document, judge_pair
from lamella.transforms.score.questions import Answer, Scored, nearest_texts, questions_of, score

HALF = 1e-3  # of a cosine, by storing both vectors in fp16


def answers_of(loaded, scorer, root, record):
    return score(record, embedded(loaded, scorer, root, record)).answers


def cosine(loaded, image, text):
    with torch.inference_mode():
        picture = loaded.model.encode_image(loaded.preprocess(image)[None])
        return float(picture[0] @ loaded.model.encode_text(loaded.tokenize([text]))[0])


def test_a_score_is_the_cosine_of_picture_and_text(loaded, scorer, run_folder):
    root, media = run_folder
    (found,) = answers_of(loaded, scorer, root, pair("k", media["red"]))
    expected = cosine(loaded, read_frame(Frame(media["red"]), store_at(root), 32), "a red square")
    assert found.score == pytest.approx(expected, abs=HALF)
    assert found.score == round(found.score, 6)


def test_a_clip_is_scored_by_its_middle_frame(loaded, scorer, run_folder):
    root, media = run_folder
    frame = read_frame(Frame(media["clip"], 2.0), store_at(root), 64)
    red, _, blue = frame.getpixel((30, 20))
    assert blue > 150 > 100 > red
    (found,) = answers_of(loaded, scorer, root, clip("k", media["clip"]))
    assert found.score == pytest.approx(cosine(loaded, frame, "a blue lake"), abs=HALF)


def test_a_document_asks_for_the_texts_beside_each_image(loaded, scorer, run_folder):
    root, media = run_folder
    made = document("d", "first", "before", media["red"], media["green"], "after", "last", media["blue"])
    assert [question.texts for question in questions_of(made)] == [("before", "after"), ("before", "after"), ("last",)]
    assert list(nearest_texts(document("d", media["red"]).nodes, 0)) == []
    first, _, _ = answers_of(loaded, scorer, root, made)
    red = read_frame(Frame(media["red"]), store_at(root), 32)
    assert first.score == pytest.approx(max(cosine(loaded, red, text) for text in ("before", "after")), abs=HALF)


def test_what_cannot_be_decoded_is_a_rejection_and_what_cannot_be_read_is_not(loaded, scorer, run_folder):
    root, media = run_folder
    both = document("d", media["red"], "a red square", media["broken"])
    good, bad = answers_of(loaded, scorer, root, both)
    assert good.score is not None and (bad.score, bad.unseen) == (None, Reason.BROKEN_IMAGE)
    with pytest.raises(BlobError):
        answers_of(loaded, scorer, root + "/elsewhere", pair("a", media["red"]))


def test_an_embedding_is_the_same_to_the_bit_in_any_place_and_company(loaded, scorer, run_folder):
    root, media = run_folder
    asked = pair("a", media["red"], "a red square")
    alone = embedded(loaded, scorer, root, asked)
    for beside in ("green", "blue", "grey"):
        others = (pair("b", media[beside], "grey stones " * 9), pair("c", media["broken"], "some words"))
        for order in ((asked, *others), (*others, asked)):
            found = embedded(loaded, scorer, root, *order)
            assert {key: found[key] for key in alone} == alone


def test_a_text_is_encoded_at_its_own_length(loaded):
    texts = ["red", "some words " * 20]
    tokens = loaded.tokenize(texts)
    lengths = loaded.text_lengths(tokens)
    assert lengths == [8, tokens.shape[1]]
    with torch.inference_mode():
        for row, length in enumerate(lengths):
            whole, cut = loaded.model.encode_text(tokens[row : row + 1]), loaded.encode_text(tokens[row : row + 1, :length])
            assert torch.allclose(whole, cut, atol=1e-6)


@pytest.mark.parametrize(
    ("answered", "limit", "reason", "detail"),
    [
        (Answer(0.25), 0.25, None, ""),
        (Answer(0.249999), 0.25, Reason.LOW_CLIP_SCORE, "clip_score 0.249999 < 0.25"),
        (Answer(-0.9), None, None, ""),
        (Answer(None, Reason.BROKEN_IMAGE, "cut"), None, Reason.BROKEN_IMAGE, "cut"),
    ],
)
def test_pairs_are_judged(run_folder, answered, limit, reason, detail):
    made = pair("k", run_folder[1]["red"])
    (output,) = judge_pair(Scored(record=made, answers=(answered,), model="m"), ScoreConfig(min_score=limit))
    if reason is None:
        assert output == replace(made, clip_score=answered.score, clip_model="m")
    else:
        assert (output.stage, output.unit, output.key, output.reason) == (Stage.SCORE, Unit.PAIR, "k", reason)
        assert (output.url, output.says, output.sample) == ("https://x.org/red", detail, "a red square")


def test_where_clip_never_judges_a_pair_keeps_its_score(run_folder):
    low = Scored(record=pair("k", run_folder[1]["red"]), answers=(Answer(0.1),), model="m")
    (kept,) = judge_pair(low, ScoreConfig(min_score=0.25, when="never"))
    assert (kept.clip_score, kept.clip_model) == (0.1, "m")
    made = replace(low, record=replace(low.record, source=CaptionSource.SYNTHETIC))
    (left,) = judge_pair(made, ScoreConfig(min_score=0.25, when="after"))
    assert left.says == "clip_score 0.1 < 0.25 (synthetic)"
    modes = ({"when": "never"}, {"when": "never", "documents": False}, {"documents": False}, {"min_score": None})
    assert [ScoreConfig(**mode).on for mode in modes] == [True, False, True, True]


def test_an_image_leaves_and_phi_stays_true(run_folder):
    media = run_folder[1]
    made = document("d", media["red"], "one", media["green"], "two", media["broken"], "three", media["clip"])
    answers = (Answer(0.3), Answer(0.1), Answer(None, Reason.BROKEN_IMAGE, "cut"))
    scored = Scored(record=made, answers=answers, model="m")
    low, broken, kept = judge_document(scored, ScoreConfig(min_node_score=0.15))
    assert (low.unit, low.key, low.reason, low.says) == (Unit.NODE, "d/2", Reason.LOW_CLIP_SCORE, "clip_score 0.1 < 0.15")
    assert (broken.unit, broken.key, broken.reason, broken.detail) == (Unit.NODE, "d/4", Reason.BROKEN_IMAGE, "cut")
    assert [(image.clip_score, image.clip_model) for image in kept.images] == [(0.3, "m")]
    assert [(it.previous_image, it.next_image) for it in kept.nodes if isinstance(it, TextNode)] == [(1, 0)] * 3
    assert len(kept.videos) == 1


def test_a_document_that_loses_every_image_leaves(run_folder):
    made = document("d", run_folder[1]["red"], "one")
    scored = Scored(record=made, answers=(Answer(0.1),), model="m")
    node, gone = judge_document(scored, ScoreConfig(min_node_score=0.15))
    assert node.unit is Unit.NODE
    assert (gone.unit, gone.reason, gone.nodes, gone.archive, gone.offset) == (
        Unit.DOCUMENT,
        Reason.NO_IMAGE_LEFT,
        1,
        "a.warc",
        3,
    )
