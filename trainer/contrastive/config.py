"""A recipe's name and overrides -> one frozen model with every number of a contrastive training."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from lamella.schemas.bounds import Share
from lamella.trainer.core import config as configs
from lamella.trainer.core.config import MIB, Decay, TrainConfig
from lamella.trainer.core.schedule import Schedule


class ContrastiveConfig(TrainConfig):
    """CLIP and CoCa training on image-text pairs. A loss whose weight is 0 is not computed."""

    RUNTIME_KEYS: ClassVar[frozenset[str]] = TrainConfig.RUNTIME_KEYS | {
        *("decoders", "batches_ahead", "cache_bytes", "max_bad_samples"),
    }

    model: str = "lamella-coca"  # as `weights.load` takes it: ours, a config's path, or a model of open_clip
    init_from: str | None = None  # weights to start from: a trainer's output, `bundled`, a hub tag; None: from scratch
    init_role: Literal["scorer", "captioner", "matcher"] | None = None  # of several in one place; None: by the losses
    tokenizer: str = "train"  # of our own models: "train" on these captions, or a path; open_clip's bring theirs
    max_vocabulary: PositiveInt = 1024
    image_size: PositiveInt | None = None  # px, of our own models' pictures: their positions are interpolated; None: as it was
    datasets: tuple[str, ...] = ("align", "ltip")
    sources: tuple[str, ...] | None = None  # of the texts, as the pipeline names them, `synthetic` too; None: all

    batch: PositiveInt = 64
    final_learning_rate: NonNegativeFloat = 0.0  # of `learning_rate`, at the end of the cosine
    betas: tuple[Decay, Decay] = (0.9, 0.98)  # CLIP
    epsilon: PositiveFloat = 1e-6  # CLIP
    weight_decay: NonNegativeFloat = 0.2  # CLIP; none on gains, biases, embeddings and temperatures
    max_logit_scale: PositiveFloat = 100.0  # CLIP
    max_shift: NonNegativeInt = 0  # px: pictures are moved by up to this, by hash
    position_rate_scale: PositiveFloat = 1.0  # learning rate of a picture's positions, over that of the weights
    freeze_stem: bool = False  # of our own model: the convolutions stay as they are, and a step costs half as much

    contrastive_weight: NonNegativeFloat = 1.0  # CoCa
    caption_weight: NonNegativeFloat = 2.0  # CoCa
    match_weight: NonNegativeFloat = 0.0
    words_weight: NonNegativeFloat = 0.0
    words: tuple[str, ...] | None = None  # those that are looked for; None: the whole vocabulary
    match_scale: PositiveFloat = 10.0  # where sigmoid(scale * cosine + bias) starts; SigLIP
    match_bias: float = -5.0
    match_rate_scale: PositiveFloat = 20.0  # their learning rate, over that of the weights

    itm_weight: NonNegativeFloat = 0.0  # a verdict on fused features (ALBEF, 3.2; BLIP, 3.2), on hard wrong pairs
    near_misses: NonNegativeInt = 0  # wrong captions made of each caption, for that verdict
    false_texts: NonNegativeInt = 0  # wrong captions that samples bring (`runners.hard_pairs`), for that verdict
    likely_misses: NonNegativeInt = 0  # of the same kind, each with a word that the decoder itself is tempted to say
    queue: NonNegativeInt = 0  # pairs of the momentum encoder that contrast and hard negatives also draw from; ALBEF 65,536
    momentum: Decay = 0.995  # of the slow encoder (ALBEF)
    distillation: Share = 0.0  # weight of the slow encoder's view in the contrast's targets; ALBEF and BLIP 0.4
    distillation_warmup_steps: NonNegativeInt = 1000  # on which that weight rises from 0 (ALBEF: an epoch)

    decoders: PositiveInt = 2  # threads that decode pictures
    batches_ahead: PositiveInt = 4
    shards_in_memory: PositiveInt = 16  # samples are shuffled within so many shards
    cache_bytes: NonNegativeInt = 2048 * MIB  # decoded pictures are kept where all of them fit

    max_bad_samples: float = Field(0.01, ge=0.0, le=1.0)  # of those read; reliability T6

    def schedule(self) -> Schedule:
        final = self.final_learning_rate
        return Schedule(peak=self.learning_rate, warmup_steps=self.warmup_steps, steps=self.steps, final=final)


# What the eyes learn first. A text also says colours, numbers and grounds; looked for all at once, colour, which any
# pixel tells, wins, and the shapes are not learned. Both forms, for they are two pieces of the vocabulary.
_SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "diamond", "ring")
_SHAPES += ("circles", "squares", "triangles", "stars", "hearts", "crosses", "diamonds", "rings")
_LOOKS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white", "grey")
_LOOKS += ("striped", "stripes", "dotted", "dots", "checkered", "checks", "shaded", "fades", "bars")
_LOOKS += ("two", "three", "four", "five", "Two", "Three", "Four", "above", "below", "left", "right")

_CLEAN = ("figcaption", "caption", "description")  # of the sample web's texts, those that are always true

_DEMO = {"threads": 2, "max_shift": 4, "weight_decay": 0.05, "warmup_steps": 50, "checkpoint_every": 200}
_EYES = {"datasets": ("ltip", "vtp"), "sources": _CLEAN, "batch": 32, "learning_rate": 3e-3}
_EYES |= {"contrastive_weight": 0.0, "caption_weight": 0.0, "words_weight": 1.0}

_HARDER = {"datasets": ("ltip",), "batch": 32, "learning_rate": 2.5e-4, "cache_bytes": 0, "image_size": 144, "max_shift": 6}
_HARDER |= {"contrastive_weight": 0.1, "caption_weight": 1.0, "itm_weight": 1.0}

_ROUND = {"datasets": ("align", "ltip"), "steps": 100, "batch": 32, "learning_rate": 1e-4, "final_learning_rate": 0.1}

RECIPES: dict[str, dict[str, Any]] = {
    # The stem alone, on clean pairs: the names of shapes, then with them all that a picture shows (Joulin et al. 2016).
    "demo-shapes": _DEMO | _EYES | {"steps": 500, "words": _SHAPES},
    "demo-eyes": _DEMO | _EYES | {"steps": 400, "words": _SHAPES + _LOOKS},
    # From those eyes. Noisy and clean pairs together: what the web gives, right or wrong (BLIP, 3.3, step 1).
    "demo-scorer": _DEMO | {"datasets": ("align", "ltip", "vtp"), "steps": 320, "learning_rate": 1e-3},
    # Where things stand: positions are faint beside what the stem says of a patch, until they are learned faster than the rest.
    "demo-places": _DEMO
    | {"datasets": ("ltip",), "sources": ("alt",), "steps": 1500, "batch": 32, "learning_rate": 1e-3}
    | {"freeze_stem": True, "position_rate_scale": 10.0, "final_learning_rate": 0.1, "cache_bytes": 0}
    | {"contrastive_weight": 0.0, "caption_weight": 1.0},
    # Two separate copies on clean pairs: shared weights would let the filter pass what the captioner invents (BLIP, 4.4).
    "demo-captioner": _DEMO
    | {"datasets": ("ltip",), "sources": ("alt",), "steps": 600, "batch": 32, "learning_rate": 5e-4}
    | {"freeze_stem": True, "position_rate_scale": 10.0, "cache_bytes": 0}
    | {"contrastive_weight": 0.0, "caption_weight": 1.0},
    # ALBEF's three: contrast over a queue with soft targets, and a verdict on fused features of hard pairs and near misses.
    # Beside them captions of every kind of text: a verdict asks what the picture says for each word (`weights.coca.EVIDENCE`).
    "demo-itm": _DEMO
    | {"datasets": ("ltip",), "steps": 120, "batch": 32, "learning_rate": 5e-4, "final_learning_rate": 0.1}
    | {"freeze_stem": True, "cache_bytes": 0, "caption_weight": 1.0, "contrastive_weight": 0.2, "itm_weight": 1.0}
    | {"near_misses": 4, "queue": 512, "distillation": 0.4, "distillation_warmup_steps": 100},
    # Then eyes of its own, for what a captioner sees wrong a matcher with the same eyes believes: the stem learns too, on the
    # words that the decoder is tempted to say.
    "demo-matcher": _DEMO
    | {"datasets": ("ltip",), "steps": 160, "batch": 32, "learning_rate": 4e-4, "final_learning_rate": 0.1, "cache_bytes": 0}
    | {"caption_weight": 1.0, "contrastive_weight": 0.2, "itm_weight": 1.0, "near_misses": 1, "likely_misses": 2},
    # Then better eyes than the captioner's: larger pictures, on captions alone, which say of each word whether it is seen.
    "demo-large": _DEMO
    | {"datasets": ("ltip",), "steps": 200, "batch": 32, "learning_rate": 1e-3, "final_learning_rate": 0.5, "cache_bytes": 0}
    | {"image_size": 144, "max_shift": 6, "contrastive_weight": 0.0, "caption_weight": 1.0},
    # Then the verdict: on pictures that the captioner doubts, with what it says of them that is false.
    "demo-hard": _DEMO
    | {"datasets": ("ltip",), "steps": 300, "batch": 32, "learning_rate": 6e-4, "final_learning_rate": 0.05, "cache_bytes": 0}
    | {"image_size": 144, "max_shift": 6, "contrastive_weight": 0.1, "caption_weight": 1.0, "itm_weight": 1.0}
    | {"near_misses": 1, "false_texts": 2},
    # Gently on, down to no rate at all: on twice as many other hard pairs, then with more near misses, so that each kind comes
    # often. What had passed says a wrong ground behind four large things, which hide it: no captioner has doubts of it.
    "demo-harder": _DEMO | _HARDER | {"steps": 180, "warmup_steps": 15, "seed": 3, "near_misses": 1, "false_texts": 2},
    "demo-grounds": _DEMO | _HARDER | {"steps": 130, "warmup_steps": 10, "seed": 4, "near_misses": 3, "false_texts": 1},
    # Then on the pictures that still passed: all charts and all scenes of four things, and grounds that a captioner doubts.
    "demo-crowds": _DEMO
    | _HARDER
    | {"steps": 250, "warmup_steps": 20, "seed": 5, "learning_rate": 3e-4, "near_misses": 1, "false_texts": 2},
    # A round of `lamella bootstrap`: captioner and matcher go on, gently, with what the round before kept; and the fixed small
    # model by whose loss the rounds are compared. ALIGN's and LTIP's texts, the web's and the synthetic ones.
    "round-captioner": _DEMO | _ROUND | {"contrastive_weight": 0.0, "caption_weight": 1.0},
    "round-matcher": _DEMO
    | _ROUND
    | {"caption_weight": 1.0, "contrastive_weight": 0.2, "itm_weight": 1.0, "near_misses": 1, "likely_misses": 2},
    "round-probe": _DEMO | _ROUND | {"contrastive_weight": 0.0, "caption_weight": 1.0, "learning_rate": 5e-4},
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


def resolve(recipe: str, overrides: Mapping[str, str]) -> ContrastiveConfig:
    """The full config of a recipe of RECIPES; as `trainer.core.config.resolve`."""
    return configs.resolve(ContrastiveConfig, RECIPES, recipe, overrides)
