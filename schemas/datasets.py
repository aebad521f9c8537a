"""The registry of datasets: one entry says everything that differs between them; shards, card, jobs and trainer read it.

An entry names its records by their table and its pairs' rules by the dataset: `transforms.pair.rules` has a rulebook for each
dataset of pairs, and a test compares the two. Schemas import no transform, so the rules cannot be here.
"""

from dataclasses import dataclass
from enum import StrEnum

from lamella.schemas.rejection import Unit
from lamella.schemas.sample import ClipSample, InterleavedSample, PairSample


class Dataset(StrEnum):
    """The four training sets of Flamingo, as ours."""

    M3W = "m3w"
    ALIGN = "align"
    LTIP = "ltip"
    VTP = "vtp"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerDefaults:
    """How a training reads a dataset. Weights and batches: Alayrac et al. 2022, A.2.2 and Table 10; lengths: A.3."""

    weight: float  # of its loss
    batch: int  # samples of an update
    tokens: int  # L: of a sampled sequence
    images: int = 1  # N: of a sequence
    frames: int = 1  # T: 1 for an image, more for a clip


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry:
    """What a dataset is."""

    sample: type  # its samples' codec, of `schemas.sample`
    unit: Unit  # what its records count as
    table: str  # where its records lie; of a table of pairs, those that name the dataset
    says: str  # what a sample is, for the card and for people
    trainer: TrainerDefaults
    sidecar: bool = True  # whether a Parquet file with a row for each sample lies beside each tar
    parquet: bool = False  # whether its records lie in a folder of their own as Parquet, too, with OBELICS' columns


DATASETS: dict[Dataset, DatasetEntry] = {
    Dataset.M3W: DatasetEntry(
        sample=InterleavedSample,
        unit=Unit.DOCUMENT,
        table="interleaved",
        says="interleaved documents: text and images in reading order, with phi, the image that each text may attend to",
        trainer=TrainerDefaults(weight=1.0, batch=256, tokens=256, images=5),
        sidecar=False,
        parquet=True,
    ),
    Dataset.ALIGN: DatasetEntry(
        sample=PairSample,
        unit=Unit.PAIR,
        table="pairs/images",
        says="images with their alt texts and with synthetic ones, each a sample of its own",
        trainer=TrainerDefaults(weight=0.2, batch=512, tokens=32),
    ),
    Dataset.LTIP: DatasetEntry(
        sample=PairSample,
        unit=Unit.PAIR,
        table="pairs/images",
        says="images with longer captions from their pages",
        trainer=TrainerDefaults(weight=0.2, batch=512, tokens=64),
    ),
    Dataset.VTP: DatasetEntry(
        sample=ClipSample,
        unit=Unit.PAIR,
        table="pairs/videos",
        says="video clips, 8 frames each, with their texts",
        trainer=TrainerDefaults(weight=0.03, batch=64, tokens=32, frames=8),
    ),
}

PARQUET = "-parquet"  # suffix of the folder of a dataset's Parquet files


def folders_of(dataset: Dataset) -> tuple[str, ...]:
    """The folders that the shards of a dataset fill, beside each other: of tars, and of Parquet files where it has them."""
    return (dataset, dataset + PARQUET) if DATASETS[dataset].parquet else (dataset,)
