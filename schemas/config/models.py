"""Settings of a model: its name, weights, device and precision."""

from typing import Literal

from pydantic import PositiveInt, model_validator

from lamella.schemas.bounds import Frozen

BUNDLED, BUNDLED_NAME = "bundled", "lamella-coca"


class ModelConfig(Frozen):
    """A model by name and weights, as open_clip has them: a hub tag, a path, or `bundled`."""

    name: str = BUNDLED_NAME
    weights: str = "bundled"
    precision: Literal["fp32", "bf16", "auto"] = "fp32"  # auto: bf16 where the processor, or the GPU, is fast at it
    device: Literal["auto", "cpu", "cuda"] = "auto"
    batch: PositiveInt = 64  # always so many at once, the last ones filled up: an answer never depends on its neighbours
    threads: PositiveInt | None = 1  # on a CPU; None: all cores

    @model_validator(mode="after")
    def _bundled_is_one_model(self) -> "ModelConfig":
        if self.weights == BUNDLED and self.name != BUNDLED_NAME:
            raise ValueError(f"only {BUNDLED_NAME} is bundled; {self.name} needs weights: a hub tag or a path")
        return self

    @property
    def bundled(self) -> bool:
        """Whether it is a model of the project's own, which knows the sample web and nothing else."""
        return self.weights == BUNDLED
