"""Where a training stands, on disk: tensors and a small state in, a folder out that is whole or not there at all.

    OUTPUT/checkpoints/step-00000500/   model.safetensors  optimizer.safetensors  state.json

A checkpoint is written under a temporary name and renamed last, and `state.json` lists the checksums of its neighbours.
Loading takes the newest that is whole: a kill, a full disk or a flipped bit costs one checkpoint, never the training.
Tensors are safetensors throughout; nothing is pickled.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

FOLDER = "checkpoints"
MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"
_RNG = "rng"  # among the optimiser's tensors: torch's random state


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A whole checkpoint, read."""

    step: int
    model: dict[str, torch.Tensor]
    optimizer: dict[str, torch.Tensor]
    state: dict[str, Any]  # cursor, config, what else is small
    path: Path


def save(output: Path, step: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> Path:
    """Writes checkpoint `step`. Raises OSError where the disk refuses; the checkpoints before it stay as they are."""
    final = output / FOLDER / f"step-{step:08d}"
    temporary = final.with_name(f"{final.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    save_file(_on_cpu(model.state_dict()), temporary / MODEL)
    save_file(_on_cpu(_flat(model, optimizer) | {_RNG: torch.get_rng_state()}), temporary / OPTIMIZER)
    checksums = {name: _checksum(temporary / name) for name in (MODEL, OPTIMIZER)}
    text = json.dumps(state | {"step": step, "checksums": checksums}, indent=1, sort_keys=True)
    (temporary / STATE).write_text(text + "\n", encoding="utf-8")
    for name in (MODEL, OPTIMIZER, STATE):
        _flush(temporary / name)
    if final.exists():
        shutil.rmtree(final)
    temporary.rename(final)
    _flush(final.parent)
    return final


def keep_last(output: Path, count: int) -> None:
    """Deletes all checkpoints but the newest `count`, and what killed writers left."""
    for temporary in (output / FOLDER).glob("*.tmp"):
        shutil.rmtree(temporary, ignore_errors=True)
    for old in _newest_first(output)[count:]:
        shutil.rmtree(old)


def latest(output: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole; None where there is none."""
    for path in _newest_first(output):
        try:
            state = json.loads((path / STATE).read_bytes())
            if all(_checksum(path / name) == checksum for name, checksum in state["checksums"].items()):
                return Checkpoint(
                    step=state["step"],
                    model=load_file(path / MODEL),
                    optimizer=load_file(path / OPTIMIZER),
                    state=state,
                    path=path,
                )
        except (OSError, ValueError, KeyError, SafetensorError):
            continue
    return None


def restore(checkpoint: Checkpoint, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Puts model, optimiser and random state back to where they were, to the bit."""
    model.load_state_dict(checkpoint.model)
    tensors = dict(checkpoint.optimizer)
    torch.set_rng_state(tensors.pop(_RNG))
    parameters = {id(parameter): name for name, parameter in model.named_parameters()}
    packed = optimizer.state_dict()
    position = 0
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            prefix = f"{parameters[id(parameter)]}/"
            state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            if state:
                packed["state"][position] = state
            position += 1
    optimizer.load_state_dict(packed)


def _flat(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimiser's tensors as `parameter/name`."""
    flat = {}
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            flat[f"{name}/{key}"] = torch.as_tensor(value)
    return flat


def _on_cpu(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()}


def _newest_first(output: Path) -> list[Path]:
    return sorted((path for path in (output / FOLDER).glob("step-*") if path.suffix != ".tmp"), reverse=True)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
