"""How a Flamingo is trained: recipes by name, and every number with its source.

[P] is Alayrac et al. 2022, "Flamingo". Numbers without a source are ours.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from lamella.trainer.core import config as configs
from lamella.trainer.core.schedule import Schedule
from lamella.trainer.loading.config import DatasetConfig, MixtureConfig


class FlamingoConfig(MixtureConfig):
    """The frozen models, what is trained between them, the mixture (`MixtureConfig`) and the loop (`TrainConfig`)."""

    RUNTIME_KEYS: ClassVar[frozenset[str]] = MixtureConfig.RUNTIME_KEYS | {
        *("steps", "parallel", "recompute", "attention", "checkpoint_format", "validate_every"),  # the rate is constant
        "features_kept_mib",
    }

    language: str = ""  # a causal decoder of `transformers`, by hub name or path
    vision: str = "lamella-coca"  # of open_clip, or ours
    vision_weights: str = "bundled"  # a hub tag, a path, or `bundled`
    image_px: PositiveInt | None = None  # side of the square; None: what the vision encoder was trained on

    # Model. [P] A.1.
    resampler_layers: PositiveInt = 6
    latents: PositiveInt = 64  # R, of an image or a clip
    head_width: PositiveInt = 64
    resampler_heads: PositiveInt = 8
    resampler_width: PositiveInt | None = None  # of the latents; None: the features' own
    time_embeddings: PositiveInt = 8  # trained; interpolated for clips of more frames
    cross_every: PositiveInt = 1  # a gated block before every k-th block of the language model: 3B 1, 9B 4, 80B 7
    cross_heads: PositiveInt = 8
    feedforward: PositiveInt = 4  # inner width of gated and resampler blocks, over their width
    attention: Literal["auto", "dense", "segments", "flex"] = "auto"

    # Loop. [P] A.2.2. Weight decay is of the gated blocks' matrices; none on the resampler, gains, biases, gates and rows.
    steps: PositiveInt = 500_000
    learning_rate: PositiveFloat = 1e-4
    warmup_steps: NonNegativeInt = 5000  # linear, then constant

    # How it runs.
    parallel: Literal["auto", "ddp", "fsdp"] = "auto"  # where torchrun started several processes; auto is ddp
    features_kept_mib: NonNegativeInt = 0  # of the frozen vision encoder, for pictures that come again; 0: none
    recompute: bool = False  # activation checkpointing of the language model's blocks
    checkpoint_format: Literal["safetensors", "distributed"] = "safetensors"
    log_every: PositiveInt = 10  # steps
    validate_every: PositiveInt | None = 1000  # steps; None: at the end only
    tensorboard: bool = True

    def schedule(self) -> Schedule:
        return Schedule(peak=self.learning_rate, warmup_steps=self.warmup_steps)


# [P] A.1: a resampler of 6 layers 1,536 wide with 16 heads, keys and values of 128 a head everywhere.
_PAPER = {"vision": "ViT-L-14-336", "vision_weights": "openai"}
_PAPER |= {"resampler_width": 1536, "resampler_heads": 16, "head_width": 128}

RECIPES: dict[str, dict[str, Any]] = {
    # The paper's three sizes, in what lies outside of the language model, with a ViT-L in place of its NFNet-F6.
    "flamingo-3b": _PAPER | {"cross_every": 1, "cross_heads": 16},  # before each of 24 blocks
    "flamingo-9b": _PAPER | {"cross_every": 4, "cross_heads": 32},  # before 10 of 40
    "flamingo-80b": _PAPER | {"cross_every": 7, "cross_heads": 64, "parallel": "fsdp"},  # before 12 of 80
    # The sample web on two cores.
    "demo": {
        # Images: as many as a catalogue has. Tokens: fewer than most pages, so that windows begin between its lines too.
        "m3w": DatasetConfig(weight=1.0, batch=12, tokens=160, images=10),
        "align": DatasetConfig(weight=0.2, batch=8, tokens=32),
        "ltip": DatasetConfig(weight=1.0, batch=24, tokens=48),  # so small a model learns to see from captions first
        "pack_tokens": 160,  # captions fill rows as long as a document's, where half of each would be padding
        "next_image": 0.0,  # a catalogue's lines stand behind their pictures, always
        "vtp": DatasetConfig(weight=0.03, batch=2, tokens=32, frames=8),
        "resampler_layers": 1,
        "latents": 32,
        "head_width": 32,
        "resampler_heads": 4,
        "cross_heads": 8,
        "feedforward": 2,
        "steps": 300,
        "warmup_steps": 20,
        "learning_rate": 3e-3,
        "processes": 2,
        "workers": 0,
        "features_kept_mib": 256,  # the sample's pictures, of 18 kB each, come some fifty times
        "checkpoint_every": 100,
        "validate_every": None,
        "validation_samples": 64,
    },
}

# The same, for as long as it takes to answer in context: `make flamingo`.
RECIPES["sample"] = RECIPES["demo"] | {"steps": 1200, "checkpoint_every": 200}


def resolve(recipe: str, overrides: Mapping[str, str]) -> FlamingoConfig:
    """The full config of a recipe of RECIPES; as `trainer.core.config.resolve`."""
    return configs.resolve(FlamingoConfig, RECIPES, recipe, overrides)
