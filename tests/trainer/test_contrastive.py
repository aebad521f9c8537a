"""The training as a whole: it learns, it goes on to the bit, it stops when asked, and it says what is wrong in one line."""

import json
from pathlib import Path

import pytest
import torch

from lamella.schemas.errors import TrainingError
from lamella.trainer.contrastive import learner
from lamella.trainer.contrastive import train as contrastive
from lamella.trainer.contrastive.config import resolve
from lamella.trainer.contrastive.train import Training, train
from lamella.trainer.core import checkpoint as checkpoints
from lamella.trainer.core.world import World
from lamella.weights import load


def losses_of(folder: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(line["step"], line["loss"]["total"]) for line in lines]


def test_goes_on_from_the_middle_to_the_bit(tmp_path, toy_shards, toy_overrides, monkeypatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(toy_shards, "demo-scorer", str(whole), toy_overrides)
    write, calls = checkpoints.write, []

    def failing(*arguments):
        if len(calls) == 2:
            raise OSError("disk full")
        calls.append(write(*arguments))

    monkeypatch.setattr(checkpoints, "write", failing)
    with pytest.raises(OSError, match="disk full"):
        train(toy_shards, "demo-scorer", str(parts), toy_overrides)  # after step 12: 4 and 8 stand
    monkeypatch.undo()
    assert not (parts / "model.safetensors").exists()
    train(toy_shards, "demo-scorer", str(parts), toy_overrides | {"log_every": "1", "decoders": "3"})
    assert losses_of(parts) == losses_of(whole)
    assert (parts / "model.safetensors").read_bytes()[-1000:] == (whole / "model.safetensors").read_bytes()[-1000:]
    assert len(losses_of(whole)) == 12


# A matcher that judges the cosine, as for models that do not fuse.
ON_COSINES = {"datasets": "align", "sources": "none", "caption_weight": "0", "match_weight": "1", "itm_weight": "0"}
ON_COSINES |= {"near_misses": "0", "likely_misses": "0"}


def test_learns_and_opens_with_the_loader(tmp_path, toy_shards, toy_overrides, capsys):
    scorer, matcher = tmp_path / "scorer", tmp_path / "matcher"
    train(toy_shards, "demo-scorer", str(scorer), toy_overrides | {"steps": "40", "learning_rate": "3e-3"})
    said = capsys.readouterr().err
    losses = losses_of(scorer)
    assert losses[-1][1] < 0.6 * losses[0][1]
    assert "samples/s" in said and "waited for data" in said and "on unseen pairs" in said
    train(
        toy_shards,
        "demo-matcher",
        str(matcher),
        toy_overrides | ON_COSINES | {"init_from": str(scorer)},
    )
    loaded = load(toy_overrides["model"], str(matcher), "matcher", device="cpu")
    assert loaded.match_scale is not None and loaded.match_bias is not None
    assert loaded.label.startswith("toy-coca/matcher@")
    assert loaded.decode(loaded.tokenize(["a red bar"])[0].tolist()) == "a red bar"
    assert (matcher / "tokenizer.json").read_bytes() == (scorer / "tokenizer.json").read_bytes()


def test_a_clip_of_open_clip_trains_uncompiled(tmp_path, toy_shards):
    """Its text tower takes whole rows only, however short the captions are."""
    import open_clip

    vision = {"image_size": 32, "patch_size": 16, "width": 16, "head_width": 16, "layers": 1}
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1}
    (tmp_path / "toy-clip.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}))
    open_clip.add_model_config(tmp_path / "toy-clip.json")
    small = {"model": "toy-clip", "batch": "8", "steps": "2", "decoders": "1", "device": "cpu", "log_every": "1"}
    train(toy_shards, "clip-b32", str(tmp_path / "out"), small)
    assert len(losses_of(tmp_path / "out")) == 2


def test_a_training_on_larger_pictures_goes_on_from_one_on_smaller(tmp_path, toy_shards, toy_overrides):
    small, large = str(tmp_path / "small"), str(tmp_path / "large")
    train(toy_shards, "demo-scorer", small, toy_overrides | {"steps": "1"})
    train(toy_shards, "demo-scorer", large, toy_overrides | {"steps": "1", "init_from": small, "image_size": "32"})
    sizes = [load(toy_overrides["model"], folder, "scorer", device="cpu").image_size for folder in (small, large)]
    assert sizes == [16, 32]


def test_a_finished_training_is_not_done_twice(tmp_path, toy_shards, toy_overrides):
    train(toy_shards, "demo-scorer", str(tmp_path), toy_overrides | {"steps": "4"})
    before = losses_of(tmp_path)
    train(toy_shards, "demo-scorer", str(tmp_path), toy_overrides | {"steps": "4"})
    assert losses_of(tmp_path) == before


def test_another_recipe_or_other_shards_are_not_mixed_in(tmp_path, toy_shards, toy_overrides):
    train(toy_shards, "demo-scorer", str(tmp_path), toy_overrides | {"steps": "4"})
    with pytest.raises(TrainingError, match=r"batch=4: .* was begun with 8"):
        train(toy_shards, "demo-scorer", str(tmp_path), toy_overrides | {"steps": "4", "batch": "4"})
    with pytest.raises(TrainingError, match=r"datasets=.*align"):
        train(toy_shards, "demo-scorer", str(tmp_path), toy_overrides | {"steps": "4", "datasets": "align"})


def test_a_loss_that_is_not_finite_changes_nothing_and_ends_the_training(tmp_path, toy_shards, toy_overrides, monkeypatch):
    monkeypatch.setattr(learner, "contrastive_loss", lambda cosine, *_: cosine.sum() * float("nan"))
    with pytest.raises(TrainingError, match="3 steps in a row without a finite loss"):
        train(toy_shards, "demo-scorer", str(tmp_path), toy_overrides | {"max_bad_steps": "3"})


@pytest.mark.parametrize(
    ("recipe", "overrides", "said"),
    [
        ("demo-scorrer", {}, "no recipe 'demo-scorrer'; did you mean 'demo-scorer'?"),
        ("demo-scorer", {"learning_rat": "1"}, "no key 'learning_rat'; did you mean 'learning_rate'?"),
        ("demo-scorer", {"learning_rate": "fast"}, "learning_rate: must be a number (got 'fast')"),
        ("demo-scorer", {"batch": "0"}, "batch: must be above 0 (got '0')"),
        ("demo-scorer", {"recipe": "x"}, "no key 'recipe'"),
        ("demo-scorer", {"model": "no-such-model"}, "model=no-such-model: "),
        ("demo-scorer", {"tokenizer": "/nowhere.json"}, "tokenizer=/nowhere.json: no such file"),
    ],
)
def test_one_line_that_names_what_is_wrong(tmp_path, toy_shards, recipe, overrides, said):
    with pytest.raises(TrainingError) as caught:
        train(toy_shards, recipe, str(tmp_path), {"batch": "8", "datasets": "align"} | overrides)
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


def test_overrides_are_read_as_a_command_line_has_them():
    config = resolve("demo-scorer", {"datasets": "ltip, align", "threads": "none", "betas": "0.9,0.95", "compile": "true"})
    assert (config.datasets, config.threads, config.betas, config.compile) == (("ltip", "align"), None, (0.9, 0.95), True)
    same = {"datasets": "[ltip, align]", "threads": "null", "betas": "[0.9, 0.95]", "compile": "true"}  # as the pipeline's keys
    assert resolve("demo-scorer", same) == config


def test_what_decays_and_what_does_not(toy_shards, toy_overrides, tmp_path):
    config = resolve("demo-matcher", toy_overrides | ON_COSINES)
    contrastive._write_tokenizer(config, contrastive.find_pairs(toy_shards, ("align",), "train"), tmp_path)
    training = Training(contrastive._start(config, tmp_path), config, World(device=torch.device("cpu")))
    groups = {name: training.learner.group_of(name) for name, _ in training.learner.named_parameters()}
    assert {name for name, group in groups.items() if group.rate_scale != 1.0} == {"matching.scale", "matching.bias"}
    decayed = {name for name, group in groups.items() if group.weight_decay}
    assert not decayed & {"model.logit_scale", "model.text.token_embedding.weight", "model.visual.ln_post.weight"}
    assert {"model.visual.conv1.weight", "model.text_decoder.text_projection"} <= decayed
    assert torch.all(training.learner.matching.scale == config.match_scale)
