"""A checkpoint's folder: whole or not there, the newest whole one first, never a pickle."""

import os
import signal
import time
from pathlib import Path

import pytest
import torch

from lamella.trainer.core import checkpoint as checkpoints

KILLS = int(os.environ.get("KILLS", "12"))  # more where there is time


def written(output: Path, step: int) -> Path:
    files = {name: {"a": torch.full((16,), float(step))} for name in (checkpoints.MODEL, checkpoints.OPTIMIZER)}
    return checkpoints.write(output, step, files, {"cursor": step})


def test_only_safetensors_and_json(tmp_path):
    path = written(tmp_path, 1)
    assert sorted(file.name for file in path.iterdir()) == ["model.safetensors", "optimizer.safetensors", "state.json"]
    found = checkpoints.latest(tmp_path)
    assert found and (found.step, found.state["cursor"], found.path) == (1, 1, path)


def test_the_last_two_are_kept_and_litter_goes(tmp_path):
    for step in (1, 2, 3):
        written(tmp_path, step)
    litter = tmp_path / "checkpoints" / "step-00000004.999.tmp"
    litter.mkdir()
    checkpoints.keep_last(tmp_path, 2)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["step-00000002", "step-00000003"]


@pytest.mark.parametrize("name", [checkpoints.MODEL, checkpoints.OPTIMIZER, checkpoints.STATE])
@pytest.mark.parametrize("harm", ["cut", "flipped", "gone", "empty"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, name, harm):
    for step in (1, 2):
        written(tmp_path, step)
    path = tmp_path / "checkpoints" / "step-00000002" / name
    data = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
    elif harm == "flipped":
        data[len(data) // 2] ^= 0x80
        path.write_bytes(data)
    else:
        path.write_bytes(data[: len(data) // 2] if harm == "cut" else b"")
    found = checkpoints.latest(tmp_path)
    assert found and found.step == 1


def test_no_checkpoint(tmp_path):
    assert checkpoints.latest(tmp_path) is None


def test_a_temporary_folder_is_no_checkpoint(tmp_path):
    path = written(tmp_path, 1)
    path.rename(path.with_name("step-00000001.5.tmp"))
    assert checkpoints.latest(tmp_path) is None


def test_killed_while_saving(tmp_path):
    """Kills at different moments of an endless saving: what is there afterwards always loads, and never goes back."""
    newest = 0
    for kill in range(KILLS):
        child = os.fork()
        if not child:
            step = newest
            while True:
                step += 1
                written(tmp_path, step)
                checkpoints.keep_last(tmp_path, 2)
        time.sleep(0.02 + 0.0037 * (kill % 20))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = checkpoints.latest(tmp_path)
        if found:
            assert found.step >= newest
            newest = found.step
    assert newest > 0
