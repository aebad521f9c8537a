"""A model's sizes and what passed through it -> the floating-point operations that a step had to compute.

A token through a frozen weight costs 2 forward and 2 backward, if the gradient passes; a trained weight costs 6, the frozen
vision encoder 2. Padding is 0, a causal pair of tokens counts once, and recomputation by activation checkpointing does not
count. Counted so, the share of a device's peak is model FLOPs utilisation (PaLM, appendix B).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from lamella.trainer.flamingo.model import Flamingo
from lamella.trainer.loading.batch import Batch

# Dense bf16 FLOP/s, by a part of the device's name; from NVIDIA's data sheets. The first that fits counts.
PEAKS = (
    ("H100 PCIe", 756e12),
    ("H100 NVL", 835e12),
    ("GH200", 989e12),
    ("H100", 989e12),
    ("H200 NVL", 835e12),
    ("H200", 989e12),
    ("GB200", 2500e12),
    ("B200", 2250e12),
    ("A100", 312e12),
    ("A800", 312e12),
    ("L40S", 362e12),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Weights by what passes through them, and the widths of attention (heads * head width)."""

    language: int  # frozen weights that a text token meets: blocks and head
    language_layers: int
    language_width: int
    gates: int  # gated blocks
    gate_width: int
    gate_text: int  # trained weights of all gated blocks that a text token meets
    gate_latents: int  # and a latent
    resampler_layers: int
    resampler_width: int
    resampler_latents: int  # trained weights that a latent meets
    resampler_features: int  # and a feature
    latents: int  # of an image or clip
    patches: int  # features of a frame
    vision: int  # frozen weights that a patch meets
    vision_layers: int
    vision_width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What passed through the model."""

    tokens: int = 0  # no padding
    pairs: int = 0  # of tokens where one may see the other
    looking: int = 0  # tokens that attend to an image
    images: int = 0  # or clips
    frames: int = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


def work_of(batch: Batch) -> Work:
    """Counted on the CPU, before the batch goes to its device."""
    real = batch.document > 0
    return Work(
        tokens=int(real.sum()),
        pairs=int(((batch.position + 1) * real).sum()),
        looking=int((batch.phi > 0).sum()),
        images=len(batch.images),
        frames=int(batch.frame_counts.sum()),
    )


def step_flops(sizes: Sizes, work: Work) -> int:
    """Operations of forward and backward; a multiplication and an addition are two."""
    s, features, latents = sizes, work.frames * sizes.patches, work.images * sizes.latents
    language = 4 * s.language * work.tokens + 12 * s.language_layers * s.language_width * work.pairs
    gates = 6 * s.gate_text * work.tokens + 6 * s.gate_latents * latents
    looking = 12 * s.gates * s.gate_width * s.latents * work.looking
    resampler = 6 * s.resampler_latents * latents + 6 * s.resampler_features * features
    resampling = 12 * s.resampler_layers * s.resampler_width * s.latents * (features + latents)
    vision = 2 * s.vision * features + 4 * s.vision_layers * s.vision_width * s.patches * features
    return language + gates + looking + resampler + resampling + vision


def peak_flops(device: torch.device) -> float | None:
    """Of a device in bf16; None where it is not known, as no figure is better than a wrong one."""
    if device.type != "cuda":
        return None
    return known_peak(torch.cuda.get_device_name(device))


def known_peak(name: str) -> float | None:
    return next((peak for part, peak in PEAKS if part in name), None)


@torch.no_grad()
def sizes_of(model: Flamingo) -> Sizes | None:
    """The sizes of a model that is not sharded yet; None for one whose work these formulas do not tell (experts, no ViT)."""
    config, tower = model.language.config.get_text_config(), model.vision_encoder.tower
    transformer: Any = getattr(tower, "transformer", None)
    patch, experts = (
        getattr(tower, "conv1", None),
        any(getattr(config, name, None) for name in ("num_local_experts", "num_experts", "n_routed_experts")),
    )
    if experts or not isinstance(patch, torch.nn.Conv2d) or not hasattr(transformer, "resblocks"):
        return None
    heads = config.num_attention_heads
    device = next(tower.parameters()).device
    look = torch.zeros(1, model.image_px, model.image_px, 3, dtype=torch.uint8, device=device)
    resampler, layers, gated_blocks = model.resampler, model.resampler.perceiver_layers(), model.gated_blocks()
    layer, gated = layers[0], gated_blocks[0]
    to_kv = sum(layer.to_kv.weight.numel() for layer in layers)
    gate_kv = sum(gated.attention.to_kv.weight.numel() for gated in gated_blocks)
    return Sizes(
        language=_count(model.blocks()) + model.language.get_output_embeddings().weight.numel(),
        language_layers=len(model.blocks()),
        language_width=heads * (getattr(config, "head_dim", None) or config.hidden_size // heads),
        gates=len(gated_blocks),
        gate_width=gated.attention.to_q.weight.shape[0],
        gate_text=_count(model.cross_attention) - gate_kv,
        gate_latents=gate_kv,
        resampler_layers=len(resampler.layers),
        resampler_width=layer.to_q.weight.shape[0],
        resampler_latents=_count(resampler.layers),
        resampler_features=to_kv + _count([resampler.project]),
        latents=len(resampler.latents),
        patches=model.vision_encoder(look).shape[1],
        vision=_count([transformer, patch]),
        vision_layers=len(transformer.resblocks),
        vision_width=patch.weight.shape[0],
    )


def _count(modules: Iterable[torch.nn.Module]) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())
