"""Checkpoints: to the bit and back, whole or not there, never a pickle."""

import os
import signal
import time

import pytest
import torch

from lamella.trainer.core import checkpoint as checkpoints

KILLS = int(os.environ.get("KILLS", "20"))  # more where there is time


def trained(steps: int = 3):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 1))
    plain = [p for p in model.parameters() if p.ndim < 2]
    heavy = [p for p in model.parameters() if p.ndim >= 2]
    optimizer = torch.optim.AdamW([{"params": heavy}, {"params": plain, "weight_decay": 0.0}], lr=0.01)
    for _ in range(steps):
        advance(model, optimizer)
    return model, optimizer


def advance(model, optimizer) -> float:
    loss = model(torch.randn(16, 4)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def test_to_disk_and_back_to_the_bit(tmp_path):
    model, optimizer = trained()
    checkpoints.save(tmp_path, 3, model, optimizer, {"cursor": {"epoch": 1, "position": 5}})
    expected = [advance(model, optimizer) for _ in range(4)]
    other, fresh = trained(0)
    found = checkpoints.latest(tmp_path)
    checkpoints.restore(found, other, fresh)
    assert (found.step, found.state["cursor"]) == (3, {"epoch": 1, "position": 5})
    assert [advance(other, fresh) for _ in range(4)] == expected
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_an_optimizer_that_has_not_stepped(tmp_path):
    model, optimizer = trained(0)
    checkpoints.save(tmp_path, 0, model, optimizer, {})
    checkpoints.restore(checkpoints.latest(tmp_path), *trained(0))


def test_only_safetensors_and_json(tmp_path):
    path = checkpoints.save(tmp_path, 1, *trained(), {})
    assert sorted(file.name for file in path.iterdir()) == ["model.safetensors", "optimizer.safetensors", "state.json"]


def test_the_last_two_are_kept_and_litter_goes(tmp_path):
    model, optimizer = trained()
    for step in (1, 2, 3):
        checkpoints.save(tmp_path, step, model, optimizer, {})
    litter = tmp_path / "checkpoints" / "step-00000004.999.tmp"
    litter.mkdir()
    checkpoints.keep_last(tmp_path, 2)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["step-00000002", "step-00000003"]


@pytest.mark.parametrize("name", [checkpoints.MODEL, checkpoints.OPTIMIZER, checkpoints.STATE])
@pytest.mark.parametrize("harm", ["cut", "flipped", "gone", "empty"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, name, harm):
    model, optimizer = trained()
    for step in (1, 2):
        checkpoints.save(tmp_path, step, model, optimizer, {})
    path = tmp_path / "checkpoints" / "step-00000002" / name
    data = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
    elif harm == "flipped":
        data[len(data) // 2] ^= 0x80
        path.write_bytes(data)
    else:
        path.write_bytes(data[: len(data) // 2] if harm == "cut" else b"")
    assert checkpoints.latest(tmp_path).step == 1


def test_no_checkpoint(tmp_path):
    assert checkpoints.latest(tmp_path) is None


def test_a_temporary_folder_is_no_checkpoint(tmp_path):
    path = checkpoints.save(tmp_path, 1, *trained(), {})
    path.rename(path.with_name("step-00000001.5.tmp"))
    assert checkpoints.latest(tmp_path) is None


def test_killed_while_saving(tmp_path):
    """Kills at different moments of an endless saving: what is there afterwards always loads, and never goes back."""
    model = torch.nn.Linear(64, 64)  # small: no thread of the arithmetic's pool is needed in the forked child
    optimizer = torch.optim.AdamW(model.parameters())
    newest = 0
    for kill in range(KILLS):
        child = os.fork()
        if not child:
            step = newest
            while True:
                step += 1
                checkpoints.save(tmp_path, step, model, optimizer, {})
                checkpoints.keep_last(tmp_path, 2)
        time.sleep(0.02 + 0.0037 * (kill % 20))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = checkpoints.latest(tmp_path)
        if found:
            assert found.step >= newest
            newest = found.step
    assert newest > 0
