"""The loop: to the bit after any stop, the same in any micro-batches, and nothing but what is trained moves."""

import json
import os
import re
import signal
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_world import logged, write_training

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.trainer.core.checkpoint import MODEL, latest
from lamella.trainer.core.stop import Stop
from lamella.trainer.core.world import World
from lamella.trainer.flamingo.config import resolve
from lamella.trainer.flamingo.model import build, load
from lamella.trainer.flamingo.train import Training, train
from lamella.trainer.loading.mixture import Mixture


@pytest.fixture(scope="module")
def training(toy, tmp_path_factory) -> tuple[str, dict[str, str]]:
    return write_training(toy, tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def whole(training, tmp_path_factory) -> Path:
    """Six steps without a stop."""
    shards, overrides = training
    output = tmp_path_factory.mktemp("whole")
    train(shards, "demo", str(output), overrides | {"validate_every": "4", "tensorboard": "true"})
    return output


def same_end(output: Path, whole: Path) -> None:
    assert logged(output) == logged(whole)
    assert logged(output, "gradient_norm") == logged(whole, "gradient_norm")
    mine, theirs = (load_file(folder / "model.safetensors") for folder in (output, whole))
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("form", ["safetensors", "distributed"])
def test_resumed_after_every_step_to_the_bit(training, whole, tmp_path, form):
    shards, overrides = training
    for steps in range(1, 7):
        train(shards, "demo", str(tmp_path), overrides | {"steps": str(steps), "checkpoint_format": form})
    same_end(tmp_path, whole)


def test_one_format_goes_on_from_the_other(training, whole, tmp_path):
    shards, overrides = training
    train(shards, "demo", str(tmp_path), overrides | {"steps": "2", "checkpoint_format": "distributed"})
    train(shards, "demo", str(tmp_path), overrides | {"steps": "4"})
    train(shards, "demo", str(tmp_path), overrides | {"checkpoint_format": "distributed"})
    same_end(tmp_path, whole)


def test_stopped_by_a_signal_and_gone_on(training, whole, tmp_path, capsys):
    shards, overrides = training

    def stop():
        while not (tmp_path / "log.jsonl").exists() or len(logged(tmp_path)) < 2:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(SystemExit) as stopped:
        train(shards, "demo", str(tmp_path), overrides | {"steps": "500"})
    thread.join()
    assert stopped.value.code == 130 and not (tmp_path / "model.safetensors").exists()
    step = latest(tmp_path).step
    assert 2 <= step == max(logged(tmp_path)) and f"stopped at step {step}" in capsys.readouterr().err
    if step < 6:
        train(shards, "demo", str(tmp_path), overrides)
        same_end(tmp_path, whole)


@pytest.mark.parametrize(("form", "harm"), [("safetensors", "flipped"), ("distributed", "flipped"), ("distributed", "gone")])
def test_a_torn_checkpoint_gives_way_to_the_one_before(training, whole, tmp_path, capsys, form, harm):
    shards, overrides = training
    train(shards, "demo", str(tmp_path), overrides | {"steps": "4", "checkpoint_format": form})
    name = MODEL if form == "safetensors" else "shard-00001-model-00001-of-00001.safetensors"
    path = tmp_path / "checkpoints" / "step-00000004" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    if harm == "gone":
        path.unlink()
    train(shards, "demo", str(tmp_path), overrides)
    assert "going on from step 2 of 6" in capsys.readouterr().err
    same_end(tmp_path, whole)


def test_micro_batches_change_nothing_but_rounding(training, whole, tmp_path):
    shards, overrides = training
    train(shards, "demo", str(tmp_path), overrides | {"micro_batches": "2"})
    assert logged(tmp_path).keys() == logged(whole).keys()
    for step, losses in logged(whole).items():
        assert logged(tmp_path)[step] == pytest.approx(losses, abs=1e-6)


def test_a_part_of_the_mixture_weighs_what_it_should(training, tmp_path):
    """Twice the weight and half the rate of no other thing: the gradient's norm of a lone dataset doubles."""
    shards, overrides = training
    alone = overrides | {"m3w.batch": "0", "ltip.batch": "0", "vtp.batch": "0", "steps": "1"}
    for weight in ("0.5", "1.0"):
        train(shards, "demo", str(tmp_path / weight), alone | {"align.weight": weight})
    first, second = (logged(tmp_path / weight, "gradient_norm")[1] for weight in ("0.5", "1.0"))
    assert second == pytest.approx(2 * first, rel=1e-6)
    assert logged(tmp_path / "0.5") == logged(tmp_path / "1.0")


def test_what_it_leaves(whole):
    assert {path.name for path in whole.iterdir()} == {
        *("config.json", "vocabulary.json", "log.jsonl", "checkpoints", "tensorboard", "model.safetensors"),
    }
    assert [path.name for path in sorted((whole / "checkpoints").iterdir())] == ["step-00000004", "step-00000006"]
    assert any((whole / "tensorboard").iterdir())
    assert set(logged(whole, "validation")) == {4, 6}


def test_the_model_that_it_leaves_is_the_one_it_examined(training, whole):
    shards, _ = training
    model = load(whole, device="cpu")
    config = model.config
    with closing(Mixture(shards, config, model.vocabulary, model.image_px)) as mixture, torch.no_grad():
        for dataset, expected in logged(whole, "validation")[6].items():
            batches = list(mixture.validation(Dataset(dataset)))
            total, tokens = sum(model.loss(batch) for batch in batches), sum(batch.loss_mask.sum() for batch in batches)
            assert (total / tokens).item() == pytest.approx(expected, abs=1e-5)


def test_only_what_is_trained_moves(training, tmp_path):
    shards, overrides = training
    config = resolve("demo", overrides)
    model = build(config, torch.device("cpu"))
    trained = set(model.trained())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with closing(Mixture(shards, config, model.vocabulary, model.image_px)) as mixture, Stop() as stop:
        Training(model, mixture, config, World(device=torch.device("cpu"))).run(tmp_path, None, stop)
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == trained
    assert load_file(tmp_path / "model.safetensors").keys() == trained


def test_steps_without_a_finite_loss_change_nothing_and_end(training, tmp_path, capsys):
    shards, overrides = training
    wild = {"learning_rate": "1e30", "warmup_steps": "0", "max_bad_steps": "3", "checkpoint_every": "1", "steps": "20"}
    with pytest.raises(TrainingError, match=r"learning_rate=1e\+30: 3 steps in a row without a finite loss"):
        train(shards, "demo", str(tmp_path), overrides | wild)
    assert "the loss is not finite; no update" in capsys.readouterr().err
    newest, older = sorted((tmp_path / "checkpoints").iterdir(), reverse=True)
    first, second = load_file(older / MODEL), load_file(newest / MODEL)
    assert all(torch.equal(first[name], second[name]) and first[name].isfinite().all() for name in first)
    assert latest(tmp_path).path == newest


@pytest.mark.parametrize(("key", "value"), [("latents", "5"), ("seed", "7"), ("learning_rate", "0.02"), ("m3w.batch", "2")])
def test_another_recipe_is_refused(training, whole, key, value):
    shards, overrides = training
    with pytest.raises(TrainingError, match=rf"^{key}={value}: .* was begun with "):
        train(shards, "demo", str(whole), overrides | {key: value})


def test_the_language_model_is_found_from_any_folder(training, whole, tmp_path, monkeypatch):
    shards, overrides = training
    output = tmp_path / "of-a-name-beside-it"
    monkeypatch.chdir(Path(overrides["language"]).parent)
    train(shards, "demo", str(output), overrides | {"language": "language", "steps": "1"})
    monkeypatch.chdir(tmp_path)
    train(shards, "demo", str(output), overrides | {"steps": "2"})  # named by its whole path now: the same
    assert load(output, "cpu").config.language == overrides["language"]


def test_what_is_no_finished_training_is_named(training, whole, tmp_path):
    language = training[1]["language"]
    checkpoint = next((whole / "checkpoints").iterdir())
    (tmp_path / "moved").mkdir()
    for name in ("model.safetensors", "vocabulary.json"):
        (tmp_path / "moved" / name).write_bytes((whole / name).read_bytes())
    (tmp_path / "moved" / "config.json").write_text((whole / "config.json").read_text().replace(language, "/no/such/folder"))
    (tmp_path / "begun" / "checkpoints").mkdir(parents=True)
    (tmp_path / "begun" / "config.json").write_bytes((whole / "config.json").read_bytes())
    for folder, says in (
        (Path(language), "no Flamingo, but a language model of transformers"),
        (checkpoint, f"a checkpoint on the way; give the training's folder, {whole}"),
        (tmp_path / "begun", "a training that has not finished"),
        (tmp_path / "nothing", "no finished training"),
        (tmp_path / "moved", "language=/no/such/folder: no such folder; --language says where it is now"),
    ):
        with pytest.raises(TrainingError, match=re.escape(says)):
            load(folder, "cpu")
    assert load(tmp_path / "moved", "cpu", language=language)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("m3w.tokens", "5000", r"m3w.tokens=5000: .* knows 2048 positions"),
        ("device", "cuda", "device=cuda: no GPU that torch can use"),
        ("language", "/no/such", "language=/no/such: no such folder"),
    ],
)
def test_what_cannot_be_trained_is_named(training, tmp_path, key, value, says):
    shards, overrides = training
    if key == "device" and torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(ValueError, match=says):
        train(shards, "demo", str(tmp_path / "new"), overrides | {key: value})


def test_an_output_that_cannot_be_written_is_named_first(training, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(TrainingError, match=f"output={place}: cannot be written"):
            train("nowhere", "demo", str(place), training[1])


def test_other_shards_are_refused(toy, training, whole, tmp_path):
    from training_world import COUNTS, write_world

    other = write_world(toy, tmp_path / "other", COUNTS | {Dataset.ALIGN: [8, 9]})
    with pytest.raises(TrainingError, match=r"shards: .*begun on other shards"):
        train(other, "demo", str(whole), training[1])


def test_wandb_that_is_not_there_is_named(training, tmp_path):
    try:
        import wandb  # noqa: F401
    except ImportError:
        with pytest.raises(TrainingError, match=r"wandb=lamella: .* or wandb=null"):
            train(training[0], "demo", str(tmp_path), training[1] | {"wandb": "lamella"})


def test_config_can_be_read_again(whole, training):
    saved = json.loads((whole / "config.json").read_text())
    assert saved["m3w"]["batch"] == 4 and saved["language"] == training[1]["language"]
