"""JudgePairs and JudgeDocuments in a pipeline: both outputs, whatever the order, and scores of one run as of three."""

import collections

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from model_world import clip, pair
from score_world import document, embedded
from store_world import store_at

from lamella.pipeline.read import ReadTables
from lamella.schemas.account import CounterKind
from lamella.schemas.config import ScoreConfig
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.memory import Memory
from lamella.transforms.base.remembered import RememberedModel
from lamella.transforms.score.questions import pictures_of, score, texts_of
from lamella.transforms.score.stage import JudgeDocuments, JudgePairs, ScoreRecords


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
