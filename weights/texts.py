"""Tokens in; the length at which each text is encoded, and its embedding, out: padding is not paid for.

A causal text tower that is pooled at `<eos>` sees nothing of what stands behind it: cut there, it gives the same embedding at a
fraction of the work (an alt text has a dozen tokens, and CLIP's context is 77).
"""

from typing import Any

import torch
from torch import Tensor

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
    if not _is_clip(model) or tokens.shape[1] == len(model.positional_embedding):
        return model.encode_text(tokens)
    # open_clip's CLIP.encode_text, with its position embedding and mask cut to the tokens' length.
    from open_clip.transformer import text_global_pool

    length, dtype = tokens.shape[1], model.transformer.get_cast_dtype()
    x = model.token_embedding(tokens).to(dtype) + model.positional_embedding[:length].to(dtype)
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    pooled = text_global_pool(x, tokens, model.text_pool_type, eos_token_id=getattr(model, "text_eos_id", None))
    if model.text_projection is None:
        return pooled
    return (
        model.text_projection(pooled) if isinstance(model.text_projection, torch.nn.Linear) else pooled @ model.text_projection
    )


def _stops_at_eos(model: Any) -> bool:
    from lamella.weights.coca import CoCa

    return isinstance(model, CoCa) or _is_clip(model)


def _is_clip(model: Any) -> bool:
    """Whether it is open_clip's own CLIP, with a causal text tower pooled at `<eos>`."""
    mask, pool = getattr(model, "attn_mask", None), getattr(model, "text_pool_type", "")
    return type(model).__name__ == "CLIP" and mask is not None and pool in ("argmax", "eos")
