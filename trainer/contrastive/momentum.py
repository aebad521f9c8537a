"""A model in training -> a slower copy of it, whose features fill a queue and whose judgements are softer than labels.

He et al. 2020 (MoCo); Li et al. 2021 (ALBEF, 3.2 and 3.4): the queue gives more wrong pairs than a batch holds, to contrast
with and to find hard ones among; momentum distillation trusts the slow model's view of a noisy web beside the web's own.
"""

import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Views(NamedTuple):
    """What the slow model makes of a batch."""

    seen: Tensor  # float32 [B, D], of length 1
    patches: Tensor  # [B, P, W]: tokens of the pictures
    read: Tensor  # float32 [B, D], of length 1


class MomentumEncoder(nn.Module):
    """The slow copy, and the queue of its last `size` pairs. All of it is part of a checkpoint, and none of it is trained.

    Args:
        model: a CoCa in training.
        momentum: how much of the slow weights stays in an update.
        size: of the queue.
    """

    def __init__(self, model: Any, momentum: float, size: int):
        super().__init__()
        self.slow: Any = copy.deepcopy(model).requires_grad_(False).eval()
        self._momentum, self.size = momentum, size
        self.seen: Tensor
        self.read: Tensor
        self.patches: Tensor
        self.tokens: Tensor
        self.count: Tensor
        side, length = model.visual.image_size[0], model.context_length
        with torch.no_grad():
            pooled, patches = self.slow._encode_image(torch.zeros(1, 3, side, side, device=model.logit_scale.device))
        self.register_buffer("seen", torch.zeros(size, pooled.shape[1]))  # [Q, D]
        self.register_buffer("read", torch.zeros(size, pooled.shape[1]))  # [Q, D]
        self.register_buffer("patches", torch.zeros(size, *patches.shape[1:], dtype=torch.float16))  # [Q, P, W]
        self.register_buffer("tokens", torch.zeros(size, length, dtype=torch.int64))  # [Q, L]
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))  # pairs that were ever put in

    @property
    def filled(self) -> int:
        """How many places of the queue hold a pair; these are the first."""
        return min(int(self.count), self.size)

    @torch.no_grad()
    def encode(self, pixels: Tensor, tokens: Tensor) -> Views:  # [B, 3, S, S], [B, L]
        seen, patches = self.slow._encode_image(pixels)
        return Views(seen.float(), patches, self.slow.encode_text(tokens).float())

    @torch.no_grad()
    def follow(self, model: nn.Module) -> None:
        """After an update of the model: its weights, slowly; its running statistics, at once."""
        for slow, fast in zip(self.slow.parameters(), model.parameters(), strict=True):
            slow.lerp_(fast, 1 - self._momentum)
        for slow, fast in zip(self.slow.buffers(), model.buffers(), strict=True):
            slow.copy_(fast)

    @torch.no_grad()
    def put(self, views: Views, tokens: Tensor) -> None:  # of one batch, [B, L]
        """The newest pairs take the places of the oldest. A batch larger than the queue leaves its last pairs."""
        rows = torch.arange(len(tokens), device=tokens.device)[-self.size :]
        places = (int(self.count) + rows) % self.size
        for queue, values in ((self.seen, views.seen), (self.read, views.read), (self.patches, views.patches)):
            queue[places] = values[rows].to(queue.dtype)
        self.tokens[places] = 0
        self.tokens[places, : tokens.shape[1]] = tokens[rows]
        self.count += len(tokens)
