"""All that an update changes -> a checkpoint of it, and back, in one process or in several.

`safetensors`: the leading process gathers full tensors and writes them, in `model.safetensors` and `optimizer.safetensors`.
`distributed`: every process writes the part that it holds, by torch.distributed.checkpoint; `state.json` comes last.

Either can be read by a world of another size, sharded or not.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import safe_open
from torch import Tensor, nn

from lamella.trainer.core import checkpoint as checkpoints
from lamella.trainer.core.checkpoint import MODEL, OPTIMIZER, RNG, Checkpoint
from lamella.trainer.core.optimizer import Parameters
from lamella.trainer.core.world import World

Form = Literal["safetensors", "distributed"]


def _as_it_is(name: str) -> str:
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Parameters, what a forward pass changes besides, and the optimiser. Every process calls each method at the same time.

    Attributes:
        parameters: that the optimiser updates, by name; some may be sharded.
        buffers: running statistics and the like.
        optimizer: whose state stands from the start, as `make_optimizer` leaves it.
        old_name: a tensor's name -> its name in checkpoints of earlier versions.
    """

    parameters: Parameters
    buffers: Mapping[str, Tensor] = field(default_factory=dict)
    optimizer: torch.optim.Optimizer
    world: World
    old_name: Callable[[str], str] = _as_it_is

    def save(self, output: Path, step: int, state: Mapping[str, Any], form: Form = "safetensors") -> None:
        """Writes checkpoint `step`. Raises OSError where the disk refuses; the checkpoints before it stay as they are."""
        state = {**state, "format": form}
        if form == "distributed":
            return self._save_parts(output, step, state)
        model, moments = self.full(), _full(self._moments(), self.world)
        if self.world.leads:
            files = {MODEL: model, OPTIMIZER: moments | {RNG: torch.get_rng_state()}}
            checkpoints.write(output, step, files, state)
        self.world.told(None)  # nobody goes on before it stands

    def restore(self, checkpoint: Checkpoint) -> None:
        """Puts all tensors and the random state back; in the world and on the device that saved them, to the bit.

        Raises:
            SafetensorError: a tensor is missing, or a file is none of safetensors.
        """
        if checkpoint.state.get("format") == "distributed":
            return self._restore_parts(checkpoint.path)
        with safe_open(checkpoint.path / MODEL, framework="pt") as file:
            saved = set(file.keys())
            for name, tensor in self._model().items():
                _put(file.get_tensor(name if name in saved else self.old_name(name)), tensor)
        with safe_open(checkpoint.path / OPTIMIZER, framework="pt") as file:
            saved = set(file.keys())
            for name, tensor in self._moments().items():
                found = name if name in saved else self.old_name(name)
                if found in saved:  # earlier versions left out what had had no gradient yet: it stands at 0
                    _put(file.get_tensor(found), tensor)
            torch.set_rng_state(file.get_tensor(RNG))

    def full(self) -> dict[str, Tensor]:
        """Every parameter and buffer as a whole, on the leading process's CPU; nothing elsewhere."""
        return _full(self._model(), self.world)

    def _model(self) -> dict[str, Tensor]:
        return {**self.parameters, **self.buffers}

    def _moments(self) -> dict[str, Tensor]:
        """The optimiser's tensors as `parameter/name`; not copies."""
        return {
            f"{name}/{key}": value
            for name, parameter in self.parameters.items()
            for key, value in self.optimizer.state[parameter].items()
        }

    def _parts(self, called: Callable[[str], str] = _as_it_is) -> dict[str, Tensor]:
        """Everything under one name each; the tensors are those that are trained, not copies."""
        model = {f"model/{called(name)}": tensor.detach() for name, tensor in self._model().items()}
        moments = {f"optimizer/{called(name)}": tensor for name, tensor in self._moments().items()}
        return model | moments | {RNG: torch.get_rng_state()}

    def _save_parts(self, output: Path, step: int, state: dict[str, Any]) -> None:
        import torch.distributed.checkpoint

        parts: Any = torch.distributed.checkpoint

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
        import torch.distributed.checkpoint

        parts: Any = torch.distributed.checkpoint

        reader = parts.HuggingFaceStorageReader(str(folder))
        tensors = self._parts()
        if not tensors.keys() <= reader.read_metadata().state_dict_metadata.keys():
            tensors = self._parts(self.old_name)
        with _quiet():
            parts.load(tensors, storage_reader=reader, no_dist=self.world.size == 1)
        torch.set_rng_state(tensors[RNG])


def buffers_of(module: nn.Module) -> dict[str, Tensor]:
    """What changes though no gradient does it: persistent buffers, and parameters without a gradient; by name, not copies."""
    state = module.state_dict(keep_vars=True)
    return {name: tensor.detach() for name, tensor in state.items() if not tensor.requires_grad}


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


def _full(tensors: Mapping[str, Tensor], world: World) -> dict[str, Tensor]:
    from torch.distributed.tensor import DTensor

    whole = {}
    for name, tensor in tensors.items():
        full = (tensor.full_tensor() if isinstance(tensor, DTensor) else tensor).detach()
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
