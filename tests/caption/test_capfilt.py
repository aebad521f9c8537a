"""CaptionPairs: what two models say, which text is chosen, and both doors of the stage."""

import collections
import json
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

from lamella.sample.web import write_sample
from lamella.schemas.account import CounterKind
from lamella.schemas.config import CaptionConfig, ModelConfig
from lamella.schemas.pair import CapFilt, CaptionSource
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.memory import Memory
from lamella.transforms.base.sample_web import is_of_the_sample
from lamella.transforms.caption.capfilt import (
    Captioned,
    Captions,
    Matches,
    may_stand,
    picture_of,
    say,
    shown_of,
    tell,
)
from lamella.transforms.caption.choose import choose_caption
from lamella.transforms.caption.coca import ContrastiveMatcher
from lamella.transforms.caption.models import Captioner, Matcher, load_captioner, load_matcher
from lamella.transforms.caption.stage import CaptionAndMatch, CaptionModels, ChooseCaptions
from lamella.transforms.media.frames import View, read_view
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


def expected(pairs, loaded, config, root):
    """By pair key, what both models say."""
    store = store_at(root)
    captions = measured(
        Captions(config=config, model_identity="c", store=store),
        [request for it in pairs for request in picture_of(it)],
        loaded.captioner,
    )
    told = [tell(it, captions) for it in pairs]
    matches = measured(
        Matches(config=config, identity="m", store=store), [request for it in told for request in shown_of(it)], loaded.matcher
    )
    return {it.key: say(it, matches, config) for it in told}


def test_captions_come_from_the_decoder(loaded, config, run_folder, as_drawn):
    """Token by token the likeliest of the model's own forward pass, where the nucleus holds one token only."""
    root, media = run_folder
    image = read_view(View(media["red"]), store_at(root), 32)
    greedy = config.model_copy(update={"top_p": 1e-9, "min_tokens": 2, "max_tokens": 2, "repetition_penalty": 1.0})
    model = load(config.captioner.name, config.captioner.weights, role="captioner")
    tokens = torch.tensor([[model.bos]])
    for _ in range(2):
        with torch.no_grad():
            logits = model.model(model.preprocess(image)[None], tokens, output_labels=False)["logits"][0, -1].clone()
        logits[[model.bos, model.pad, model.eos]] = -torch.inf
        tokens = torch.cat([tokens, logits.argmax().view(1, 1)], dim=1)
    (caption,) = loaded.captioner.captions([image], ["k"], greedy)
    assert caption.startswith(model.decode(tokens[0, 1:].tolist()))


def test_captions_do_not_depend_on_neighbours(loaded, config, run_folder, as_drawn):
    root, media = run_folder
    images = [read_view(View(media[name]), store_at(root), 32) for name in ("red", "green", "blue")]
    together = loaded.captioner.captions(images, ["x", "y", "z"], config)
    assert together[2] == loaded.captioner.captions(images[2:], ["z"], config)[0]
    assert loaded.captioner.captions(images[:1] * 2, ["x", "other"], config)[0] == together[0]
    assert len(set(together)) > 1


def test_matching_is_calibrated(loaded, config, run_folder):
    root, media = run_folder
    image = read_view(View(media["red"]), store_at(root), 32)
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


def test_a_picture_of_two_pairs_is_captioned_once(config, run_folder, pairs):
    class Counting:
        label, image_size = "counting", 32

        def __init__(self):
            self.images, self.asked = [], []

        def captions(self, images, keys, config):
            self.images += keys
            return [f"caption of {key}" for key in keys]

        def probabilities(self, images, asked):
            self.asked += [text for _, text in asked]
            return [0.25 for _ in asked]

    captioner, matcher = Counting(), Counting()
    said = list(expected(pairs, Models(captioner, matcher), config, run_folder[0]).values())
    assert captioner.images == ["red", "green", "blue", "clip@2.000"]
    assert len(matcher.asked) == 9  # five web texts, and four captions
    assert [it.synthetic_text for it in said] == [
        "caption of red",
        "caption of red",
        "caption of green",
        "caption of blue",
        "",
        "caption of clip@2.000",
    ]
    assert [it.unseen for it in said] == [None, None, None, None, Reason.BROKEN_IMAGE, None]


def test_what_models_say_depends_on_no_neighbour(loaded, config, run_folder, pairs):
    whole = expected(pairs, loaded, config, run_folder[0])
    for some in (pairs[:1], pairs[::-1], pairs[2:]):
        assert expected(some, loaded, config, run_folder[0]) == {it.key: whole[it.key] for it in some}


def test_a_captions_identity_holds_its_sampling(config, run_folder):
    store = store_at(run_folder[0])
    measures = [
        Captions(config=config.model_copy(update=update), model_identity="c", store=store)
        for update in ({}, {"top_p": 0.5}, {"max_tokens": 7}, {"min_match": 0.9}, {"on": False})
    ]
    assert len({measure.identity for measure in measures}) == 3


@pytest.mark.parametrize(
    ("web", "synthetic", "chosen"),
    [
        (0.5, 0.4, CaptionSource.ALT),
        (0.4, 0.5, CaptionSource.SYNTHETIC),
        (0.8, 0.9, CaptionSource.ALT),
        (0.9, 0.8, CaptionSource.ALT),
        (0.7, 0.7, CaptionSource.ALT),
        (0.499999, 0.499999, None),
    ],
)
def test_the_webs_text_is_chosen_where_it_matches(run_folder, web, synthetic, chosen):
    made = pair("k", run_folder[1]["red"])
    said = Captioned(pair=made, synthetic_text="a square", web_match=web, synthetic_match=synthetic, captioner="c", matcher="m")
    (output,) = choose_caption(said, CaptionConfig())
    if chosen is None:
        assert output == Rejection(
            stage=Stage.CAPTION,
            unit=Unit.PAIR,
            key="k",
            reason=Reason.NO_CAPTION_MATCHES,
            url="https://x.org/red",
            measure="best_match",
            value=0.499999,
            limit=0.5,
            sample="a red square",
        )
    else:
        result = CapFilt(
            synthetic_text="a square",
            web_match=web,
            synthetic_match=synthetic,
            chosen=chosen,
            captioner="c",
            matcher="m",
        )
        assert output == replace(made, capfilt=result)
        assert output.caption == ("a square" if chosen is CaptionSource.SYNTHETIC else "a red square")


@pytest.mark.parametrize(
    ("page", "captioner", "texts", "stands"),
    [
        ("https://photos.org/a", ModelConfig(), "sample", False),
        ("https://photos.org/a", ModelConfig(), "always", True),
        ("https://photos.org/a", ModelConfig(name="coca_ViT-B-32", weights="laion2b_s13b_b90k"), "sample", True),
        ("https://ferry-notes.example/a", ModelConfig(), "sample", True),
        ("https://FERRY-NOTES.EXAMPLE.:8080/a", ModelConfig(), "sample", True),
        ("https://example.com/a", ModelConfig(), "sample", False),
        ("https://ferry-notes.example.org/a", ModelConfig(), "sample", False),
        ("https://ferry-notes.example@photos.org/", ModelConfig(), "sample", False),
        ("https://[::1/", ModelConfig(), "sample", False),
        ("", ModelConfig(), "sample", False),
    ],
)
def test_a_bundled_captioner_speaks_for_the_samples_pages_alone(run_folder, page, captioner, texts, stands):
    made = replace(pair("k", run_folder[1]["red"]), page_url=page)
    config = CaptionConfig(captioner=captioner, bundled_texts=texts)
    assert may_stand(made, config) is stands


def test_a_text_that_may_not_stand_is_not_chosen_however_well_it_matches(run_folder):
    made = pair("k", run_folder[1]["red"])
    said = Captioned(pair=made, synthetic_text="Two rings", web_match=0.2, synthetic_match=0.9, may_stand=False)
    (left,) = choose_caption(said, CaptionConfig())
    assert (left.reason, left.measure, left.value) == (Reason.NO_CAPTION_MATCHES, "best_match", 0.2)
    assert "for the sample web only" in left.detail
    (kept,) = choose_caption(replace(said, web_match=0.6), CaptionConfig())
    assert kept.caption == "a red square" and kept.capfilt.synthetic_text == "Two rings"
    (kept,) = choose_caption(replace(said, may_stand=True), CaptionConfig())
    assert kept.caption == "Two rings"


def test_every_site_of_the_sample_lies_under_its_domain(tmp_path):
    write_sample(tmp_path, pages=30, seed=3)
    pages = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    urls = [page["url"] for page in pages if page.get("genre")]
    assert len(urls) >= 30 and all(map(is_of_the_sample, urls))


@pytest.mark.parametrize("order", [1, -1])
def test_both_doors_whatever_the_order(config, loaded, run_folder, pairs, order, tmp_path):
    root, _ = run_folder
    said = expected(pairs, loaded, config, root)
    best = sorted(max(it.web_match, it.synthetic_match) for it in said.values() if not it.unseen)
    floor = config.model_copy(update={"min_match": best[1]})
    outputs = {key: next(iter(choose_caption(it, floor))) for key, it in said.items()}
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        models = CaptionModels("c", "m", Memory(root=str(tmp_path)), buckets=3)
        recalled = pipeline | beam.Create(pairs[::order], reshuffle=False) | CaptionAndMatch(floor, store_at(root), models)
        kept, rejected, counters = recalled.answers | ChooseCaptions(floor)

        def check_kept(actual):
            assert {it.key: it for it in actual} == {key: it for key, it in outputs.items() if not isinstance(it, Rejection)}

        def check_rejected(actual):
            assert {it.key: it for it in actual} == {key: it for key, it in outputs.items() if isinstance(it, Rejection)}
            assert sorted(it.reason for it in actual) == [Reason.BROKEN_IMAGE, Reason.NO_CAPTION_MATCHES]

        def check_counters(actual):
            sums = collections.Counter()
            for counter in actual:
                sums[counter.stage, counter.unit, counter.door] += counter.count
            assert sums == {
                (Stage.CAPTION, Unit.PAIR, CounterKind.IN): 6,
                (Stage.CAPTION, Unit.PAIR, CounterKind.KEPT): 4,
            }

        assert_that(kept, check_kept, label="kept")
        assert_that(rejected, check_rejected, label="rejected")
        assert_that(counters, check_counters, label="counters")


def test_missing_weights_say_what_can_be_done(models):
    for name in (f"{models}/tiny.json", "blip"):
        with pytest.raises(WeightsMissing, match=re.escape(f"{models}/nowhere")) as caught:
            load_captioner(ModelConfig(name=name, weights=f"{models}/nowhere"))
        assert "\n" not in str(caught.value)
