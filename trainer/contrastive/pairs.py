"""Shards -> pairs: checked against the manifest, chosen by source, decoded to squares."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.errors import TrainingError
from lamella.schemas.rejection import Unit
from lamella.schemas.sample import BadSample, ClipSample, Members, PairSample
from lamella.schemas.shards import MANIFEST, BadShard
from lamella.trainer.contrastive.config import ContrastiveConfig
from lamella.trainer.loading.pictures import MAX_PIXELS, MAX_SCANS
from lamella.trainer.loading.shard_reader import Shard, find_shards, read_checked
from lamella.weights.pixels import square

# Of a clip, the middle frame stands for it.
PAIR_DATASETS = tuple(dataset for dataset, entry in DATASETS.items() if entry.unit is Unit.PAIR)


class Pair(NamedTuple):
    """A sample as a training takes it."""

    pixels: np.ndarray  # uint8 [S, S, 3]
    text: str
    key: str
    false: tuple[str, ...] = ()  # texts that are known to be wrong, where a sample brings them (`runners.hard_pairs`)


def find_pairs(folder: str, datasets: Sequence[str], split: str) -> list[Shard]:
    """As `find_shards`, of datasets that hold pairs."""
    known = set(map(str, PAIR_DATASETS))
    if unknown := sorted(set(datasets) - known):
        raise TrainingError(f"datasets={','.join(unknown)}: pairs are in {', '.join(sorted(known))}")
    return find_shards(folder, datasets, split)


def read_samples(shard: Shard) -> list[PairSample | None]:
    """All samples of a shard as pairs, None where one is damaged. Raises BadShard where the file is not the manifest's."""
    samples = [_as_pair(shard.dataset, members) for _, members in read_checked(shard)]
    if len(samples) != shard.info.samples:
        raise BadShard(f"{shard.folder}/{shard.info.name}: {len(samples)} samples, and {MANIFEST} lists {shard.info.samples}")
    return samples


def is_wanted(sample: PairSample | None, config: ContrastiveConfig) -> bool:
    """Whether the recipe reads captions of this source; a damaged sample is for `decode_pair` to tell."""
    return sample is None or config.sources is None or sample.facts.get("source") in config.sources


def decode_pair(sample: PairSample | None, size: int) -> Pair | None:
    """A sample with pixels [size, size, 3]; None where it is damaged."""
    if sample is None:
        return None
    try:
        with Image.open(io.BytesIO(sample.image), formats=("JPEG",)) as image:
            if image.width * image.height > MAX_PIXELS or sample.image.count(b"\xff\xda") > MAX_SCANS:
                return None
            image.draft("RGB", (size, size))
            false = sample.facts.get("false", ())
            return Pair(square(image, size), sample.text, sample.key, tuple(map(str, false)))
    except Exception:  # whatever a decoder raises on foreign bytes is the sample's fault
        return None


def _as_pair(dataset: Dataset, members: Members) -> PairSample | None:
    try:
        sample = DATASETS[dataset].sample.decode(members)
    except (BadSample, TypeError, KeyError):
        return None
    if isinstance(sample, ClipSample):
        if not sample.frames:
            return None
        frame = sample.frames[len(sample.frames) // 2]
        return PairSample(key=sample.key, url=sample.url, text=sample.text, image=frame, facts=sample.facts)
    return sample
