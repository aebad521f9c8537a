"""A model of open_clip -> the same for embeddings alone, with less work: the last block of each tower computes only the
token that is pooled, and on a CPU in bf16 the matrices lie as oneDNN multiplies them.

After the last attention nothing mixes tokens any more: nine tenths of that block's work are for tokens that nobody reads.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_REORDER, _MULTIPLY = "_reorder_linear_weight", "_linear_pointwise"  # of `torch.ops.mkldnn`, as torch's own compiler uses them


def for_embeddings(model: nn.Module) -> nn.Module:
    """`model`, whose plain transformers are replaced in place; other towers stay as they are. It is good for `encode_image` and
    `weights.texts.encode_text` from then on."""
    visual = getattr(model, "visual", None)
    if _pools_first(visual):
        blocks = cast(Any, visual).transformer.resblocks
        _replace(blocks, FirstToken(blocks[-1]))
    if is_clip(model) and _is_plain(cast(Any, model).transformer):
        blocks = cast(Any, model).transformer.resblocks
        _replace(blocks, Block(blocks[-1]))
    return model


class Block(nn.Module):
    """open_clip's ResidualAttentionBlock, with its parameters: x + attention(ln_1(x)), and the same of its MLP."""

    def __init__(self, block: Any):
        super().__init__()
        attention, width = block.attn, block.attn.embed_dim
        weight, bias = attention.in_proj_weight, attention.in_proj_bias
        self.heads = attention.num_heads
        self.ln_1, self.ls_1, self.ln_2, self.ls_2 = block.ln_1, block.ls_1, block.ln_2, block.ls_2
        self.query, self.key_value = _linear(weight[:width], bias[:width]), _linear(weight[width:], bias[width:])
        self.out = _linear(attention.out_proj.weight, attention.out_proj.bias)
        mlp = block.mlp
        self.mlp = nn.Sequential(_linear(mlp.c_fc.weight, mlp.c_fc.bias), mlp.gelu, _linear(mlp.c_proj.weight, mlp.c_proj.bias))

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, rows: Tensor | None = None) -> Tensor:
        """[N, L, W] -> [N, L, W], or [N, 1, W] of the token `rows[n]` of each."""
        seen = self.ln_1(x)
        asking = seen
        if rows is not None:
            each = torch.arange(len(x), device=x.device)
            x, asking = x[each, rows][:, None], seen[each, rows][:, None]
            attn_mask = None if attn_mask is None else attn_mask[rows][:, None, None]  # [N, 1, 1, L]
        key, value = self.key_value(seen).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)  # [N, H, L, D] each
        query = self.query(asking).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        mask = None if attn_mask is None else attn_mask.to(x.dtype)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.ls_1(self.out(mixed.transpose(1, 2).flatten(2)))
        return x + self.ls_2(self.mlp(self.ln_2(x)))


class FirstToken(Block):
    """The last block of a tower that is pooled at its first token."""

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, rows: Tensor | None = None) -> Tensor:
        """[N, L, W] -> [N, 1, W]."""
        return super().forward(x, attn_mask, x.new_zeros(len(x), dtype=torch.long))


class PackedLinear(nn.Module):
    """A Linear whose matrix was brought once into the order in which oneDNN reads it, which it else does at every call."""

    def __init__(self, weight: Tensor, bias: Tensor | None):
        super().__init__()
        self.weight, self.bias = getattr(torch.ops.mkldnn, _REORDER)(weight.contiguous()), bias

    def forward(self, x: Tensor) -> Tensor:
        return getattr(torch.ops.mkldnn, _MULTIPLY)(x, self.weight, self.bias, "none", [], "")


class _Linear(nn.Module):
    def __init__(self, weight: Tensor, bias: Tensor | None):
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Module:
    kind = PackedLinear if _is_packed(weight) else _Linear
    return kind(weight.detach(), bias if bias is None else bias.detach())


def _is_packed(weight: Tensor) -> bool:
    """Whether oneDNN multiplies it, by operators that this build of torch has."""
    ours = weight.device.type == "cpu" and weight.dtype == torch.bfloat16 and torch.backends.mkldnn.is_available()
    return ours and all(hasattr(torch.ops.mkldnn, name) for name in (_REORDER, _MULTIPLY))


def _replace(blocks: nn.ModuleList, last: nn.Module) -> None:
    for at in range(len(blocks) - 1):
        blocks[at] = Block(blocks[at])
    blocks[-1] = last


def is_clip(model: Any) -> bool:
    """Whether it is open_clip's own CLIP, with a causal text tower pooled at `<eos>`."""
    mask, pool = getattr(model, "attn_mask", None), getattr(model, "text_pool_type", "")
    return type(model).__name__ == "CLIP" and mask is not None and pool in ("argmax", "eos")


def _pools_first(visual: Any) -> bool:
    """Whether it is open_clip's own ViT, whose feature is its class token's."""
    return (
        type(visual).__name__ == "VisionTransformer"
        and (visual.pool_type, visual.attn_pool, visual.output_tokens) == ("tok", None, False)
        and _is_plain(visual.transformer)
    )


def _is_plain(transformer: Any) -> bool:
    return transformer.batch_first and all(type(block).__name__ == "ResidualAttentionBlock" for block in transformer.resblocks)
