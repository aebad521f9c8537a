"""All that an update changes, to disk and back to the bit, in both forms; whole or not there whenever the writer is killed."""

import json
import os
import pickle
import signal
import time
from dataclasses import replace

import pytest
import torch
from safetensors import SafetensorError
from torch.distributed.checkpoint.api import CheckpointException

from lamella.trainer.core import checkpoint as checkpoints
from lamella.trainer.core.checkpoint import STATE
from lamella.trainer.core.config import TrainConfig
from lamella.trainer.core.optimizer import Group, make_optimizer
from lamella.trainer.core.trained import Trained, begun, buffers_of
from lamella.trainer.core.world import World

CONFIG = TrainConfig(recipe="test", learning_rate=0.1)
ALONE = World(device=torch.device("cpu"))
FORMS = pytest.mark.parametrize("form", ["safetensors", "distributed"])


def trained(steps: int) -> tuple[torch.nn.Module, Trained]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 1))
    model[0].bias.requires_grad_(False)
    parameters = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimizer = make_optimizer(parameters, lambda name: Group(weight_decay=0.1 * name.endswith("weight")), CONFIG)
    all_of_it = Trained(parameters=parameters, optimizer=optimizer, world=ALONE)
    for _ in range(steps):
        advance(model, all_of_it)
    return model, all_of_it


def advance(model: torch.nn.Module, some: Trained) -> float:
    loss = model(torch.randn(16, 4)).square().mean()
    some.optimizer.zero_grad()
    loss.backward()
    some.optimizer.step()
    return loss.item()


@FORMS
@pytest.mark.parametrize("steps", [0, 3])
def test_to_disk_and_back_to_the_bit(tmp_path, form, steps):
    model, some = trained(steps)
    some.save(tmp_path, steps, {"config": {"latents": 4}}, form)
    expected = [advance(model, some) for _ in range(4)]
    other, again = trained(0)
    found = checkpoints.latest(tmp_path)
    assert (found.step, found.state["config"], found.state["format"]) == (steps, {"latents": 4}, form)
    again.restore(found)
    assert [advance(other, again) for _ in range(4)] == expected
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


@FORMS
def test_checkpoints_of_earlier_versions_are_read_by_their_names(tmp_path, form):
    """What was called "old.0.weight" then is "0.weight" now; a tensor of the optimiser that it left out stands at 0."""
    model, some = trained(3)
    then = {f"old.{name}": parameter for name, parameter in some.parameters.items()}
    Trained(parameters=then, optimizer=some.optimizer, world=ALONE).save(tmp_path, 3, {}, form)
    expected = [advance(model, some) for _ in range(2)]
    other, again = trained(0)
    replace(again, old_name=lambda name: f"old.{name}").restore(checkpoints.latest(tmp_path))
    assert [advance(other, again) for _ in range(2)] == expected


def test_running_statistics_go_along(tmp_path):
    def normed() -> tuple[torch.nn.Module, Trained]:
        torch.manual_seed(0)
        model = torch.nn.BatchNorm1d(4)
        model.register_buffer("scratch", torch.zeros(1), persistent=False)
        parameters = dict(model.named_parameters())
        optimizer = make_optimizer(parameters, lambda name: Group(), CONFIG)
        return model, Trained(parameters=parameters, buffers=buffers_of(model), optimizer=optimizer, world=ALONE)

    model, some = normed()
    model(torch.randn(8, 4) + 3.0)
    some.save(tmp_path, 1, {})
    other, again = normed()
    assert set(again.buffers) == {"running_mean", "running_var", "num_batches_tracked"}
    again.restore(checkpoints.latest(tmp_path))
    assert torch.equal(other.running_mean, model.running_mean) and int(other.num_batches_tracked) == 1


@FORMS
def test_a_checkpoint_of_others_is_not_unpickled(tmp_path, form):
    """P12: what lies in a checkpoint's folder beside its safetensors, and under their names, is never run."""
    _, some = trained(2)
    some.save(tmp_path, 2, {}, form)
    folder = checkpoints.latest(tmp_path).path
    bomb = pickle.dumps(Bomb(tmp_path / "canary"))
    for name in (".metadata", "__0_0.distcp", "optimizer.pt"):
        (folder / name).write_bytes(bomb)
    _, again = trained(0)
    again.restore(checkpoints.latest(tmp_path))
    assert not any(path.suffix in (".distcp", ".metadata") for path in folder.iterdir() if path.read_bytes() != bomb)
    for path in folder.glob("*.safetensors"):
        path.write_bytes(bomb)
    state = json.loads((folder / STATE).read_bytes())
    (folder / STATE).write_text(json.dumps(state | {"checksums": checkpoints.checksums(folder) | {STATE: ""}}))
    assert checkpoints.latest(tmp_path) is None
    sums = {name: value for name, value in checkpoints.checksums(folder).items() if name != STATE}
    (folder / STATE).write_text(json.dumps(state | {"checksums": sums}))
    with pytest.raises((SafetensorError, OSError, RuntimeError, CheckpointException)):
        again.restore(checkpoints.latest(tmp_path))
    (folder / STATE).write_text(json.dumps(state | {"checksums": {"../../canary": "0" * 64}}))
    assert checkpoints.latest(tmp_path) is None
    assert not (tmp_path / "canary").exists()


class Bomb:
    def __init__(self, canary):
        self._canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self._canary),)


def test_what_is_frozen_is_not_written(tmp_path):
    _, some = trained(1)
    assert some.full().keys() == {"0.weight", "2.weight", "2.bias"}


def test_what_must_not_go_on_is_refused(tmp_path):
    _, some = trained(1)
    some.save(tmp_path, 1, {}, "safetensors")

    def refuse(found):
        raise ValueError(f"step {found.step}")

    with pytest.raises(ValueError, match="step 1"):
        begun(tmp_path, ALONE, refuse)
    assert begun(tmp_path / "nothing", ALONE, refuse) is None


@FORMS
def test_killed_while_saving(tmp_path, form):
    """Kills at different moments of an endless saving: what is there afterwards always loads, and never goes back."""
    _, some = trained(0)  # no backward pass before the fork: its threads would not be there in the child
    some.save(tmp_path, 1, {}, form)
    newest = 1
    for kill in range(8):
        child = os.fork()
        if not child:
            step = newest
            while True:
                step += 1
                some.save(tmp_path, step, {}, form)
                checkpoints.keep_last(tmp_path, 2)
        time.sleep(0.05 + 0.0137 * kill)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = checkpoints.latest(tmp_path)
        assert found.step >= newest
        newest = found.step
        some.restore(found)
    assert newest > 1
