"""How the small language model under a Flamingo is trained, if you have no other: recipes by name, and every number."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from lamella.schemas.datasets import DATASETS
from lamella.trainer.core import config as configs
from lamella.trainer.core.config import Decay, TrainConfig
from lamella.trainer.core.schedule import Schedule

FINAL_RATE = 0.1  # of the peak, at the end of the cosine (Touvron et al. 2023, "LLaMA", 2.3)


class LanguageConfig(TrainConfig):
    """A small decoder (Llama's architecture) trained from scratch on the text of the shards, with a tokenizer of its own."""

    RUNTIME_KEYS: ClassVar[frozenset[str]] = TrainConfig.RUNTIME_KEYS

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
    warmup_steps: NonNegativeInt = 30  # then a cosine
    betas: tuple[Decay, Decay] = (0.9, 0.95)  # LLaMA, 2.3
    log_every: PositiveInt = 20
    checkpoint_every: PositiveInt = 200  # steps
    checkpoints_kept: PositiveInt = 1

    def schedule(self) -> Schedule:
        return Schedule(peak=self.learning_rate, warmup_steps=self.warmup_steps, steps=self.steps, final=FINAL_RATE)


RECIPES: dict[str, dict[str, Any]] = {
    "demo-lm": {"processes": 2},
    "sample-lm": {"processes": 2, "width": 192, "inner": 512, "batch": 12, "steps": 1500, "learning_rate": 3e-3},
}


def resolve(recipe: str, overrides: Mapping[str, str]) -> LanguageConfig:
    """The full config of a recipe of RECIPES; as `trainer.core.config.resolve`."""
    return configs.resolve(LanguageConfig, RECIPES, recipe, overrides)
