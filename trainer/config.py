"""How a training runs: a recipe's name and `key=value` overrides in, one frozen model with every number out."""

import difflib
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError

MIB = 1 << 20


class TrainingError(ValueError):
    """A training that cannot start or go on: one line that names the key, the file or the number."""

    wrong_configuration = True  # the command line's exit code 2


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ContrastiveConfig(Frozen):
    """CLIP and CoCa training on image-text pairs. A loss whose weight is 0 is not computed."""

    recipe: str
    model: str = "lamella-coca"  # as `weights.load` takes it: ours, a config's path, or a model of open_clip
    init_from: str | None = None  # weights to start from: a trainer's output, `bundled`, a hub tag; None: from scratch
    tokenizer: str = "train"  # of our own models: "train" on these captions, or a path; open_clip's bring theirs
    max_vocabulary: PositiveInt = 1024
    datasets: tuple[str, ...] = ("align", "ltip")
    sources: tuple[str, ...] | None = None  # of the captions, as the pipeline names them; None: all
    seed: NonNegativeInt = 0

    steps: PositiveInt = 10_000
    batch: PositiveInt = 64
    learning_rate: PositiveFloat = 1e-3
    warmup_steps: NonNegativeInt = 200
    final_learning_rate: NonNegativeFloat = 0.0  # of `learning_rate`, at the end of the cosine
    betas: tuple[float, float] = (0.9, 0.98)  # CLIP
    epsilon: PositiveFloat = 1e-6  # CLIP
    weight_decay: NonNegativeFloat = 0.2  # CLIP; none on gains, biases, embeddings and temperatures
    max_gradient_norm: PositiveFloat = 1.0
    max_logit_scale: PositiveFloat = 100.0  # CLIP
    max_shift: NonNegativeInt = 0  # px: pictures are moved by up to this, by hash

    contrastive_weight: NonNegativeFloat = 1.0  # CoCa
    caption_weight: NonNegativeFloat = 2.0  # CoCa
    match_weight: NonNegativeFloat = 0.0
    match_scale: PositiveFloat = 10.0  # where sigmoid(scale * cosine + bias) starts; SigLIP
    match_bias: float = -5.0
    match_rate_scale: PositiveFloat = 20.0  # their learning rate, over that of the weights

    precision: Literal["auto", "fp32", "bf16"] = "auto"  # bf16 on a GPU; weights and optimiser stay in fp32
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compile: bool | None = None  # None: on a GPU
    threads: PositiveInt | None = None  # of the CPU's arithmetic
    decoders: PositiveInt = 2  # threads that decode pictures
    batches_ahead: PositiveInt = 4
    shards_in_memory: PositiveInt = 16  # samples are shuffled within so many shards
    cache_bytes: NonNegativeInt = 2048 * MIB  # decoded pictures are kept where all of them fit

    checkpoint_every: PositiveInt = 1000  # steps
    checkpoints_kept: PositiveInt = 2
    log_every: PositiveInt = 50  # steps
    max_bad_samples: float = Field(0.01, ge=0.0, le=1.0)  # of those read; reliability T6
    max_bad_steps: PositiveInt = 20  # in a row whose loss is not finite: then it is no accident


# What may differ between a training and its resumption: it changes how fast, how long and how loud, not what is learned.
RUNTIME_KEYS = frozenset(
    {
        *("device", "compile", "threads", "decoders", "batches_ahead", "cache_bytes"),
        *("checkpoint_every", "checkpoints_kept", "log_every", "max_bad_samples", "max_bad_steps"),
    }
)

_DEMO = {"threads": 2, "max_shift": 4, "weight_decay": 0.05, "warmup_steps": 50, "checkpoint_every": 200}

RECIPES: dict[str, dict[str, Any]] = {
    # Noisy and clean pairs together: what the web gives, right or wrong (BLIP, 3.3, step 1).
    "demo-scorer": _DEMO | {"datasets": ("align", "ltip", "vtp"), "steps": 800, "warmup_steps": 100, "learning_rate": 1.5e-3},
    # Two separate copies on clean pairs, which in the sample web are those with a caption of their own, not an alt: shared
    # weights would let the filter pass what the captioner invents (BLIP, 4.4).
    "demo-captioner": _DEMO
    | {"datasets": ("ltip",), "sources": ("figcaption",), "steps": 1000, "learning_rate": 1e-3}
    | {"contrastive_weight": 0.0, "caption_weight": 1.0},
    "demo-matcher": _DEMO
    | {"datasets": ("ltip", "vtp"), "sources": ("figcaption", "caption"), "steps": 400, "learning_rate": 5e-4}
    | {"caption_weight": 0.0, "match_weight": 1.0},
    # open_clip's models from scratch, with CLIP's and CoCa's published numbers for one GPU's share of the batch.
    "clip-b32": {
        "model": "ViT-B-32",
        "steps": 100_000,
        "batch": 1024,
        "learning_rate": 5e-4,
        "warmup_steps": 2000,
        "caption_weight": 0.0,
        "decoders": 12,
    },
    "coca-b32": {
        "model": "coca_ViT-B-32",
        "steps": 100_000,
        "batch": 512,
        "learning_rate": 5e-4,
        "warmup_steps": 2000,
        "decoders": 12,
    },
}

C = TypeVar("C", bound=Frozen)


def resolve(recipe: str, overrides: dict[str, str]) -> ContrastiveConfig:
    """The full config of a recipe with overrides as a command line has them: "none" is None, tuples are comma-separated.

    Raises:
        TrainingError: no such recipe or key, or a value that the key does not take.
    """
    if recipe not in RECIPES:
        raise TrainingError(f"no recipe {recipe!r}{_nearest(recipe, RECIPES)}; there are {', '.join(sorted(RECIPES))}")
    return override(ContrastiveConfig, {"recipe": recipe} | RECIPES[recipe], overrides)


def override(model: type[C], values: dict[str, Any], overrides: dict[str, str]) -> C:
    fields = model.model_fields
    for key, text in overrides.items():
        if key not in fields or key == "recipe":
            raise TrainingError(f"no key {key!r}{_nearest(key, fields)}")
        if text.lower() in ("none", "null"):
            values = values | {key: None}
        elif "tuple" in str(fields[key].annotation):
            values = values | {key: tuple(part.strip() for part in text.split(",") if part.strip())}
        else:
            values = values | {key: text}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise TrainingError(f"{key}={first['input']!r}: {first['msg']}") from error


def _nearest(word: str, words) -> str:
    close = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
