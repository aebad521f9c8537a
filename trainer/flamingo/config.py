"""How a Flamingo, and the small language model under it, are trained: recipes by name, and every number with its source.

[P] is Alayrac et al. 2022, "Flamingo". Numbers without a source are ours.
"""

from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, create_model

from lamella.schemas.datasets import DATASETS, Dataset
from lamella.trainer.core import config as configs
from lamella.trainer.core.config import Decay, Frozen


class DatasetConfig(Frozen):
    """One dataset of the mixture. `batch=0` leaves it out."""

    weight: NonNegativeFloat = 1.0  # of its loss
    batch: NonNegativeInt = 0  # samples of an update, over all processes and all accumulated micro-batches
    tokens: PositiveInt = 32  # L of a sampled sequence
    images: PositiveInt = 1  # N: the first N images of the window; later ones go with their tags
    frames: PositiveInt = 1  # T


# A part for each dataset of the registry, with its defaults: `align.batch` is a key.
_Mixture = create_model(
    "_Mixture",
    __base__=Frozen,
    **{dataset.value: (DatasetConfig, DatasetConfig(**asdict(entry.trainer))) for dataset, entry in DATASETS.items()},
)


class FlamingoConfig(_Mixture):
    recipe: str
    language: str = ""  # a causal decoder of `transformers`, by hub name or path
    vision: str = "lamella-coca"  # of open_clip, or ours
    vision_weights: str = "bundled"  # a hub tag, a path, or `bundled`
    image_px: PositiveInt | None = None  # side of the square; None: what the vision tower was trained on

    # Mixture.
    next_image: float = Field(0.5, ge=0.0, le=1.0)  # [P] A.3.1: p_next, drawn for each sampled sequence
    leading_space: float = Field(0.5, ge=0.0, le=1.0)  # [P] A.3.2: before a pair's caption
    pack_tokens: NonNegativeInt = 0  # length of a packed row; 0: a row holds one sequence
    seed: NonNegativeInt = 0

    # Model. [P] A.1.
    resampler_layers: PositiveInt = 6
    latents: PositiveInt = 64  # R, of an image or a clip
    head_width: PositiveInt = 64
    resampler_heads: PositiveInt = 8
    time_embeddings: PositiveInt = 8  # trained; interpolated for clips of more frames
    cross_every: PositiveInt = 1  # a gated block before every k-th block of the language model: 3B 1, 9B 4, 80B 7
    cross_heads: PositiveInt = 8
    feedforward: PositiveInt = 4  # inner width of gated and resampler blocks, over their width
    attention: Literal["auto", "dense", "segments", "flex"] = "auto"

    # Loop. [P] A.2.2.
    steps: PositiveInt = 500_000
    micro_batches: PositiveInt = 1  # of a dataset in an update: gradient accumulation
    learning_rate: PositiveFloat = 1e-4
    warmup_steps: NonNegativeInt = 5000  # linear, then constant
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    epsilon: PositiveFloat = 1e-8
    weight_decay: NonNegativeFloat = 0.1  # of the gated blocks' matrices; none on the resampler, gains, biases, gates and rows
    max_gradient_norm: PositiveFloat = 1.0

    # How it runs.
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # bf16 on a GPU; trained weights and optimiser stay in fp32
    device: Literal["auto", "cpu", "cuda"] = "auto"
    parallel: Literal["auto", "ddp", "fsdp"] = "auto"  # where torchrun started several processes; auto is ddp
    compile: bool | None = None  # None: on a GPU
    recompute: bool = False  # activation checkpointing of the language model's blocks
    threads: PositiveInt | None = None  # of the CPU's arithmetic
    workers: NonNegativeInt = 2  # processes that read and decode; 0: in the training's own
    batches_ahead: PositiveInt = 2  # of each worker
    window_shards: PositiveInt = 16  # samples are shuffled within so many shards
    verify_shards: bool = True  # compare each shard's SHA-256 when it is opened first
    damaged_shards: Literal["error", "skip"] = "error"
    max_damaged_samples: float = Field(0.01, ge=0.0, le=1.0)  # of those drawn; reliability T6
    cache: str | None = None  # folder for copies of remote shards; None: a temporary one
    checkpoint_every: PositiveInt = 1000  # steps
    checkpoints_kept: PositiveInt = 2
    checkpoint_format: Literal["safetensors", "distributed"] = "safetensors"
    log_every: PositiveInt = 10  # steps
    validate_every: PositiveInt | None = 1000  # steps; None: at the end only
    validation_samples: PositiveInt = 256  # of each dataset
    max_bad_steps: PositiveInt = 20  # in a row whose loss is not finite
    tensorboard: bool = True
    wandb: str | None = None  # a project's name

    def mixture(self) -> dict[Dataset, DatasetConfig]:
        """The datasets that are read, in the order of their names."""
        parts = {dataset: getattr(self, str(dataset)) for dataset in sorted(Dataset)}
        return {dataset: part for dataset, part in parts.items() if part.batch}


class LanguageConfig(Frozen):
    """A small decoder (Llama's architecture) trained from scratch on the text of the shards, with a tokenizer of its own."""

    recipe: str
    datasets: tuple[str, ...] = tuple(map(str, DATASETS))
    vocabulary: PositiveInt = 2048  # pieces, 256 bytes among them
    width: PositiveInt = 128
    layers: PositiveInt = 4
    heads: PositiveInt = 4
    inner: PositiveInt = 384
    max_positions: PositiveInt = 1024
    tokens: PositiveInt = 256  # of a row
    batch: PositiveInt = 6  # rows
    steps: PositiveInt = 300
    learning_rate: PositiveFloat = 4e-3
    warmup_steps: NonNegativeInt = 30  # then a cosine down to a tenth
    weight_decay: NonNegativeFloat = 0.1
    max_gradient_norm: PositiveFloat = 1.0
    seed: NonNegativeInt = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: PositiveInt | None = None
    log_every: PositiveInt = 20
    checkpoint_every: PositiveInt = 200  # steps


# What may differ between a training and its resumption: it changes how fast, how long and how loud, not what is learned.
RUNTIME_KEYS = frozenset(
    {
        *("steps", "device", "parallel", "compile", "recompute", "threads", "workers", "batches_ahead", "verify_shards"),
        *("attention", "max_damaged_samples", "cache", "checkpoint_every", "checkpoints_kept", "checkpoint_format"),
        *("log_every", "validate_every", "validation_samples", "max_bad_steps", "tensorboard", "wandb", "micro_batches"),
    }
)

RECIPES: dict[str, dict[str, Any]] = {
    # The paper's three sizes, in what lies outside of the language model.
    "flamingo-3b": {"vision": "ViT-L-14-336", "vision_weights": "openai", "cross_every": 1},
    "flamingo-9b": {"vision": "ViT-L-14-336", "vision_weights": "openai", "cross_every": 4},
    "flamingo-80b": {"vision": "ViT-L-14-336", "vision_weights": "openai", "cross_every": 7, "parallel": "fsdp"},
    # The sample web on two cores.
    "demo": {
        # Images: as many as a catalogue has. Tokens: fewer than most pages, so that windows begin between its lines too.
        "m3w": DatasetConfig(weight=1.0, batch=12, tokens=160, images=10),
        "align": DatasetConfig(weight=0.2, batch=8, tokens=32),
        "ltip": DatasetConfig(weight=1.0, batch=24, tokens=48),  # so small a model learns to see from captions first
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
        "threads": 2,
        "workers": 0,
        "checkpoint_every": 100,
        "validate_every": None,
        "validation_samples": 64,
    },
}

# The same, for as long as it takes to answer in context: `make flamingo`.
RECIPES["sample"] = RECIPES["demo"] | {"steps": 1200, "checkpoint_every": 200}

LANGUAGE_RECIPES: dict[str, dict[str, Any]] = {
    "demo-lm": {"threads": 2},
    "sample-lm": {"threads": 2, "width": 192, "inner": 512, "batch": 12, "steps": 1500, "learning_rate": 3e-3},
}


def resolve(recipe: str, overrides: dict[str, str]) -> FlamingoConfig:
    """The full config of a recipe of RECIPES; as `trainer.core.config.resolve`."""
    return configs.resolve(FlamingoConfig, RECIPES, recipe, overrides)


def resolve_language(recipe: str, overrides: dict[str, str]) -> LanguageConfig:
    """The full config of a recipe of LANGUAGE_RECIPES; as `trainer.core.config.resolve`."""
    return configs.resolve(LanguageConfig, LANGUAGE_RECIPES, recipe, overrides)
