"""Text and the latents of images -> text that has attended to its own image: cross-attention masked by phi.

A token attends to the R latents of one image, the one that phi names (Alayrac et al. 2022, 3.3). From the side of the images
this needs no mask: only a few tokens attend to each image. So `segments` collects an image's tokens into a row and runs M dense
attentions [S, R], with no mask and no work for pairs that may not meet. `dense` is the plain version, with a mask over all
latents of a row, which the others must equal. `flex` leaves the skipping to FlexAttention's block masks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SEGMENT_MULTIPLE = 16  # segments are padded to a multiple of it, so that a compiled model meets few shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Which image each token attends to, for all layers of a batch. An image's number counts through the batch, from 0."""

    owner: Tensor  # int64 [B * L]: the image of a token, -1 for none
    attends: Tensor  # [B, L, 1] of 0 and 1: whether a token has an image
    asking: Tensor  # int64 [M, S]: the tokens of each image, in order, and then others, whose answers nobody takes
    place: Tensor  # int64 [B * L]: where in [M * S] a token stands; anywhere for those without an image
    first: Tensor  # int64 [B]: number of a row's first image
    by_row: Tensor  # int64 [B, N]: the images of each row, and then others, whom nobody asks


def routing_of(phi: Tensor, image_counts: Tensor, images: int) -> Routing:  # [B, L], [B]
    """The routing of a batch, from phi (1 is a row's first image, 0 none), the images of each row, and M, at least 1.

    What fills segments and rows up is spread over all there is: many gradients for one place, though all 0, would wait for
    one another on a GPU.
    """
    first = image_counts.cumsum(0) - image_counts
    owner = torch.where(phi > 0, first[:, None] + phi - 1, -1).flatten()
    order = torch.argsort(owner, stable=True)  # tokens without an image first, then image by image
    edges = torch.searchsorted(owner[order], torch.arange(images + 1, device=phi.device))
    begins, asked = edges[:-1], edges.diff()  # [M]
    longest, most = torch.stack([asked.max(), image_counts.max()]).tolist()  # the only wait for the device
    longest = max(1, -(-longest // SEGMENT_MULTIPLE)) * SEGMENT_MULTIPLE
    along, rank = (torch.arange(length, device=phi.device) for length in (longest, len(owner)))
    others = torch.arange(images * longest, device=phi.device).view(images, longest) % len(owner)
    own = order[(begins[:, None] + along).clamp(max=len(owner) - 1)]
    asking = torch.where(along < asked[:, None], own, others)  # [M, S]
    number = owner[order].clamp(min=0)
    place = torch.empty_like(owner)
    place[order] = torch.where(owner[order] >= 0, number * longest + rank - begins[number], rank % (images * longest))
    by_row = (first[:, None] + torch.arange(max(1, most), device=phi.device)).clamp(max=images - 1)
    attends = (phi > 0).unsqueeze(-1)
    return Routing(owner=owner, attends=attends, asking=asking, place=place, first=first, by_row=by_row)


class MaskedCrossAttention(nn.Module):
    """Multi-head attention of text over the latents of its image; a token without one gets zeros.

    Args:
        width: of the text.
        seen_width: of the latents.
        heads, head_width: of the attention.
        kind: "segments", "dense", "flex", or "auto", which is segments.
    """

    def __init__(self, widths: tuple[int, int], heads: int, head_width: int, kind: str = "auto"):
        super().__init__()
        width, seen_width = widths
        inner = heads * head_width
        self.heads, self.kind = heads, kind
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_kv = nn.Linear(seen_width, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor, latents: Tensor, routing: Routing) -> Tensor:  # [B, L, W], [M, R, D] -> [B, L, W]
        q = self.to_q(x).unflatten(-1, (self.heads, -1))  # [B, L, H, d]
        k, v = self.to_kv(latents).unflatten(-1, (2 * self.heads, -1)).chunk(2, dim=-2)  # [M, R, H, d]
        seen = {"dense": _dense, "flex": _flex}.get(self.kind, _segments)(q, k, v, routing)  # [B, L, H, d]
        return self.to_out(seen.flatten(-2))


def _segments(q: Tensor, k: Tensor, v: Tensor, routing: Routing) -> Tensor:
    tokens = q.flatten(0, 1)  # [B * L, H, d]
    asking = tokens[routing.asking].transpose(1, 2)  # [M, H, S, d]
    seen = F.scaled_dot_product_attention(asking, k.transpose(1, 2), v.transpose(1, 2))
    back = seen.transpose(1, 2).flatten(0, 1)[routing.place]  # [B * L, H, d]
    return back.view_as(q) * routing.attends.unsqueeze(-1)


def _dense(q: Tensor, k: Tensor, v: Tensor, routing: Routing) -> Tensor:
    """Every token against all latents of its row, and a mask: the reference."""
    k, v = k[routing.by_row], v[routing.by_row]  # [B, N, R, H, d]
    rows, most, latents = k.shape[:3]
    named = routing.owner.view(rows, -1) - routing.first[:, None]  # [B, L]
    mask = named[:, :, None] == torch.arange(most, device=q.device)  # [B, L, N]
    mask = mask.repeat_interleave(latents, dim=2)[:, None]  # [B, 1, L, N * R]
    scores = q.transpose(1, 2) @ k.flatten(1, 2).permute(0, 2, 3, 1) * q.shape[-1] ** -0.5  # [B, H, L, N * R]
    weights = scores.float().masked_fill(~mask, float("-inf")).softmax(dim=-1).nan_to_num(0.0).to(v.dtype)
    return (weights @ v.flatten(1, 2).transpose(1, 2)).transpose(1, 2)


def _flex(q: Tensor, k: Tensor, v: Tensor, routing: Routing) -> Tensor:
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    k, v = k[routing.by_row], v[routing.by_row]
    rows, most, latents = k.shape[:3]
    named = routing.owner.view(rows, -1) - routing.first[:, None]  # [B, L]

    def own(row: Tensor, head: Tensor, token: Tensor, latent: Tensor) -> Tensor:
        return named[row, token] == latent // latents

    mask = create_block_mask(own, rows, None, q.shape[1], most * latents, device=q.device)
    attend: Callable[..., Any] = _compiled(flex_attention) if q.is_cuda else flex_attention
    seen = attend(*(x.transpose(1, 2) for x in (q, k.flatten(1, 2), v.flatten(1, 2))), block_mask=mask)
    return seen.transpose(1, 2) * routing.attends.unsqueeze(-1)


@cache
def _compiled(function: Callable) -> Callable:
    return torch.compile(function, dynamic=True)
