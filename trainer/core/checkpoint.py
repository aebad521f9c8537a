"""Tensors and a small state -> a checkpoint folder that is whole or absent, and back.

    OUTPUT/checkpoints/step-00000500/   model.safetensors  optimizer.safetensors  state.json

A checkpoint is written under a temporary name and renamed last, and `state.json` lists the checksums of its neighbours.
Loading takes the newest that is whole: a kill, a full disk or a flipped bit costs one checkpoint, never the training.
Tensors are safetensors, and nothing is pickled. `trainer.core.trained` says which tensors, and spreads them over processes.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

FOLDER = "checkpoints"
MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"
RNG = "rng"  # among the optimiser's tensors: torch's random state


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint whose files are those that were written."""

    step: int
    state: dict[str, Any]  # cursor, config, what else is small
    path: Path


def write(output: Path, step: int, files: Mapping[str, Mapping[str, Tensor]], state: dict[str, Any]) -> Path:
    """Writes tensors, file by file, as checkpoint `step`. Raises OSError where the disk refuses; earlier ones stay."""
    temporary = begin(output, step)
    for name, tensors in files.items():
        save_file(_on_cpu(tensors), temporary / name)
    return finish(temporary, step, state, checksums(temporary))


def begin(output: Path, step: int) -> Path:
    """An empty folder that no reader takes for a checkpoint."""
    temporary = output / FOLDER / f"{_name(step)}.{os.getpid()}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return temporary


def finish(temporary: Path, step: int, state: dict[str, Any], sums: dict[str, str]) -> Path:
    """Makes checkpoint `step` of what lies in `temporary`; `sums` are the checksums of its files."""
    text = json.dumps(state | {"step": step, "checksums": sums}, indent=1, sort_keys=True)
    (temporary / STATE).write_text(text + "\n", encoding="utf-8")
    for name in (*sums, STATE):
        _flush(temporary / name)
    final = temporary.with_name(_name(step))
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
    """The newest whole checkpoint; None if there is none."""
    for path in _newest_first(output):
        try:
            state = json.loads((path / STATE).read_bytes())
            sums = state["checksums"]
            if sums and all(Path(name).name == name and checksum(path / name) == sum_ for name, sum_ in sums.items()):
                return Checkpoint(step=state["step"], state=state, path=path)
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            continue
    return None


def checksums(folder: Path) -> dict[str, str]:
    """Of every file in it."""
    return {path.name: checksum(path) for path in sorted(folder.iterdir())}


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _on_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _name(step: int) -> str:
    return f"step-{step:08d}"


def _newest_first(output: Path) -> list[Path]:
    return sorted((path for path in (output / FOLDER).glob("step-*") if path.suffix != ".tmp"), reverse=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
