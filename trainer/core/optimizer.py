"""Trained parameters and a config -> AdamW, its learning rate, the clipped gradient, an end after several bad steps."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lamella.schemas.errors import TrainingError
from lamella.trainer.core.config import TrainConfig
from lamella.trainer.core.console import say

Parameters = Mapping[str, nn.Parameter]


class Group(NamedTuple):
    """How a parameter is updated."""

    weight_decay: float = 0.0
    rate_scale: float = 1.0  # its learning rate, over the schedule's


def make_optimizer(parameters: Parameters, group_of: Callable[[str], Group], config: TrainConfig) -> torch.optim.AdamW:
    """AdamW over groups of parameters. Its state stands from the start, so that a checkpoint can be read into it.

    Args:
        parameters: by name; some may be sharded.
        group_of: a parameter's name -> how it is updated.
        config: rate, betas, epsilon.
    """
    from torch.distributed.tensor import DTensor

    alike: dict[tuple[Group, bool], list[nn.Parameter]] = {}  # a fused update takes no mixture of sharded and whole
    for name, parameter in parameters.items():
        alike.setdefault((group_of(name), isinstance(parameter, DTensor)), []).append(parameter)
    groups = [{"params": members, **group._asdict()} for (group, _), members in alike.items()]
    fused = all(parameter.device.type == "cuda" for parameter in parameters.values())
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, eps=config.epsilon, fused=fused)
    for parameter in parameters.values():
        optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device if fused else "cpu"),
            "exp_avg": torch.zeros_like(parameter, requires_grad=False),
            "exp_avg_sq": torch.zeros_like(parameter, requires_grad=False),
        }
    return optimizer


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """The rate of the next update, times each group's own scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["rate_scale"]


def clip(parameters: Iterable[nn.Parameter], longest: float) -> Tensor:
    """Scales the whole gradient down to norm `longest`; returns the norm it had. Parameters may be sharded, some or all."""
    from torch.distributed.tensor import DTensor

    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    sharded = [gradient for gradient in gradients if isinstance(gradient, DTensor)]
    local = [gradient.to_local() for gradient in sharded]
    whole = [gradient for gradient in gradients if not isinstance(gradient, DTensor)]
    square = _square(whole, gradients)
    if sharded:
        part = _square(local, gradients)
        torch.distributed.all_reduce(part, group=sharded[0].device_mesh.get_group())
        square = square + part
    norm = square.sqrt()
    scale = (longest / (norm + 1e-6)).clamp(max=1.0)
    torch._foreach_mul_([*whole, *local], scale)  # pyright: ignore[reportPrivateImportUsage]
    return norm


class BadSteps:
    """Counts steps in a row that changed nothing, and ends a training before age overwrites the checkpoint of a good state."""

    def __init__(self, config: TrainConfig, loud: bool = True):
        self._config, self._loud, self._in_a_row = config, loud, 0

    def note(self, step: int, finite: bool) -> None:
        """Step `step` (from 1) had a finite loss and gradient, or not. Raises TrainingError after `max_bad_steps` without."""
        self._in_a_row = 0 if finite else self._in_a_row + 1
        if finite:
            return
        if self._loud:
            say(f"step {step}: the loss is not finite; no update")
        if self._in_a_row >= self._config.max_bad_steps:
            raise TrainingError(
                f"learning_rate={self._config.learning_rate}: {self._in_a_row} steps in a row without a finite loss; "
                "the last checkpoint is good"
            )


def _square(tensors: list[Tensor], like: list[Tensor]) -> Tensor:
    """The squared length of all together: float32 []."""
    zero = torch.zeros((), device=like[0].device)
    if not tensors:
        return zero
    norms = torch._foreach_norm(tensors)  # pyright: ignore[reportPrivateImportUsage]
    return torch.stack([zero, *norms]).float().square().sum()
