"""Tokens -> the length at which each text is encoded, and its embedding: no time is spent on padding.

A causal text tower that is pooled at `<eos>` sees nothing after it: cut there, it gives the same embedding for a fraction of
the work (an alt text has a dozen tokens, and CLIP's context is 77).
"""

from typing import Any

import torch
from torch import Tensor

from lamella.weights.blocks import Block, is_clip

_LENGTHS = (8, 16, 32, 64)  # tokens; few, so that batches fill


def text_lengths(model: Any, tokens: Tensor, eos: int) -> list[int]:
    """[N, L] -> for each text the least of a few lengths that holds its `eos`; L where the model reads padding too."""
    whole = tokens.shape[1]
    if not _stops_at_eos(model):
        return [whole] * len(tokens)
    ends = ((tokens == eos).int().argmax(dim=-1) + 1).tolist()
    return [next((length for length in _LENGTHS if end <= length < whole), whole) for end in ends]


def encode_text(model: Any, tokens: Tensor) -> Tensor:
    """[N, L] -> [N, D], where L may be less than the model's context for one that `text_lengths` cuts."""
    if not is_clip(model):
        return model.encode_text(tokens)
    # open_clip's CLIP.encode_text, with its position embedding and mask cut to the tokens' length.
    length, dtype = tokens.shape[1], model.positional_embedding.dtype
    mask, ends = model.attn_mask[:length, :length], _ends(model, tokens)
    x = model.token_embedding(tokens).to(dtype) + model.positional_embedding[:length]
    *blocks, last = model.transformer.resblocks
    if isinstance(last, Block):
        for block in blocks:
            x = block(x, mask)
        pooled = last(x, mask, ends)[:, 0]
    else:
        pooled = model.transformer(x, attn_mask=mask)[torch.arange(len(tokens), device=x.device), ends]
    pooled = model.ln_final(pooled)
    if model.text_projection is None:
        return pooled
    return (
        model.text_projection(pooled) if isinstance(model.text_projection, torch.nn.Linear) else pooled @ model.text_projection
    )


def _ends(model: Any, tokens: Tensor) -> Tensor:
    """[N, L] -> [N]: where each text's `<eos>` stands; in CLIP's own vocabulary it is the highest number."""
    eos = getattr(model, "text_eos_id", None)
    return tokens.argmax(dim=-1) if model.text_pool_type == "argmax" else (tokens == eos).int().argmax(dim=-1)


def _stops_at_eos(model: Any) -> bool:
    from lamella.weights.coca import CoCa

    return isinstance(model, CoCa) or is_clip(model)
