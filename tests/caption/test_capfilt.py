"""Synthetic texts, matches, which texts of a picture stay, and the outputs of the stage."""

import collections
import math
import re
from dataclasses import replace
from typing import NamedTuple

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
from lamella.schemas.config import ModelConfig
from lamella.schemas.pair import CaptionSource, Dataset, is_synthetic
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.memory import Memory
from lamella.transforms.base.remembered import RememberedModel
from lamella.transforms.caption.captions import (
    Caption,
    Captioned,
    Captions,
    first,
    picture_key,
    picture_of,
    synthetic_pair,
    tell,
)
from lamella.transforms.caption.coca import ContrastiveMatcher
from lamella.transforms.caption.judge import beside_others, judge_text
from lamella.transforms.caption.matches import Matches, shown_of, with_match
from lamella.transforms.caption.models import Captioner, Matcher, load_captioner, load_matcher
from lamella.transforms.caption.stage import CaptionPictures, KeepTexts, MatchPairs
from lamella.transforms.media.frames import Frame, read_frame
from lamella.weights import WeightsMissing, load


class Models(NamedTuple):
    captioner: Captioner
    matcher: Matcher


@pytest.fixture(scope="session")
def loaded(config):
    return Models(load_captioner(config.captioner), load_matcher(config.matcher))


@pytest.fixture(scope="session")
def pairs(run_folder):
    media = run_folder[1]
    return [
        pair("a", media["red"]),
        pair("b", media["red"], "grey stones"),
        pair("c", media["green"]),
        pair("d", media["blue"]),
        pair("e", media["broken"]),
        clip("f", media["clip"]),
    ]


def measured(measure, asked, model):
    """Key -> answer of what is asked, each once."""
    asked = list({request.key: request for request in asked}.values())
    found = {}
    for start in range(0, len(asked), measure.lot):
        found |= {one.key: one for one in measure.measure(asked[start : start + measure.lot], model)}
    return found


def made_of(pairs, captioner, config, root):
    """The synthetic pairs, one a picture."""
    pictures = collections.defaultdict(list)
    for it in pairs:
        pictures[picture_key(it)].append(it)
    chosen = [first(group) for group in pictures.values()]
    measure = Captions(config=config, model_identity="c", store=store_at(root))
    captions = measured(measure, [request for it in chosen for request in picture_of(it)], captioner)
    return [pair for it in chosen for pair in synthetic_pair(tell(it, captions))]


def matched_of(pairs, matcher, config, root):
    """By key, each pair beside what the matcher says of it."""
    measure = Matches(config=config, identity="m", store=store_at(root))
    matches = measured(measure, [request for it in pairs for request in shown_of(it)], matcher)
    return {it.key: with_match(it, {r.key: matches[r.key] for r in shown_of(it)}) for it in pairs}


def expected(pairs, loaded, config, root):
    """By key, all pairs, web and synthetic, beside what the matcher says of them."""
    return matched_of([*pairs, *made_of(pairs, loaded.captioner, config, root)], loaded.matcher, config, root)


def test_captions_come_from_the_decoder(loaded, config, run_folder):
    """Token by token the likeliest of the model's own forward pass, where the nucleus holds one token only."""
    root, media = run_folder
    image = read_frame(Frame(media["red"]), store_at(root), 32)
    greedy = config.model_copy(update={"top_p": 1e-9, "min_tokens": 2, "max_tokens": 2, "repetition_penalty": 1.0})
    model = load(config.captioner.name, config.captioner.weights, role="captioner")
    tokens = torch.tensor([[model.bos]])
    for _ in range(2):
        with torch.no_grad():
            logits = model.model(model.preprocess(image)[None], tokens, output_labels=False)["logits"][0, -1].clone()
        logits[[model.bos, model.pad, model.eos]] = -torch.inf
        tokens = torch.cat([tokens, logits.argmax().view(1, 1)], dim=1)
    assert loaded.captioner.captions([image], ["k"], greedy) == [model.decode(tokens[0, 1:].tolist())]


def test_captions_do_not_depend_on_neighbours(loaded, config, run_folder):
    root, media = run_folder
    images = [read_frame(Frame(media[name]), store_at(root), 32) for name in ("red", "green", "blue")]
    together = loaded.captioner.captions(images, ["x", "y", "z"], config)
    assert together[2] == loaded.captioner.captions(images[2:], ["z"], config)[0]
    assert loaded.captioner.captions(images[:1] * 2, ["x", "other"], config)[0] == together[0]
    assert len(set(together)) > 1


def test_matching_is_calibrated(loaded, config, run_folder):
    root, media = run_folder
    image = read_frame(Frame(media["red"]), store_at(root), 32)
    model = load(config.matcher.name, config.matcher.weights, role="matcher")
    with torch.inference_mode():
        seen = model.model.encode_image(model.preprocess(image)[None])[0]
        said, empty = model.model.encode_text(model.tokenize(["a red square", ""]))
    (found,) = loaded.matcher.probabilities([image], [(0, "a red square")])
    assert found == pytest.approx(1 / (1 + math.exp(-(9.0 * float(seen @ said) + 0.5))), abs=1e-5)

    bare = ContrastiveMatcher(load(config.matcher.name, config.matcher.weights, role="scorer"), 4)
    logit = float(bare.loaded.model.logit_scale.exp()) * float(seen @ said - seen @ empty)
    (found,) = bare.probabilities([image], [(0, "a red square")])
    assert found == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-5)
    assert bare.probabilities([image], [(0, "")]) == [pytest.approx(0.5)]
    assert bare.probabilities([], []) == []


class Counting:
    """A captioner and matcher that say how often they were asked."""

    label, image_size = "counting", 32

    def __init__(self):
        self.images, self.asked = [], []

    def captions(self, images, keys, config):
        self.images += keys
        return [f"caption of {key}" for key in keys]

    def probabilities(self, images, asked):
        self.asked += [text for _, text in asked]
        return [0.25 for _ in asked]


def test_a_picture_of_two_pairs_is_captioned_once(config, run_folder, pairs):
    captioner, matcher = Counting(), Counting()
    made = made_of(pairs, captioner, config, run_folder[0])
    assert captioner.images == ["red", "green", "blue", "clip@2.000"]
    assert [(it.text, it.source, it.captioner) for it in made] == [
        (f"caption of {key}", CaptionSource.SYNTHETIC, "counting") for key in captioner.images
    ]
    found = matched_of([*pairs, *made], matcher, config, run_folder[0])
    assert len(matcher.asked) == 9  # five web texts whose picture can be seen, and four captions
    assert {it.unseen for it in found.values() if it.pair.media.url.endswith("broken")} == {Reason.BROKEN_IMAGE}
    assert {(it.pair.match, it.pair.matcher) for it in found.values() if not it.unseen} == {(0.25, "counting")}


def test_a_synthetic_pair_is_one_of_its_own(run_folder):
    """It stands on the page of its picture's first pair, in ALIGN before LTIP, and no score of the web's text is its own."""
    red = run_folder[1]["red"]
    web = [replace(pair(key, red), clip_score=0.3, clip_model="m", document=f"page of {key}") for key in "ba"]
    long = replace(pair("0", red), dataset=Dataset.LTIP)
    assert picture_key(web[0]) == picture_key(web[1]) == picture_key(long)
    told = Captioned(pair=first([long, *web]), caption=Caption(key="red", model="m1", text="a red square"))
    (made,) = synthetic_pair(told)
    assert made == replace(
        pair("a", red), key=made.key, document="page of a", source=CaptionSource.SYNTHETIC, captioner="m1", text="a red square"
    )
    (other,) = synthetic_pair(replace(told, pair=long))
    assert len({made.key, other.key, "a", "b", "0"}) == 5
    assert list(synthetic_pair(replace(told, caption=Caption(key="red", model="m", unseen=Reason.BROKEN_IMAGE)))) == []


def test_what_models_say_depends_on_no_neighbour(loaded, config, run_folder, pairs):
    root = run_folder[0]
    whole = expected(pairs, loaded, config, root)
    for some in (pairs[:1], pairs[::-1], pairs[2:]):
        found = expected(some, loaded, config, root)
        assert {key: (it.pair.text, it.pair.match) for key, it in found.items()} == {
            key: (whole[key].pair.text, whole[key].pair.match) for key in found
        }


def test_a_captions_identity_holds_its_sampling(config, run_folder):
    store = store_at(run_folder[0])
    measures = [
        Captions(config=config.model_copy(update=update), model_identity="c", store=store)
        for update in (
            *({}, {"top_p": 0.5}, {"max_tokens": 7}, {"search": "beam"}, {"search": "beam", "beams": 5}),
            *({"min_match": 0.9}, {"on": False}, {"keep": "best"}, {"beams": 7}, {"search": "beam", "top_p": 0.1}),
        )
    ]
    assert len({measure.identity for measure in measures}) == 5


@pytest.mark.parametrize("order", [1, -1])
def test_both_outputs_whatever_the_order(config, loaded, run_folder, pairs, order, tmp_path):
    root, _ = run_folder
    said = expected(pairs, loaded, config, root)
    floor = config.model_copy(
        update={"min_match": sorted(it.pair.match for it in said.values() if it.pair.text and not it.unseen)[2]}
    )
    groups = collections.defaultdict(list)
    for it in said.values():
        groups[picture_key(it.pair)].append(it)
    outputs = [out for group in groups.values() for it in beside_others(group, floor) for out in judge_text(it, floor)]
    kept_, left = ({it.key: it for it in outputs if isinstance(it, Rejection) is gone} for gone in (False, True))
    assert any(map(is_synthetic, kept_.values()))
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        captioner, matcher = (RememberedModel(name, Memory(root=str(tmp_path)), buckets=3) for name in "cm")
        web = pipeline | beam.Create(pairs[::order], reshuffle=False)
        ask, match = CaptionPictures(floor, store_at(root), captioner), MatchPairs(floor, store_at(root), matcher)
        known = pipeline | ReadTables({}, captioner.memory, (*ask.measures, *match.measures))
        made = {"records": web, **known} | ask
        recalled = {"records": (web, made.answers) | beam.Flatten(), **known} | match
        kept, rejected, counters = recalled.answers | KeepTexts(floor)

        def check_kept(actual):
            assert {it.key: it for it in actual} == kept_

        def check_rejected(actual):
            assert {it.key: it for it in actual} == left
            assert {it.reason for it in actual} >= {Reason.BROKEN_IMAGE, Reason.NO_CAPTION_MATCHES}

        def check_counters(actual):
            sums = collections.Counter()
            for counter in actual:
                sums[counter.stage, counter.unit, counter.kind] += counter.count
            assert sums == {
                (Stage.CAPTION, Unit.PAIR, CounterKind.IN): 6,
                (Stage.CAPTION, Unit.PAIR, CounterKind.MADE): 4,
                (Stage.CAPTION, Unit.PAIR, CounterKind.KEPT): len(kept_),
            }
            assert len(kept_) + len(left) == 10

        assert_that(kept, check_kept, label="kept")
        assert_that(rejected, check_rejected, label="rejected")
        assert_that(counters, check_counters, label="counters")


def test_missing_weights_say_what_can_be_done(models):
    for name in (f"{models}/tiny.json", "blip"):
        with pytest.raises(WeightsMissing, match=re.escape(f"{models}/nowhere")) as caught:
            load_captioner(ModelConfig(name=name, weights=f"{models}/nowhere"))
        assert "\n" not in str(caught.value)
