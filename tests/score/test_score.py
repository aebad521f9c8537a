"""JudgePairs and JudgeDocuments: the scores, whatever the order of records, and what leaves by both outputs."""

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

from lamella.pipeline.read import ReadTables
from lamella.schemas.account import CounterKind
from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode, with_phi
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CaptionSource
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.base.memory import Memory
from lamella.transforms.base.remembered import RememberedModel
from lamella.transforms.media.frames import Frame, read_frame
from lamella.transforms.score.embeddings import PictureEmbeddings, TextEmbeddings
from lamella.transforms.score.judge import judge_document, judge_pair
from lamella.transforms.score.questions import Answer, Scored, nearest_texts, pictures_of, questions_of, score, texts_of
from lamella.transforms.score.stage import JudgeDocuments, JudgePairs, ScoreRecords
from lamella.weights import load

HALF = 1e-3  # of a cosine, by storing both vectors in fp16


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


def embedded(loaded, scorer, root, *records):
    """Key -> embedding of all that the records show and say, in batches as they come."""
    pictures = PictureEmbeddings(model=scorer, identity="tiny", store=store_at(root))
    texts = TextEmbeddings(model=scorer, identity="tiny")
    found = {}
    for measure, asked_of in ((pictures, pictures_of), (texts, texts_of)):
        asked = list({request.key: request for record in records for request in asked_of(record)}.values())
        for start in range(0, len(asked), measure.lot):
            found |= {one.key: one for one in measure.measure(asked[start : start + measure.lot], loaded)}
    return found


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


def _sums(counters):
    sums = collections.Counter()
    for counter in counters:
        assert counter.stage is Stage.SCORE
        sums[counter.unit, counter.kind] += counter.count
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


def scored(pairs, loaded, scorer, root):
    """By pair key, the scores of the pairs that can be seen."""
    found = embedded(loaded, scorer, root, *pairs)
    answers = {it.key: score(it, found).answers[0] for it in pairs}
    return {key: it.score for key, it in answers.items() if it.score is not None}


@pytest.fixture
def model(tmp_path):
    return RememberedModel("tiny", Memory(root=str(tmp_path / "memory")), buckets=3)


def scored_in_pipeline(records, config, root, model):
    return recall(records, ScoreRecords(config, store_at(root), model), model).answers


def recall(records, ask, model):
    return {"records": records, **(records.pipeline | ReadTables({}, model.memory, ask.measures))} | ask


def test_pairs_by_both_outputs(scorer, run_folder, loaded, pairs, model):
    root, _ = run_folder
    scores = scored(pairs, loaded, scorer, root)
    floor = sorted(scores.values())[2]
    config = ScoreConfig(model=scorer, min_score=floor)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        records = pipeline | beam.Create(pairs, reshuffle=False)
        kept, rejected, counters = scored_in_pipeline(records, config, root, model) | JudgePairs(config)

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


def test_scores_of_one_run_are_those_of_three(scorer, run_folder, loaded, pairs, model):
    """In one piece, or in three that remember: another order, other batches, and nothing measured twice."""
    root, _ = run_folder
    expected, config = scored(pairs, loaded, scorer, root), ScoreConfig(model=scorer, min_score=None)
    known: set[str] = set()
    for part, some in enumerate([pairs[::3], pairs[1::2], pairs, pairs[::-1]]):
        asked = {request.key for it in some for request in (*pictures_of(it), *texts_of(it))}
        with TestPipeline(runner=FnApiRunner()) as pipeline:
            records = pipeline | beam.Create(some, reshuffle=False)
            recalled = recall(records, ScoreRecords(config, store_at(root), model), model)
            outcome = recalled.answers | JudgePairs(config)

            def check(actual, some=some):
                wanted = {it.key: expected[it.key] for it in some if it.key in expected}
                assert {it.key: it.clip_score for it in actual} == wanted

            def check_counts(counts, asked=asked, known=frozenset(known)):
                assert sum(one.asked for one in counts) == len(asked)
                assert sum(one.fresh for one in counts) == len(asked - known)

            assert_that(outcome.kept, check, label=f"kept {part}")
            assert_that(recalled.counts, check_counts, label=f"counts {part}")
        known |= asked - {"picture broken"}  # what could not be seen is looked at again


def test_documents_by_both_outputs(scorer, run_folder, loaded, model):
    root, media = run_folder
    documents = [
        document("one", "a red square", media["red"], "some words", media["broken"]),
        document("two", media["broken"], "alone"),
        document("three", media["clip"], "a blue lake"),
    ]
    config = ScoreConfig(model=scorer, min_node_score=-1.0)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        records = pipeline | beam.Create(documents, reshuffle=False)
        kept, rejected, counters = scored_in_pipeline(records, config, root, model) | JudgeDocuments(config)

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
