"""What a Flamingo's update is made of: trained parameters and a config in, AdamW, its rate and the clipped gradient out.

Alayrac et al. 2022, A.2.2: AdamW, linear warm-up and then a constant rate, gradient norm 1, weight decay 0.1 and none on the
resampler.
"""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from lamella.trainer.flamingo.config import FlamingoConfig

Parameters = Mapping[str, nn.Parameter]


def make_optimizer(parameters: Parameters, decays: Callable[[str], bool], config: FlamingoConfig) -> torch.optim.AdamW:
    """AdamW with and without weight decay. Its state stands from the start, so that it can be restored."""
    from torch.distributed.tensor import DTensor

    alike: dict[tuple[bool, bool], list[nn.Parameter]] = {}  # a fused update takes no mixture of sharded and whole
    for name, parameter in parameters.items():
        alike.setdefault((decays(name), isinstance(parameter, DTensor)), []).append(parameter)
    groups = [
        {"params": group, "weight_decay": config.weight_decay if decayed else 0.0} for (decayed, _), group in alike.items()
    ]
    fused = all(parameter.device.type == "cuda" for parameter in parameters.values())
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, eps=config.epsilon, fused=fused)
    for parameter in parameters.values():
        optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device if fused else "cpu"),
            "exp_avg": torch.zeros_like(parameter, requires_grad=False),
            "exp_avg_sq": torch.zeros_like(parameter, requires_grad=False),
        }
    return optimizer


def learning_rate(step: int, config: FlamingoConfig) -> float:
    """Of the update that makes step `step` + 1."""
    return config.learning_rate * min(1.0, (step + 1) / max(1, config.warmup_steps))


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
    torch._foreach_mul_([*whole, *local], scale)
    return norm


def _square(tensors: list[Tensor], like: list[Tensor]) -> Tensor:
    """The squared length of all together: float32 []."""
    zero = torch.zeros((), device=like[0].device)
    return torch.stack([zero, *torch._foreach_norm(tensors)]).float().square().sum() if tensors else zero
