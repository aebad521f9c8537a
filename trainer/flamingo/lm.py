"""Any causal decoder of `transformers` -> the same decoder, frozen, with a gated block before every k-th of its blocks.

The decoder's own code runs: its blocks are wrapped in place, and the embeddings get rows for the special tokens that it lacks.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lamella.schemas.errors import TrainingError
from lamella.trainer.flamingo.attention_mask import Routing
from lamella.trainer.flamingo.layers import GatedCrossAttentionBlock
from lamella.trainer.loading.tokenizer import Vocabulary, load_vocabulary
from lamella.weights.reach import Unreachable, reach_transformers
from lamella.weights.vetting import UnsafeModel, vet_transformers


class CrossAttentionInputs:
    """What the gated blocks attend to in this forward pass; the language model between them knows nothing of it."""

    latents: Tensor | None = None  # [M, R, D] of all images of the batch; None: there are none
    routing: Routing | None = None


class FlamingoLayer(nn.Module):
    """A gated block, and then the language model's own. The gated one belongs to the Flamingo: it is no submodule here."""

    recompute: bool
    gated: GatedCrossAttentionBlock
    inputs: CrossAttentionInputs

    def __init__(self, gated: GatedCrossAttentionBlock, block: nn.Module, inputs: CrossAttentionInputs):
        super().__init__()
        self.block = block
        self.__dict__.update(gated=gated, inputs=inputs, recompute=False)

    def forward(self, hidden: Tensor, *args: Any, **kwargs: Any) -> Any:  # [B, L, W]
        latents, routing = self.inputs.latents, self.inputs.routing
        if latents is not None:
            if self.recompute and torch.is_grad_enabled():
                hidden = checkpoint(self.gated, hidden, latents, routing, use_reentrant=False)
            else:
                hidden = self.gated(hidden, latents, routing)
        if self.recompute and torch.is_grad_enabled():
            return checkpoint(self.block, hidden, *args, use_reentrant=False, **kwargs)
        return self.block(hidden, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:  # e.g. `attention_type`, which some decoders read of their blocks
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("block"), name)


class ExtendedEmbedding(nn.Module):
    """An embedding, and behind it the trained rows of new tokens."""

    rows: nn.Parameter

    def __init__(self, frozen: Any, rows: nn.Parameter):
        super().__init__()
        self.frozen: Any = frozen
        self.__dict__["rows"] = rows
        self.base = frozen.weight.shape[0]

    @property
    def weight(self) -> Tensor:
        return self.frozen.weight

    def forward(self, ids: Tensor) -> Tensor:  # [B, L] -> [B, L, W]
        new = ids >= self.base
        known = self.frozen(torch.where(new, 0, ids))
        rows = nn.functional.embedding(torch.where(new, ids - self.base, 0), self.rows)
        return torch.where(new[..., None], rows.to(known.dtype), known)


class ExtendedHead(nn.Module):
    """A language model's head, and behind its logits those of new tokens."""

    rows: nn.Parameter

    def __init__(self, frozen: Any, rows: nn.Parameter):
        super().__init__()
        self.frozen: Any = frozen
        self.__dict__["rows"] = rows

    @property
    def weight(self) -> Tensor:
        return self.frozen.weight

    def forward(self, hidden: Tensor) -> Tensor:  # [B, L, W] -> [B, L, V]
        return torch.cat([self.frozen(hidden), hidden @ self.rows.to(hidden.dtype).T], dim=-1)


def load_language(name: str, dtype: torch.dtype, on_meta: bool = False) -> tuple[Any, Vocabulary]:
    """A frozen decoder in evaluation mode, and the trainer's vocabulary over its tokenizer.

    Args:
        name: on the hub, or a path.
        dtype: of its weights.
        on_meta: its form alone, on the meta device: its weights are not read.

    Raises:
        TrainingError: it cannot be had, or it is no decoder that can be wrapped.
    """
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    if not name:
        raise TrainingError("language=: none is named; give a decoder of transformers, or a folder of `lamella train lm`")
    if name.startswith(("/", ".", "~")) and not Path(name).is_dir():
        raise TrainingError(f"language={name}: no such folder")
    logging.disable_progress_bar()
    try:
        reach_transformers(name)
    except Unreachable as error:
        raise TrainingError(f"language={name}: {error}; or give a folder, such as `lamella train lm` writes") from None
    try:
        vet_transformers(name)
        if on_meta:
            with torch.device("meta"):
                config = AutoConfig.from_pretrained(name, trust_remote_code=False)
                model: Any = AutoModelForCausalLM.from_config(config, dtype=dtype, trust_remote_code=False)
        else:
            model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, use_safetensors=True, trust_remote_code=False)
        vocabulary = load_vocabulary(name, model.get_input_embeddings().weight.shape[0])
    except UnsafeModel as error:
        raise TrainingError(f"language={error}") from error
    except (OSError, ValueError, KeyError, AttributeError) as error:
        said = " ".join(str(error).split()).partition(". ")[0][:200]
        where = "" if Path(name).is_dir() else "no folder here, and the hub says: "
        raise TrainingError(f"language={name}: {where}{said}") from error
    return model.eval().requires_grad_(False), vocabulary


def placed(name: str) -> str:
    """The same model from any folder: a path becomes absolute, a name of the hub stays."""
    return str(Path(name).resolve()) if name and Path(name).exists() else name


def longest_row(model: Any) -> int | None:
    """Positions that a decoder knows; None where it sets no limit."""
    return getattr(model.config.get_text_config(), "max_position_embeddings", None)


def blocks_of(model: Any) -> nn.ModuleList:
    """The list of a decoder's blocks, whatever its family calls it."""
    layers = model.config.get_text_config().num_hidden_layers
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == layers:
            return module
    raise TrainingError(f"language={model.name_or_path}: no list of {layers} blocks in it")


def add_rows(model: Any, rows: tuple[nn.Parameter, nn.Parameter]) -> None:
    """Puts the rows of new tokens behind the embedding's and the head's; they may be one and the same."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    if head is None or head.weight.shape[0] != embedding.weight.shape[0]:
        raise TrainingError(f"language={model.name_or_path}: its embedding and its head differ in their rows")
    model.set_input_embeddings(ExtendedEmbedding(embedding, rows[0]))
    model.set_output_embeddings(ExtendedHead(head, rows[1]))
