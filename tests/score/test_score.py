"""ScorePairs and ScoreDocuments: the scores, whatever the order of records, and what leaves by both doors."""

import collections
from dataclasses import replace

import apache_beam as beam
import pytest
import torch
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from model_world import clip, pair
from store_world import store_at

from lamella.schemas.account import CounterKind
from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode, with_phi
from lamella.schemas.page import Provenance
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.batches import bucket_of, cut
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.media.frames import View, read_view
from lamella.transforms.score.judge import judge_document, judge_pair
from lamella.transforms.score.questions import Answer, Scored, nearest_texts, questions_of
from lamella.transforms.score.similarity import answer
from lamella.transforms.score.stage import ScoreDocuments, ScorePairs
from lamella.weights import load


def document(key, *parts):
    nodes = tuple(
        TextNode(text=part, position=at)
        if isinstance(part, str)
        else (ImageNode if part.sha256 != "clip" else VideoNode)(url=part.url, position=at, media=part)
        for at, part in enumerate(parts)
    )
    return InterleavedDocument(
        key=key,
        url=f"https://x.org/{key}",
        nodes=with_phi(nodes),
        provenance=Provenance(archive="a.warc", offset=3, length=9),
    )


@pytest.fixture(scope="session")
def loaded(scorer):
    return load(scorer.name, scorer.weights, role="scorer", device="cpu")


def cosine(loaded, image, text):
    with torch.inference_mode():
        picture = loaded.model.encode_image(loaded.preprocess(image)[None])
        return float(picture[0] @ loaded.model.encode_text(loaded.tokenize([text]))[0])


def test_a_score_is_the_cosine_of_picture_and_text(loaded, run_folder):
    root, media = run_folder
    (found,) = answer(questions_of(pair("k", media["red"])), loaded, 2, store_at(root))
    expected = cosine(loaded, read_view(View(media["red"]), store_at(root), 32), "a red square")
    assert found.score == pytest.approx(expected, abs=2e-6)
    assert found.score == round(found.score, 6)


def test_a_clip_is_scored_by_its_middle_frame(loaded, run_folder):
    root, media = run_folder
    frame = read_view(View(media["clip"], 2.0), store_at(root), 32)
    red, _, blue = frame.getpixel((30, 20))
    assert blue > 150 > 100 > red
    (found,) = answer(questions_of(clip("k", media["clip"])), loaded, 2, store_at(root))
    assert found.score == pytest.approx(cosine(loaded, frame, "a blue lake"), abs=2e-6)


def test_a_document_asks_for_the_texts_beside_each_image(loaded, run_folder):
    root, media = run_folder
    made = document("d", "first", "before", media["red"], media["green"], "after", "last", media["blue"])
    assert [question.texts for question in questions_of(made)] == [("before", "after"), ("before", "after"), ("last",)]
    assert list(nearest_texts(document("d", media["red"]).nodes, 0)) == []
    first, _, _ = answer(questions_of(made), loaded, 2, store_at(root))
    red = read_view(View(media["red"]), store_at(root), 32)
    assert first.score == pytest.approx(max(cosine(loaded, red, text) for text in ("before", "after")), abs=2e-6)


def test_what_cannot_be_decoded_is_a_rejection_and_what_cannot_be_read_is_not(loaded, run_folder):
    root, media = run_folder
    good, bad = answer(
        questions_of(pair("a", media["red"])) + questions_of(pair("b", media["broken"])), loaded, 4, store_at(root)
    )
    assert good.score is not None and (bad.score, bad.unseen) == (None, Reason.BROKEN_IMAGE)
    with pytest.raises(BlobError):
        answer(questions_of(pair("a", media["red"])), loaded, 4, store_at(root + "/elsewhere"))


def test_the_same_batches_from_any_order(run_folder):
    _, media = run_folder
    pairs = [pair(f"{index:02d}", media[name]) for index, name in enumerate(["red", "green", "blue", "red", "grey"] * 3)]
    batches = list(cut(pairs, 4))
    assert [len(batch) for batch in batches] == [4, 4, 4, 3]
    assert list(cut(pairs[::-1], 4)) == batches
    assert [it.media.sha256 for batch in batches for it in batch] == sorted(it.media.sha256 for it in pairs)
    assert len({bucket_of(it, 8) for it in pairs if it.media.sha256 == "red"}) == 1


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


def _sums(counters):
    sums = collections.Counter()
    for counter in counters:
        assert counter.stage is Stage.SCORE
        sums[counter.unit, counter.door] += counter.count
    return dict(sums)


@pytest.fixture(scope="session")
def pairs(run_folder):
    media = run_folder[1]
    return [
        *(pair(f"p{index}", media[name], text) for index, (name, text) in enumerate(
            [("red", "a red square"), ("green", "a red square"), ("blue", "a blue lake"), ("red", "grey stones")]
        )),
        pair("bad", media["broken"]),
        clip("clip", media["clip"]),
    ]  # fmt: skip


def expected_scores(pairs, loaded, root, buckets):
    """By pair key, the scores of the pairs that can be seen, from the batches that a run must make."""
    scores = {}
    for bucket in range(buckets):
        for batch in cut((it for it in pairs if bucket_of(it, buckets) == bucket), 2):
            answers = answer([question for it in batch for question in questions_of(it)], loaded, 2, store_at(root))
            scores |= {it.key: found.score for it, found in zip(batch, answers, strict=True) if found.score is not None}
    return scores


def test_pairs_by_both_doors(scorer, run_folder, loaded, pairs):
    root, _ = run_folder
    scores = expected_scores(pairs, loaded, root, buckets=3)
    floor = sorted(scores.values())[2]
    config = ScoreConfig(model=scorer, min_score=floor)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        kept, rejected, counters = (
            pipeline | beam.Create(pairs, reshuffle=False) | ScorePairs(config, store_at(root), buckets=3)
        )

        def check_kept(actual):
            assert {it.key: it.clip_score for it in actual} == {key: it for key, it in scores.items() if it >= floor}
            assert {it.clip_model for it in actual} == {loaded.label}

        def check_rejected(actual):
            reasons = {it.key: it.reason for it in actual}
            low = {key: Reason.LOW_CLIP_SCORE for key, it in scores.items() if it < floor}
            assert reasons == low | {"bad": Reason.BROKEN_IMAGE} and len(low) == 2

        def check_counters(actual):
            assert _sums(actual) == {(Unit.PAIR, CounterKind.IN): 6, (Unit.PAIR, CounterKind.KEPT): 3}

        assert_that(kept, check_kept, label="kept")
        assert_that(rejected, check_rejected, label="rejected")
        assert_that(counters, check_counters, label="counters")


@pytest.mark.parametrize("order", [1, -1])
def test_scores_do_not_depend_on_the_order_of_records(scorer, run_folder, loaded, pairs, order):
    root, _ = run_folder
    expected = expected_scores(pairs, loaded, root, buckets=2)
    config = ScoreConfig(model=scorer, min_score=None)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        outcome = pipeline | beam.Create(pairs[::order], reshuffle=False) | ScorePairs(config, store_at(root), buckets=2)

        def check(actual):
            assert {it.key: it.clip_score for it in actual} == expected

        assert_that(outcome.kept, check)


def test_documents_by_both_doors(scorer, run_folder, loaded):
    root, media = run_folder
    documents = [
        document("one", "a red square", media["red"], "some words", media["broken"]),
        document("two", media["broken"], "alone"),
        document("three", media["clip"], "a blue lake"),
    ]
    config = ScoreConfig(model=scorer, min_node_score=-1.0)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        kept, rejected, counters = (
            pipeline | beam.Create(documents, reshuffle=False) | ScoreDocuments(config, store_at(root), buckets=2)
        )

        def check_kept(actual):
            assert {it.key: [image.clip_score is not None for image in it.images] for it in actual} == {
                "one": [True],
                "three": [],
            }

        def check_rejected(actual):
            assert {(it.unit, it.key, it.reason, it.nodes) for it in actual} == {
                (Unit.NODE, "one/3", Reason.BROKEN_IMAGE, 0),
                (Unit.NODE, "two/0", Reason.BROKEN_IMAGE, 0),
                (Unit.DOCUMENT, "two", Reason.NO_IMAGE_LEFT, 1),
            }

        def check_counters(actual):
            assert _sums(actual) == {
                (Unit.DOCUMENT, CounterKind.IN): 3,
                (Unit.DOCUMENT, CounterKind.KEPT): 2,
                (Unit.NODE, CounterKind.IN): 8,
                (Unit.NODE, CounterKind.KEPT): 5,
            }

        assert_that(kept, check_kept, label="kept")
        assert_that(rejected, check_rejected, label="rejected")
        assert_that(counters, check_counters, label="counters")


def test_documents_pass_unscored_where_none_are_asked_for(scorer, run_folder):
    root, media = run_folder
    made = document("one", "a red square", media["broken"])
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        config = ScoreConfig(model=scorer, documents=False)
        kept, rejected, _ = pipeline | beam.Create([made]) | ScoreDocuments(config, store_at(root), buckets=2)

        def check(expected):
            def look(actual):
                assert actual == expected

            return look

        assert_that(kept, check([made]), label="kept")
        assert_that(rejected, check([]), label="rejected")
