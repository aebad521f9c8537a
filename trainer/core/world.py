"""torchrun's environment -> a World: processes that learn together, and sum, gather and agree."""

import contextlib
import datetime
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from lamella.trainer.core.forks import forked
from lamella.weights.loaded import pick_device

T = TypeVar("T")
_PATIENCE = datetime.timedelta(hours=2)  # for a process that reads a language model, or checks all shards


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """This process among all. A world of one needs no process group. Every process calls each method at the same time."""

    rank: int = 0
    size: int = 1
    device: torch.device
    sharded: bool = False  # FSDP, not DDP

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def sums(self, values: Sequence[float]) -> list[float]:
        """Each value, summed over all processes; counted on the CPU, so that no GPU waits."""
        total = torch.tensor(values, dtype=torch.float64)
        if self.size > 1:
            distributed.all_reduce(total)
        return total.tolist()

    def any(self, flag: bool) -> bool:
        """Whether it is true in one process at least: then all know it at the same step."""
        return self.sums([flag])[0] > 0

    def summed(self, tensor: Tensor) -> Tensor:
        """The tensor, on its device, summed over all processes, in place."""
        if self.size > 1:
            distributed.all_reduce(tensor)
        return tensor

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Each becomes the sum over all processes, in one message. All are whole and of one type, the same in each process."""
        if self.size > 1:
            gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
            together = self.summed(torch.cat([gradient.flatten() for gradient in gradients]))
            for gradient, total in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
                gradient.copy_(total.view_as(gradient))

    def shares(self, work: Iterable[T]) -> Iterator[T]:
        """This process's part of it: every so many-th, from its rank on."""
        return islice(work, self.rank, None, self.size)

    def told(self, value: Any) -> Any:
        """What the leading process says."""
        said = [value]
        if self.size > 1:
            distributed.broadcast_object_list(said)
        return said[0]

    def gathered(self, value: Any) -> list[Any]:
        """What each process says."""
        said = [value] * self.size
        if self.size > 1:
            distributed.all_gather_object(said, value)
        return said

    def merged(self, found: Mapping[int, T]) -> list[T]:
        """What all processes have found, each at some places of a list: the whole list."""
        places = {place: value for part in self.gathered(found) for place, value in part.items()}
        return [places[place] for place in range(len(places))]

    def all_rows(self, tensor: Tensor) -> Tensor:  # [B, ...] -> [size * B, ...]
        """Every process's rows, in the order of their ranks; the gradient of all rows comes back to their process, summed."""
        if self.size == 1:
            return tensor
        return _AllRows.apply(tensor, self)


ALONE = World(device=torch.device("cpu"))  # for whoever asks only who shares the work


class _AllRows(torch.autograd.Function):
    """torch.distributed's own all_gather passes no gradient back."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, world: World) -> Tensor:
        ctx.world = world
        rows = [torch.empty_like(own) for _ in range(world.size)]
        distributed.all_gather(rows, own.contiguous())
        return torch.cat(rows)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.world.summed(gradient.clone()).chunk(ctx.world.size)[ctx.world.rank], None


@contextlib.contextmanager
def join(device: str, sharded: bool = False, processes: int = 1) -> Iterator[World]:
    """The world that torchrun's environment describes, or one of forks; gloo between CPUs, nccl between GPUs.

    Args:
        device: "auto", "cpu", "cuda".
        sharded: whether parameters are cut into parts (FSDP) where there are several processes.
        processes: this one and its forks, on the CPU, where torchrun starts none.

    Raises:
        NoDevice: a GPU was asked for that is not there.
        TrainingError: a fork failed.
    """
    size, chosen = int(os.environ.get("WORLD_SIZE", "1")), pick_device(device)
    if size == 1 and (processes == 1 or chosen.type != "cpu"):
        yield World(device=chosen)
        return
    if size == 1:
        with forked(processes, _PATIENCE) as rank:
            yield World(rank=rank, size=processes, device=chosen, sharded=sharded)
        return
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(chosen)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if chosen.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield World(rank=distributed.get_rank(), size=size, device=chosen, sharded=sharded)
    except SystemExit:  # all stop at the same step
        distributed.destroy_process_group()
        raise
    # After an error the others still wait for this process, and the group's end would wait for them: it leaves, and torchrun
    # stops them.
    distributed.destroy_process_group()
