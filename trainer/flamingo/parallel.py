"""A Flamingo spread over the processes of a World -> the loss and the gradient of a model on one device.

    torchrun --nproc-per-node 8 --no-python lamella train flamingo ... parallel=fsdp

DDP holds the model whole in every process. FSDP2 cuts each block of the language model, each gated block and the resampler
into as many parts as there are processes. Either way the model's own parameters keep their names.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, distributed, nn

from lamella.trainer.core.world import World
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.flamingo.model import Flamingo
from lamella.trainer.loading.batch import Batch

FORMS = 64  # of a block, compiled; the four datasets of a mixture need about 20


class Learner:
    """A model spread over the world: `loss` and `backward` as those of a model on one device."""

    def __init__(self, model: Flamingo, world: World, config: FlamingoConfig):
        self.model, self._world = model, world
        self._half = config.half_precision(world.device)
        model.recompute(config.recompute)
        if config.compiled(world.device):
            compile_parts(model)
        self._whole: list[nn.Parameter] = []  # not sharded, though the rest is
        self._spread: nn.Module = _Loss(model)
        if world.sharded:
            self._shard()
        elif world.size > 1:
            self._spread = _replicated(self._spread)

    def loss(self, batch: Batch) -> Tensor:
        """As `Flamingo.loss`, of this process's part of a batch."""
        with torch.autocast(self._world.device.type, torch.bfloat16, enabled=self._half):
            return self._spread(batch.to(self._world.device))

    def backward(self, loss: Tensor, last: bool) -> None:
        """Adds the gradient. After the `last` of an update, every process holds the sum over all (FSDP: its part of it)."""
        (loss * self._world.size).backward()  # both give the mean
        if last:
            for parameter in self._whole:
                if parameter.grad is not None:
                    self._world.summed(parameter.grad).div_(self._world.size)

    def syncing(self, last: bool) -> contextlib.AbstractContextManager:
        """Around `loss` and `backward`: DDP's gradients travel once an update; FSDP's each time, as nobody holds them whole."""
        if last or not isinstance(self._spread, nn.parallel.DistributedDataParallel):
            return contextlib.nullcontext()
        return self._spread.no_sync()

    def _shard(self) -> None:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

        model = self.model
        half = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        policy = half if self._half else MixedPrecisionPolicy()
        mesh = init_device_mesh(self._world.device.type, (self._world.size,))
        # The few rows of new tokens are read by name from inside the language model: they stay whole.
        self._whole = [rows for rows in (model.embedding_rows, model.head_rows) if rows is not None]
        known = {name: tensor.detach() for name, tensor in _tensors(model)}
        for rows in self._whole:
            torch.utils.swap_tensors(rows, nn.Parameter(_there(rows.detach(), self._world.device)))
        for module in (*model.cross_attention, *model.blocks(), model.resampler):
            fully_shard(module, mesh=mesh, mp_policy=policy)
        fully_shard(model, mesh=mesh, mp_policy=policy, ignored_params=set(self._whole))
        _fill(model, known if self._world.leads else {}, self._world.device)


def compile_parts(model: Flamingo, backend: Any = "inductor") -> None:
    """Compiles the language model's blocks, gated blocks with them, and the resampler, in place: names stay.

    Each dataset has a B and an L of its own, and each form is compiled with gradients and without. All blocks share one
    count of forms, and torch would go on uncompiled after its usual eight.
    """
    torch._dynamo.config.recompile_limit = FORMS
    torch._dynamo.config.optimize_ddp = False  # it would cut the blocks at DDP's buckets; they are small enough
    for module in (*model.blocks(), model.resampler):
        module.compile(backend=backend)


def _tensors(model: Flamingo) -> Iterator[tuple[str, Tensor]]:
    """Every parameter and buffer by name, but the vision encoder's, which each process loads."""
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if not name.startswith("vision_encoder."):
            yield name, tensor


def _there(tensor: Tensor, device: torch.device) -> Tensor:
    """On the device; without its values, where it has none."""
    return torch.empty_like(tensor, device=device) if tensor.is_meta else tensor.to(device)


@torch.no_grad()
def _fill(model: Flamingo, known: dict[str, Tensor], device: torch.device) -> None:
    """Hands the leading process's tensors out, one by one: no host holds the model twice, no device holds it whole."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    model._apply(lambda tensor: _there(tensor, device))
    for name, tensor in _tensors(model):
        whole = known[name].to(device) if known else torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
        if isinstance(tensor, DTensor):
            tensor.to_local().copy_(distribute_tensor(whole, tensor.device_mesh, tensor.placements).to_local())
        else:
            distributed.broadcast(whole, 0)
            tensor.copy_(whole)


class _Loss(nn.Module):
    """The loss as a forward pass, where DDP looks."""

    def __init__(self, model: Flamingo):
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Tensor:
        return self.model.loss(batch)


def _replicated(module: nn.Module) -> nn.Module:
    """In DDP, which leaves alone what does not learn: every process loaded the same."""
    names = [name for name, parameter in module.named_parameters() if not parameter.requires_grad]
    names += [name for name, _ in module.named_buffers()]
    replicated = nn.parallel.DistributedDataParallel
    replicated._set_params_and_buffers_to_ignore_for_model(module, names)
    return replicated(module, gradient_as_bucket_view=True)
