"""Two real processes over gloo: they learn what one learns, replicated or sharded, and go on where the other stopped."""

import signal
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_world import finish, free_port, launch, logged, write_training

from lamella.trainer.core.checkpoint import latest
from lamella.trainer.flamingo.train import train

STEPS = "4"
pytestmark = pytest.mark.slow  # two interpreters start for each test


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


def together(size: int, shards: str, output: Path, overrides: dict[str, str]) -> None:
    for code, told in finish(launch(size, shards, output, overrides)):
        assert code == 0, told


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


def test_replicated_in_micro_batches(training, alone, tmp_path):
    together(2, training[0], tmp_path, training[1] | {"micro_batches": "2"})
    same(tmp_path, alone)


def test_sharded_in_micro_batches_and_on_alone(training, alone, tmp_path):
    shards, overrides = training
    sharded = {"parallel": "fsdp", "checkpoint_format": "distributed", "micro_batches": "2", "steps": "2", "recompute": "true"}
    together(2, shards, tmp_path, overrides | sharded)
    assert {path.suffix for path in latest(tmp_path).path.iterdir()} == {".safetensors", ".json"}
    train(shards, "demo", str(tmp_path), overrides)
    same_from(tmp_path, alone, 1)


def test_begun_alone_and_on_sharded(training, alone, tmp_path):
    shards, overrides = training
    train(shards, "demo", str(tmp_path), overrides | {"steps": "2"})
    together(2, shards, tmp_path, overrides | {"parallel": "fsdp"})
    same_from(tmp_path, alone, 1)


def same_from(output: Path, alone: Path, first: int) -> None:
    for step in range(first, int(STEPS) + 1):
        assert logged(output)[step] == pytest.approx(logged(alone)[step], abs=1e-5), step
    assert load_file(output / "model.safetensors").keys() == load_file(alone / "model.safetensors").keys()


def test_killed_and_gone_on_to_the_bit(training, alone, tmp_path):
    shards, overrides = training
    (process,) = launch(1, shards, tmp_path, overrides | {"steps": "5000", "checkpoint_every": "2"})
    wait_for(tmp_path, 3)
    process.kill()
    finish([process])
    step = latest(tmp_path).step
    assert step % 2 == 0
    train(shards, "demo", str(tmp_path), overrides | {"steps": str(step + 2)})
    steps = sorted(logged(tmp_path))
    assert steps == list(range(1, step + 3))  # each once
    for both in set(steps) & set(logged(alone)):
        assert logged(tmp_path)[both] == logged(alone)[both]


def test_a_signal_to_one_stops_all_at_the_same_step(training, tmp_path):
    shards, overrides = training
    processes = launch(2, shards, tmp_path, overrides | {"steps": "5000", "checkpoint_every": "5000"})
    wait_for(tmp_path, 2)
    processes[1].send_signal(signal.SIGTERM)
    assert [code for code, _ in finish(processes)] == [130, 130]
    step = latest(tmp_path).step
    assert step == max(logged(tmp_path))


def test_an_error_in_one_ends_it_at_once_with_its_line(training, tmp_path):
    """It leaves, for torchrun to stop the others, who wait for it."""
    shards, overrides = training
    port = free_port()
    sound = launch(2, shards, tmp_path, overrides, ranks=[0], port=port)
    try:
        broken = launch(2, shards, tmp_path, overrides | {"vision": "no-such-eye"}, ranks=[1], port=port)
        code, told = finish(broken)[0]
    finally:
        sound[0].kill()
        finish(sound)
    assert code == 1 and "vision=no-such-eye" in told.splitlines()[-1]


def wait_for(output: Path, lines: int) -> None:
    log, deadline = output / "log.jsonl", time.monotonic() + 50
    while time.monotonic() < deadline and not (log.exists() and log.read_text().count("\n") >= lines):
        time.sleep(0.05)
