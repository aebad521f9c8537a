"""How a mixture of datasets is read: a part for each dataset, probabilities, workers, and how damage is handled.

[P] is Alayrac et al. 2022, "Flamingo". Numbers without a source are ours.
"""

from dataclasses import asdict
from typing import Any, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, create_model

from lamella.schemas.bounds import Frozen, Share
from lamella.schemas.datasets import DATASETS, Dataset
from lamella.trainer.core.config import TrainConfig


class DatasetConfig(Frozen):
    """One dataset of the mixture. `batch=0` leaves it out."""

    weight: NonNegativeFloat = 1.0  # of its loss
    batch: NonNegativeInt = 0  # samples of an update, over all processes and all accumulated micro-batches
    tokens: PositiveInt = 32  # L of a sampled sequence
    images: PositiveInt = 1  # N: the first N images of the window; later ones go with their tags
    frames: PositiveInt = 1  # T


# A part for each dataset of the registry, with its defaults: `align.batch` is a key.
_PART_FIELDS: dict[str, Any] = {
    dataset.value: (DatasetConfig, DatasetConfig(**asdict(entry.trainer))) for dataset, entry in DATASETS.items()
}
_Parts = create_model(  # pyright: ignore[reportCallIssue]
    "_Parts",
    __base__=TrainConfig,
    **_PART_FIELDS,
)


class MixtureConfig(_Parts):
    """Datasets of a training, and how their batches are made."""

    RUNTIME_KEYS: ClassVar[frozenset[str]] = TrainConfig.RUNTIME_KEYS | {
        *("micro_batches", "workers", "batches_ahead", "verify_shards", "max_damaged_samples", "cache", "validation_samples"),
    }

    next_image: Share = 0.5  # [P] A.3.1: p_next, drawn for each sampled sequence
    leading_space: Share = 0.5  # [P] A.3.2: before a pair's caption
    pack_tokens: NonNegativeInt = 0  # length of a packed row; 0: a row holds one sequence
    micro_batches: PositiveInt = 1  # of a dataset in an update: gradient accumulation

    workers: NonNegativeInt = 2  # processes that read and decode; 0: in the training's own
    batches_ahead: PositiveInt = 2  # of each worker
    window_shards: PositiveInt = 16  # samples are shuffled within so many shards
    verify_shards: bool = True  # compare each shard's SHA-256 when it is opened first
    damaged_shards: Literal["error", "skip"] = "error"
    max_damaged_samples: float = Field(0.01, ge=0.0, le=1.0)  # of those drawn; reliability T6
    cache: str | None = None  # folder for copies of remote shards; None: a temporary one
    validation_samples: PositiveInt = 256  # of each dataset

    def mixture(self) -> dict[Dataset, DatasetConfig]:
        """The datasets that are read, in the order of their names."""
        parts = {dataset: self.part(dataset) for dataset in sorted(Dataset)}
        return {dataset: part for dataset, part in parts.items() if part.batch}

    def part(self, dataset: Dataset) -> DatasetConfig:
        return getattr(self, dataset.value)
