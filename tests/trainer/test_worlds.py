"""Real processes over gloo: two learn what one learns, replicated or sharded, and go on where the other stopped."""

import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_world import free_port, launch, logged, write_training

from lamella.trainer.contrastive.train import train as train_contrastive
from lamella.trainer.core.checkpoint import latest
from lamella.trainer.flamingo.train import train
from tests.fork_server import TRAININGS, ForkServer, fork_server

STEPS = "4"
FLAMINGO, CONTRASTIVE = "lamella.trainer.flamingo.train", "lamella.trainer.contrastive.train"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with fork_server(tmp_path_factory.mktemp("said"), TRAININGS, OMP_NUM_THREADS="1") as server:
        yield server


@pytest.fixture(scope="module")
def training(toy, tmp_path_factory) -> tuple[str, dict[str, str]]:
    shards, overrides = write_training(toy, tmp_path_factory.mktemp("worlds"))
    return shards, overrides | {"ltip.batch": "4", "vtp.batch": "4", "steps": STEPS, "checkpoint_every": "1"}


@pytest.fixture(scope="module")
def alone(training, tmp_path_factory) -> Path:
    """One process, from the first step to the last."""
    output = tmp_path_factory.mktemp("alone")
    train(training[0], "demo", str(output), training[1])
    return output


def together(server: ForkServer, shards: str, output: Path, overrides: dict[str, str], module: str = FLAMINGO) -> None:
    """Two processes, to the end."""
    recipe = "demo" if module == FLAMINGO else "demo-scorer"
    for child in launch(server, module, 2, [shards, recipe, str(output), overrides]):
        code, said = child.end()
        assert code == 0, said


def same(output: Path, alone: Path) -> None:
    for key in ("loss", "validation"):
        assert logged(output, key).keys() == logged(alone, key).keys()
        for step, losses in logged(alone, key).items():
            assert logged(output, key)[step] == pytest.approx(losses, abs=1e-5), (key, step)
    norms = logged(alone, "gradient_norm")
    assert logged(output, "gradient_norm") == pytest.approx(norms, rel=1e-4)
    mine, theirs = (load_file(folder / "model.safetensors") for folder in (output, alone))
    assert mine.keys() == theirs.keys()
    assert all(torch.allclose(mine[name], theirs[name], atol=2e-3) for name in mine)  # Adam divides by what is near zero


def test_replicated_in_micro_batches(server, training, alone, tmp_path):
    together(server, training[0], tmp_path, training[1] | {"micro_batches": "2"})
    same(tmp_path, alone)


def test_forked_and_stopped_and_on(server, training, alone, tmp_path):
    """Two processes that the training forks learn what one learns, before a signal ends them and after."""
    shards, forked = training[0], training[1] | {"processes": "2"}
    child = server.run(FLAMINGO, [shards, "demo", str(tmp_path), forked | {"steps": "5000"}])
    child.wait_for(tmp_path / "log.jsonl", 2)
    child.signal(signal.SIGTERM)
    code, said = child.end()
    step = latest(tmp_path).step
    assert code == 130 and said.count(f"stopped at step {step}") == 1 and step == max(logged(tmp_path))
    last = max(step + 1, int(STEPS))
    child = server.run(FLAMINGO, [shards, "demo", str(tmp_path), forked | {"steps": str(last)}])
    assert child.end()[0] == 0, child.said.read_text()
    assert sorted(logged(tmp_path)) == list(range(1, last + 1))
    same_from(tmp_path, alone, 1)


def test_sharded_in_micro_batches_and_on_alone(server, training, alone, tmp_path):
    shards, overrides = training
    sharded = {"parallel": "fsdp", "checkpoint_format": "distributed", "micro_batches": "2", "steps": "2", "recompute": "true"}
    together(server, shards, tmp_path, overrides | sharded)
    assert {path.suffix for path in latest(tmp_path).path.iterdir()} == {".safetensors", ".json"}
    train(shards, "demo", str(tmp_path), overrides)
    same_from(tmp_path, alone, 1)


def test_begun_alone_and_on_sharded(server, training, alone, tmp_path):
    shards, overrides = training
    train(shards, "demo", str(tmp_path), overrides | {"steps": "2"})
    together(server, shards, tmp_path, overrides | {"parallel": "fsdp"})
    same_from(tmp_path, alone, 1)


def same_from(output: Path, alone: Path, first: int) -> None:
    for step in range(first, int(STEPS) + 1):
        assert logged(output)[step] == pytest.approx(logged(alone)[step], abs=1e-5), step
    assert load_file(output / "model.safetensors").keys() == load_file(alone / "model.safetensors").keys()


def test_killed_and_gone_on_to_the_bit(server, training, alone, tmp_path):
    shards, overrides = training
    endless = overrides | {"steps": "5000", "checkpoint_every": "2"}
    child = server.run(FLAMINGO, [shards, "demo", str(tmp_path), endless])
    child.wait_for(tmp_path / "log.jsonl", 3)
    child.signal(signal.SIGKILL)
    assert child.end()[0] == -signal.SIGKILL
    step = latest(tmp_path).step
    assert step % 2 == 0
    train(shards, "demo", str(tmp_path), overrides | {"steps": str(step + 2)})
    steps = sorted(logged(tmp_path))
    assert steps == list(range(1, step + 3))  # each once
    for both in set(steps) & set(logged(alone)):
        assert logged(tmp_path)[both] == logged(alone)[both]


def test_a_signal_to_one_stops_all_at_the_same_step(server, training, tmp_path):
    shards, overrides = training
    endless = overrides | {"steps": "5000", "checkpoint_every": "5000"}
    children = launch(server, FLAMINGO, 2, [shards, "demo", str(tmp_path), endless])
    children[0].wait_for(tmp_path / "log.jsonl", 2)
    children[1].signal(signal.SIGTERM)
    assert [child.end()[0] for child in children] == [130, 130]
    step = latest(tmp_path).step
    assert step == max(logged(tmp_path))


def test_an_error_in_one_ends_it_at_once_with_its_line(server, training, tmp_path):
    """It leaves, for torchrun to stop the others, who wait for it."""
    shards, overrides = training
    port = free_port()
    arguments = [shards, "demo", str(tmp_path)]
    (sound,) = launch(server, FLAMINGO, 2, [*arguments, overrides], ranks=[0], port=port)
    wrong = [*arguments, overrides | {"vision": "no-such-encoder"}]
    (broken,) = launch(server, FLAMINGO, 2, wrong, ranks=[1], port=port, whole=True)
    code, told = broken.end()
    sound.signal(signal.SIGKILL)
    sound.end()
    assert code == 1 and "vision=no-such-encoder" in told.splitlines()[-1]


QUEUE = {"queue": "12", "distillation": "0.4", "distillation_warmup_steps": "3"}


@pytest.mark.parametrize("queue", [{}, QUEUE], ids=["batch", "queue"])
def test_contrast_is_over_the_pairs_of_all_processes(server, toy_shards, toy_overrides, tmp_path, queue):
    """Two processes with half a batch each learn what one learns of the whole, and go on where they stopped."""
    overrides = toy_overrides | {"steps": "6", "checkpoint_every": "3"} | queue
    train_contrastive(toy_shards, "demo-scorer", str(tmp_path / "alone"), overrides)
    endless = overrides | {"checkpoint_every": "2"}
    children = launch(server, CONTRASTIVE, 2, [toy_shards, "demo-scorer", str(tmp_path / "both"), endless])
    children[0].wait_for(tmp_path / "both" / "log.jsonl", 2)
    children[0].signal(signal.SIGTERM)
    assert {child.end()[0] for child in children} <= {0, 130}
    together(server, toy_shards, tmp_path / "both", overrides, CONTRASTIVE)
    alone, both = (logged(tmp_path / name) for name in ("alone", "both"))
    assert alone.keys() == both.keys() == set(range(1, 7))
    for step in alone:
        assert both[step] == pytest.approx(alone[step], abs=1e-4), step
    mine, theirs = (load_file(tmp_path / name / "model.safetensors") for name in ("alone", "both"))
    assert all(torch.allclose(mine[name].float(), theirs[name].float(), atol=5e-3) for name in mine)


def test_a_signal_ends_a_contrastive_training_with_its_checkpoint(server, toy_shards, toy_overrides, tmp_path):
    endless = toy_overrides | {"steps": "100000", "checkpoint_every": "100000"}
    child = server.run(CONTRASTIVE, [toy_shards, "demo-scorer", str(tmp_path), endless])
    child.wait_for(tmp_path / "log.jsonl", 3)
    child.signal(signal.SIGTERM)
    code, said = child.end()
    assert code == 130, said
    assert latest(tmp_path).step == max(logged(tmp_path))
