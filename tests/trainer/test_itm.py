"""Matching on fused features: near misses, hard negatives, the slow encoder and its queue, and a training with all of it."""

import json
import math
import shutil
from functools import partial
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from lamella.schemas.config import ModelConfig
from lamella.schemas.errors import TrainingError
from lamella.trainer.contrastive.batches import Cursor, PairBatches
from lamella.trainer.contrastive.config import resolve
from lamella.trainer.contrastive.learner import Inputs, Learner
from lamella.trainer.contrastive.losses import fused_matching_loss, hard_negatives, soft_contrast
from lamella.trainer.contrastive.momentum import MomentumEncoder, Views
from lamella.trainer.contrastive.near_misses import GROUND_WORDS, KINDS, kinds_of, likely_misses, near_misses, other_words
from lamella.trainer.contrastive.pairs import Pair, find_pairs
from lamella.trainer.contrastive.train import train
from lamella.trainer.evaluation.contrastive import fused_logits
from lamella.transforms.caption.fused import FusedMatcher
from lamella.transforms.caption.models import load_matcher
from lamella.weights import load
from lamella.weights.coca import CoCa
from tests.model_world import CONFIG, write_models
from tests.trainer.training_world import logged

ITM = {"itm_weight": "1", "near_misses": "2", "queue": "20", "distillation": "0.4", "distillation_warmup_steps": "4"}
ITM |= {"caption_weight": "0", "freeze_stem": "false"}


def test_near_misses_change_one_word_of_a_kind_or_swap_two():
    found = set(near_misses("Two red rings above a blue star", 1000))
    assert {"Three red rings above a blue star", "Two red rings below a blue star", "Two blue rings above a red star"} <= found
    assert {"Two green rings above a blue star", "Two red rings above a blue heart"} <= found
    assert "Two red rings above a red star" not in found  # a word that the caption has already
    counts, colours, shapes = (len(KINDS[kind]) for kind in ("count", "colour", "shape"))
    assert len(found) == (counts - 1) + 2 * (colours - 2) + 1 + (len(KINDS["relation"]) - 1) + 2 * (shapes - 1)


def test_each_kind_of_near_miss_has_its_turn():
    text = "a small red ring to the left of a blue star"
    kinds = [_kind_of_change(text, miss) for miss in near_misses(text, 5)]
    assert sorted(kinds) == ["colour", "relation", "shape", "size", "swap"]


def _kind_of_change(text: str, miss: str) -> str:
    """Which kind of word stands in one text and not in the other."""
    new = [kind for kind, words in KINDS.items() if any(f" {word} " in f" {miss} " and word not in text for word in words)]
    return new[0] if new else "size" if sorted(text.split()) != sorted(miss.split()) else "swap"


def test_another_ground_makes_a_caption_wrong_and_the_same_in_other_words_does_not():
    texts = [f"four rings on {ground}" for ground in KINDS["ground"]]
    for text, same in (("a plain white", "a white background"), ("a dotted", "a background with dots")):
        found = set(near_misses(f"four rings on {text} background", 1000))
        assert f"four rings on {same}" not in found and len(found & set(texts)) == len(texts) - 2


def test_what_one_frame_does_not_tell_is_no_near_miss():
    assert not any("right to left" in miss for miss in near_misses("a red ring moves from left to right", 1000))


@pytest.mark.parametrize(
    ("text", "wrong"), [("a big dog", {"a small dog"}), ("the left one", {"the right one"}), ("a dog", set()), ("", set())]
)
def test_near_misses_by_hand(text, wrong):
    assert set(near_misses(text, 5)) == wrong


def test_near_misses_are_drawn_by_hash():
    text = "a red circle to the left of a small square"
    assert near_misses(text, 3, 1) == near_misses(text, 9, 1)[:3] != near_misses(text, 3, 2)


def test_likely_misses_change_one_word_of_a_kind_to_what_the_decoder_is_tempted_to_say():
    """Tokens 1 to 3 are colours, 4 and 5 numbers; the decoder takes the colour 2 for as likely as the colour 1."""
    kinds = torch.tensor([0, 1, 1, 1, 2, 2, 0])
    tokens = torch.tensor([[6, 1, 6, 0], [6, 6, 6, 0]])
    logits = torch.full((2, 3, 7), -30.0)
    logits[:, :, 2] = 0.0
    noise = torch.rand((2, 5, 3, 7), generator=torch.Generator().manual_seed(0)).clamp(1e-6, 1 - 1e-6)
    misses = likely_misses(logits, tokens, kinds, noise)
    assert misses[0].tolist() == [[6, 2, 6, 0]] * 5
    assert not misses[1].any()  # no word of a kind


def _whole_words(known, words):
    return torch.tensor([[1, known.get(word, 7), 0 if word in known else 8] for word in words])


def test_kinds_are_of_whole_words_in_both_cases():
    known = {"red": 2, "Red": 3, "blue": 4, "two": 5}
    kinds = kinds_of(partial(_whole_words, known), 9, (0, 1))
    assert kinds[2] == kinds[4] > 0 and kinds[3] not in (0, kinds[2]) and kinds[5] not in (0, kinds[2])
    assert not kinds[[0, 1, 6, 7, 8]].any()


def test_words_of_grounds_are_kinds_of_their_own_where_they_are_asked_for():
    known = {"grey": 2, "dotted": 3, "dots": 4, "red": 5}
    tokens = torch.tensor([[1, 2, 0], [1, 3, 0]])
    tokenized = partial(_whole_words, known)
    kinds = kinds_of(tokenized, 9, (0, 1), GROUND_WORDS)
    assert kinds[2] == kinds[3] > 0 and kinds[4] not in (0, kinds[2]) and kinds[5] == 0
    assert other_words(tokens, kinds)[:, 0].nonzero().tolist() == [[0, 3], [1, 2]]
    assert other_words(tokens, kinds_of(tokenized, 9, (0, 1)))[:, 0].nonzero().tolist() == [[0, 5]]


def test_likely_misses_want_a_decoder_and_a_verdict():
    config = resolve("demo-itm", {"likely_misses": "1", "caption_weight": "0"})
    with pytest.raises(TrainingError, match="likely_misses=1: wants caption_weight and itm_weight above 0"):
        Learner(load("lamella-coca", "bundled", "scorer", device="cpu"), config)


def test_hard_negatives_are_drawn_in_proportion_and_never_the_same_text():
    cosine = torch.tensor([[1.0, 0.5, 0.0, 0.9]]).expand(20_000, -1)
    same = torch.tensor([[True, False, False, True]]).expand(20_000, -1)
    noise = torch.rand(cosine.shape, generator=torch.Generator().manual_seed(0)).clamp(1e-6, 1 - 1e-6)
    drawn, there = hard_negatives(cosine, same, torch.tensor(4.0), noise)
    share = (drawn == 1).float().mean().item()
    assert share == pytest.approx(math.exp(2) / (math.exp(2) + 1), abs=0.01) and set(drawn.tolist()) == {1, 2} and there.all()
    assert not hard_negatives(cosine[:1], torch.ones_like(same[:1]), torch.tensor(4.0), noise[:1])[1].any()


def test_contrast_with_soft_targets_by_hand():
    cosine, slow = torch.tensor([[0.5, 0.0, 0.5]]), torch.tensor([[1.0, 0.0, 1.0]])
    own, scale = torch.tensor([0]), torch.tensor(2.0)
    same = torch.tensor([[True, False, True]])  # the third has the same text: neither right nor wrong
    logs = [1 - math.log(math.e + 1), -math.log(math.e + 1)]
    assert soft_contrast(cosine, slow, own, same, scale=scale, alpha=0.0).item() == pytest.approx(-logs[0])
    view = math.exp(2) / (math.exp(2) + 1)
    target = 0.6 + 0.4 * view
    expected = -(target * logs[0] + (1 - target) * logs[1])
    assert soft_contrast(cosine, slow, own, same, scale=scale, alpha=0.4).item() == pytest.approx(expected)


def test_right_and_wrong_weigh_the_same_and_what_is_not_there_nothing():
    right, wrong = torch.tensor([0.0]), torch.tensor([0.0, 50.0, 0.0])
    loss = fused_matching_loss(right, wrong, torch.tensor([True, False, True]))
    assert loss.item() == pytest.approx(math.log(2))


def test_the_slow_encoder_follows_and_its_queue_turns_round():
    torch.manual_seed(0)
    model = CoCa(CONFIG)
    slow = MomentumEncoder(model, momentum=0.75, size=3)
    before = slow.slow.visual.proj.clone()
    with torch.no_grad():
        model.visual.proj.add_(1.0)
    slow.follow(model)
    torch.testing.assert_close(slow.slow.visual.proj, before + 0.25)
    assert not any(parameter.requires_grad for parameter in slow.parameters())

    def pairs(first: int, count: int) -> tuple[Views, torch.Tensor]:
        rows = torch.arange(first, first + count)
        spread = rows[:, None].float()
        patches = spread[:, :, None].expand(-1, *slow.patches.shape[1:])
        return Views(spread.expand(-1, 16), patches, spread.expand(-1, 16)), rows[:, None]

    slow.put(*pairs(1, 2))
    assert slow.filled == 2 and slow.tokens[:2, 0].tolist() == [1, 2]
    slow.put(*pairs(3, 2))
    assert slow.filled == 3 and slow.tokens[:, 0].tolist() == slow.read[:, 0].tolist() == [4, 2, 3]
    slow.put(*pairs(5, 4))  # more than it holds
    assert sorted(slow.tokens[:, 0].tolist()) == [6, 7, 8]


def test_a_batch_brings_its_near_misses(toy_shards):
    config = resolve("demo-itm", {"batch": "4", "near_misses": "2", "datasets": "align", "sources": "none", "max_shift": "0"})
    said = []

    def tokenize(texts):
        said.append(list(texts))
        return torch.ones(len(texts), 5, dtype=torch.int64)

    with PairBatches(find_pairs(toy_shards, ("align",), "train"), config, 16, tokenize) as batches:
        (batch,) = islice(batches, 1)
    texts, near = said[:2]
    assert batch.near.shape == (4, 2, 5) and (batch.near != 0).all()
    for number, text in enumerate(texts):
        for wrong in near[2 * number : 2 * number + 2]:
            assert sum(a != b for a, b in zip(text.split(), wrong.split(), strict=True)) == 1  # "a red bar ..." has one colour


def test_texts_that_a_sample_brings_as_false_stand_behind_its_near_misses(toy_shards):
    config = resolve("demo-itm", {"batch": "2", "near_misses": "1", "false_texts": "2"})
    said = []

    def tokenize(texts):
        said.append(list(texts))
        return torch.ones(len(texts), 5, dtype=torch.int64)

    pixels, false = np.zeros((4, 4, 3), np.uint8), ("a blue bar", "a pink bar", "two bars")
    batches = PairBatches(find_pairs(toy_shards, ("align",), "train"), config, 4, tokenize)
    near = batches._near([Pair(pixels, "a red bar", "k", false), Pair(pixels, "a red bar", "l")], Cursor())
    assert near.shape == (2, 3, 5) and near.bool().all(dim=2).tolist() == [[True, True, True], [True, False, False]]
    assert said[0][0] not in false and len(set(said[0][1:3]) & set(false)) == 2 and said[0][4:] == ["", ""]
    for epoch in range(1, 4):
        batches._near([Pair(pixels, "a red bar", "k", false)], Cursor(epoch=epoch))
    assert len({tuple(texts[1:3]) for texts in said}) > 1  # another draw in each epoch


def test_it_learns_goes_on_to_the_bit_and_opens_with_the_loader(tmp_path, toy_shards, toy_overrides):
    """The slow encoder and its queue are part of a checkpoint: a training that lost its last one comes to the same losses."""
    overrides = toy_overrides | ITM | {"datasets": "align", "sources": "none", "learning_rate": "3e-3"}
    train(toy_shards, "demo-itm", str(tmp_path), overrides)
    losses = logged(tmp_path)
    assert set(losses[1]) == {"total", "contrastive", "itm"} and losses[12]["itm"] < losses[1]["itm"]
    shutil.rmtree(tmp_path / "checkpoints" / "step-00000012")
    train(toy_shards, "demo-itm", str(tmp_path), overrides)
    assert logged(tmp_path) == losses
    loaded = load(toy_overrides["model"], str(tmp_path), "matcher", device="cpu")
    assert loaded.fusion is not None and loaded.match_scale is None
    images = torch.zeros(2, 16, 16, 3, dtype=torch.uint8)
    texts = ["a red bar", "a blue bar"]
    logits = fused_logits(loaded, images, loaded.tokenize(texts))

    matcher = load_matcher(ModelConfig(name=toy_overrides["model"], weights=str(tmp_path), device="cpu", batch=4))
    assert isinstance(matcher, FusedMatcher)
    black = [Image.new("RGB", (16, 16))]
    found = matcher.probabilities(black, [(0, text) for text in texts])
    assert found == pytest.approx(torch.tensor(logits).sigmoid().tolist(), abs=1e-5)
    assert matcher.probabilities(black, [(0, texts[1])]) == [found[1]] and matcher.probabilities([], []) == []


def test_gradients_reach_encoders_and_head_and_not_the_slow_copy(tmp_path):
    folder = write_models(tmp_path)
    keys = ITM | {"model": f"{folder}/tiny.json", "distillation_warmup_steps": "0"}
    config = resolve("demo-itm", keys)
    loaded = load(config.model, folder, "matcher", device="cpu")
    learner = Learner(loaded, config)
    images = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    texts, wrong = ["a red square", "a green field", "a blue lake"], ["a blue square", "a red field", "a green lake"]
    tokens, near = loaded.tokenize(texts), loaded.tokenize(wrong)[:, None]
    for step in range(2):  # the second finds the first in the queue
        losses = learner.losses(learner(images, tokens), Inputs(images, tokens, near, step))
    torch.stack(list(losses.values())).sum().backward()
    reached = {name for name, parameter in learner.named_parameters() if parameter.grad is not None}
    parts = {".".join(name.split(".")[:2]) for name in reached}
    assert parts == {"model.visual", "model.text", "model.text_decoder", "model.logit_scale", "fusion.weight", "fusion.bias"}
    assert learner.momentum.filled == 6


def test_a_frozen_stem_learns_nothing_and_what_stands_behind_it_does():
    loaded = load("lamella-coca", "bundled", "scorer", device="cpu")
    learner = Learner(loaded, resolve("demo-places", {}))
    before = {name: buffer.clone() for name, buffer in learner.model.visual.conv1.named_buffers()}
    images = torch.randint(0, 256, (2, 96, 96, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    tokens = loaded.tokenize(["a red square", "a blue ring"])
    near = torch.zeros(2, 0, 0, dtype=torch.int64)
    learner.losses(learner(images, tokens), Inputs(images, tokens, near, 0))["caption"].backward()
    assert all(parameter.grad is None for parameter in learner.model.visual.conv1.parameters())
    assert all(torch.equal(buffer, before[name]) for name, buffer in learner.model.visual.conv1.named_buffers())
    assert learner.model.visual.positional_embedding.grad.abs().sum() > 0
    assert learner.group_of("model.visual.positional_embedding").rate_scale == 10


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (
            {"itm_weight": "1", "model": "toy-clip-itm"},
            "itm_weight=1.0: toy-clip-itm is no CoCa of ours",
        ),
        ({"distillation": "0.4", "queue": "0"}, "distillation=0.4: queue=0"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, toy_shards, toy_overrides, keys, says):
    import open_clip

    vision = {"image_size": 32, "patch_size": 16, "width": 16, "head_width": 16, "layers": 1}
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1}
    (tmp_path / "toy-clip-itm.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}))
    open_clip.add_model_config(tmp_path / "toy-clip-itm.json")
    own = {} if "model" in keys else toy_overrides
    small = {"batch": "8", "sources": "none", "datasets": "align", "caption_weight": "0", "freeze_stem": "false"}
    with pytest.raises(TrainingError, match=says):
        train(toy_shards, "demo-itm", str(tmp_path), own | small | keys)
