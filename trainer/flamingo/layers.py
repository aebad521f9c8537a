"""What stands between a frozen vision encoder and a frozen language model: the Perceiver Resampler and the gated block.

Alayrac et al. 2022, 3.1, 3.2 and A.1: squared ReLU, pre-norm, no biases in the projections.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lamella.trainer.flamingo.attention_mask import MaskedCrossAttention, Routing


class PerceiverResampler(nn.Module):
    """Features of an image or a clip, however many, to R latents.

    Args:
        features_width: of the features.
        width: of the latents; where it is not the features' own, these are projected to it first.
        latents: R.
        layers, heads, head_width, feedforward: of the stack.
        times: learned time embeddings; clips of more frames get interpolated ones.
    """

    def __init__(
        self,
        features_width: int,
        *,
        width: int,
        latents: int,
        layers: int,
        heads: int,
        head_width: int,
        feedforward: int,
        times: int,
    ):
        super().__init__()
        self.project = nn.Identity() if features_width == width else nn.Linear(features_width, width, bias=False)
        self.latents = nn.Parameter(torch.randn(latents, width))
        self.times = nn.Parameter(0.02 * torch.randn(times, width))
        self.layers = nn.ModuleList(PerceiverLayer(width, heads, head_width, feedforward) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor, frame_counts: Tensor | None = None) -> Tensor:  # [M, T, P, D], [M] -> [M, R, W]
        """Frames beyond an image's own count are not attended to; None: all are real."""
        frames, patches = features.shape[1:3]
        x = (self.project(features) + self._times(frames)[:, None]).flatten(1, 2)  # [M, T * P, W]
        latents = self.latents.to(x.dtype).expand(len(x), -1, -1)  # [M, R, W]
        mask = None
        if frame_counts is not None and frames > 1:
            real = torch.arange(frames, device=x.device) < frame_counts[:, None]  # [M, T]
            real = real.repeat_interleave(patches, dim=1)  # [M, F]
            real = F.pad(real, (0, latents.shape[1]), value=True)  # latents may always be asked: [M, F + R]
            mask = real[:, None, None]  # [M, 1, 1, F + R]
        for layer in self.layers:
            latents = layer(latents, x, mask)
        return self.norm(latents)

    def perceiver_layers(self) -> list["PerceiverLayer"]:
        return [layer for layer in self.layers if isinstance(layer, PerceiverLayer)]

    def _times(self, frames: int) -> Tensor:  # [T, W]
        if frames <= len(self.times):
            return self.times[:frames]
        return F.interpolate(self.times.T[None], size=frames, mode="linear", align_corners=True)[0].T


class PerceiverLayer(nn.Module):
    """Latents ask; keys and values come from features and latents together."""

    def __init__(self, width: int, heads: int, head_width: int, feedforward: int):
        super().__init__()
        self.heads, inner = heads, heads * head_width
        self.norm_features, self.norm_latents = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)
        self.feedforward = FeedForward(width, feedforward)

    def forward(self, latents: Tensor, features: Tensor, mask: Tensor | None = None) -> Tensor:  # [M, R, W], [M, F, W]
        asking = self.norm_latents(latents)
        seen = torch.cat([self.norm_features(features), asking], dim=1)  # [M, F + R, W]
        q, kv = self.to_q(asking), self.to_kv(seen)
        q, k, v = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (q, *kv.chunk(2, dim=-1)))  # [M, H, ., d]
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)  # [M, R, H * d]
        latents = latents + self.to_out(found)
        return latents + self.feedforward(latents)


class GatedCrossAttentionBlock(nn.Module):
    """Cross-attention to the image of each token, then a dense layer; two gates, tanh of 0 at the start, let them in.

    A token without an image passes unchanged, to the bit: without images the model is its language model.
    """

    def __init__(self, widths: tuple[int, int], *, heads: int, head_width: int, feedforward: int, attention: str = "auto"):
        super().__init__()
        self.norm = nn.LayerNorm(widths[0])
        self.attention = MaskedCrossAttention(widths, heads, head_width, attention)
        self.attention_gate = nn.Parameter(torch.zeros(1))
        self.feedforward = FeedForward(widths[0], feedforward)
        self.feedforward_gate = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, latents: Tensor, routing: Routing) -> Tensor:  # [B, L, W], [M, R, D] -> [B, L, W]
        x = x + (self.attention_gate.tanh() * self.attention(self.norm(x), latents, routing)).to(x.dtype)
        return x + (self.feedforward_gate.tanh() * self.feedforward(x) * routing.attends).to(x.dtype)


class FeedForward(nn.Module):
    """A dense layer of `times` the width inside."""

    def __init__(self, width: int, times: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, times * width, bias=False)
        self.down = nn.Linear(times * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [..., W] -> [..., W]
        inner = F.relu(self.up(self.norm(x)))
        return self.down(inner * inner)  # whose gradient is cheaper than a power's
