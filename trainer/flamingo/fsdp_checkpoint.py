"""Checkpoints of a training that is spread over processes: parameters and optimiser in, a whole folder out, and the way back.

`safetensors`: the leading process gathers full tensors and writes them, as `trainer.core.checkpoint` does.
`distributed`: every process writes the part that it holds, by torch.distributed.checkpoint; `state.json` comes last.

Either can be read by a world of another size, sharded or not.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from lamella.trainer.core import checkpoint as checkpoints
from lamella.trainer.core.checkpoint import MODEL, OPTIMIZER, RNG, Checkpoint
from lamella.trainer.core.optimizer import Parameters
from lamella.trainer.flamingo.parallel import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """All that an update changes. Every process calls each method at the same time."""

    parameters: Parameters
    optimizer: torch.optim.Optimizer
    world: World

    def save(self, output: Path, step: int, state: dict[str, Any], form: str) -> None:
        """Writes checkpoint `step` as `form`, "safetensors" or "distributed"."""
        state = state | {"format": form}
        if form == "distributed":
            return self._save_parts(output, step, state)
        model, moments = self.full(), _full(self._moments(), self.world)
        if self.world.leads:
            files = {MODEL: model, OPTIMIZER: moments | {RNG: torch.get_rng_state()}}
            checkpoints.write(output, step, files, state)
        self.world.told(None)  # nobody goes on before it stands

    def restore(self, checkpoint: Checkpoint) -> None:
        """Puts parameters, optimiser and random state back; in the world and on the device that saved them, to the bit."""
        if checkpoint.state["format"] == "distributed":
            self._restore_parts(checkpoint.path)
            return
        for name, tensors in ((MODEL, dict(self.parameters)), (OPTIMIZER, self._moments())):
            with safe_open(checkpoint.path / name, framework="pt") as file:
                for key, tensor in tensors.items():
                    _put(file.get_tensor(key), tensor)
                if name == OPTIMIZER:
                    torch.set_rng_state(file.get_tensor(RNG))

    def full(self) -> dict[str, Tensor]:
        """Every parameter as a whole, fp32, on the leading process's CPU; nothing elsewhere."""
        return _full(dict(self.parameters), self.world)

    def _moments(self) -> dict[str, Tensor]:
        return checkpoints.flat_state(self.parameters, self.optimizer)

    def _parts(self) -> dict[str, Tensor]:
        """Everything under one name each; the tensors are those that are trained, not copies."""
        model = {f"model/{name}": parameter.detach() for name, parameter in self.parameters.items()}
        return model | {f"optimizer/{name}": tensor for name, tensor in self._moments().items()} | {RNG: torch.get_rng_state()}

    def _save_parts(self, output: Path, step: int, state: dict[str, Any]) -> None:
        from torch.distributed import checkpoint as parts

        temporary = self.world.told(checkpoints.begin(output, step) if self.world.leads else None)
        writer = parts.HuggingFaceStorageWriter(str(temporary), save_distributed=True)  # safetensors; its own form is a pickle
        with _quiet():
            parts.save(self._parts(), storage_writer=writer, no_dist=self.world.size == 1)
        own = dict(self._checksums(temporary))
        sums = {name: sum_ for found in self.world.gathered(own) for name, sum_ in found.items()}
        if self.world.leads:
            checkpoints.finish(temporary, step, state, sums)
        self.world.told(None)

    def _checksums(self, folder: Path) -> Iterator[tuple[str, str]]:
        """Of the files that this process wrote, whose names count processes from 1."""
        for path in sorted(folder.iterdir()):
            if path.name.startswith(f"shard-{self.world.rank + 1:05d}-"):
                yield path.name, checkpoints.checksum(path)

    def _restore_parts(self, folder: Path) -> None:
        from torch.distributed import checkpoint as parts

        tensors = self._parts()
        with _quiet():
            parts.load(tensors, storage_reader=parts.HuggingFaceStorageReader(str(folder)), no_dist=self.world.size == 1)
        torch.set_rng_state(tensors[RNG])


def begun(output: Path, world: World, check: Callable[[Checkpoint], None]) -> Checkpoint | None:
    """The newest whole checkpoint as the leading process finds it, if any, after `check`, which raises for one to refuse."""
    found = world.told(checkpoints.latest(output) if world.leads else None)
    if found is not None:
        check(found)
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A world of one is meant, and need not be warned of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.distributed is disabled")
        yield


def _full(tensors: dict[str, Tensor], world: World) -> dict[str, Tensor]:
    from torch.distributed.tensor import DTensor

    whole = {}
    for name, tensor in tensors.items():
        full = tensor.detach().full_tensor() if isinstance(tensor, DTensor) else tensor.detach()
        if world.leads:
            whole[name] = full.to("cpu")
    return whole


@torch.no_grad()
def _put(value: Tensor, into: Tensor) -> None:
    """Copies a whole tensor into one that may be sharded."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if isinstance(into, DTensor):
        mine = distribute_tensor(value.to(into.device), into.device_mesh, into.placements, src_data_rank=None)
        into.to_local().copy_(mine.to_local())
    else:
        into.copy_(value)
