"""A step's number -> the packed batches of every dataset's micro-batches. It runs in a worker and keeps no state.

A damaged sample is replaced by another, chosen by the hash of its slot, and is named: the order of all others stays.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.errors import TrainingError
from lamella.schemas.sample import BadSample, InterleavedSample
from lamella.schemas.shards import BadShard
from lamella.trainer.core.order import Order, SampleRef, Window, part
from lamella.trainer.loading.batch import Batch
from lamella.trainer.loading.config import DatasetConfig, MixtureConfig
from lamella.trainer.loading.packing import DOCUMENT, LOSS, PHI, POSITION, TEXT, fill_rows, pack, packed_length
from lamella.trainer.loading.pictures import draw
from lamella.trainer.loading.sample_reader import Shards, Stored
from lamella.trainer.loading.sequences import Chances, cut_of, document_sequence, pair_sequence, pair_text
from lamella.trainer.loading.sequences import Sequence as Sampled
from lamella.trainer.loading.shard_reader import Shard
from lamella.trainer.loading.tokenizer import Vocabulary

_ATTEMPTS = 64  # at a replacement


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One dataset's part of the mixture; `seed` None reads it in order."""

    dataset: Dataset
    part: DatasetConfig
    shards: tuple[Shard, ...]
    seed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a worker has to know."""

    streams: tuple[Stream, ...]
    vocabulary: Vocabulary
    image_px: int
    rank: int
    world: int
    cache: str
    config: MixtureConfig

    def with_streams(self, streams: tuple[Stream, ...]) -> "Plan":
        return replace(self, streams=streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What ends a training, told in one line; it crosses from worker to training as a value."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedBatch:
    """A Batch on its way: one shared tensor for the images, and one small array for the rows, which needs no descriptor."""

    dataset: Dataset
    values: np.ndarray  # int32 [5, B, L]
    image_counts: np.ndarray
    images: torch.Tensor
    frame_counts: np.ndarray  # int64 [M]
    keys: tuple[str, ...]
    damaged: tuple[str, ...]

    def open(self) -> Batch:
        planes = torch.from_numpy(self.values).long()  # [5, B, L]
        return Batch(
            dataset=self.dataset,
            text=planes[TEXT],
            phi=planes[PHI],
            loss_mask=planes[LOSS].bool(),
            document=planes[DOCUMENT],
            position=planes[POSITION],
            images=self.images,
            image_counts=torch.from_numpy(self.image_counts),
            frame_counts=torch.from_numpy(self.frame_counts),
            keys=self.keys,
            damaged=self.damaged,
        )

    def pin_memory(self) -> Batch:
        return self.open().pin_memory()


Made = tuple[dict[Dataset, PackedBatch], ...] | tuple[dict[Dataset, Batch], ...] | Failure  # a Batch where it is pinned already


class BatchBuilder:
    """A map from step numbers to micro-batches; `close` it to close its shards."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._samplers = {stream.dataset: Sampler(stream, plan) for stream in plan.streams}

    def __getitem__(self, step: int) -> Made:
        config = self._plan.config
        try:
            return tuple(self._micro(step, number) for number in range(config.micro_batches))
        except (BadShard, TrainingError, OSError) as error:
            return Failure(line=_line(error))

    def batch(self, dataset: Dataset, slots: range) -> PackedBatch | Failure:
        try:
            return self._samplers[dataset].packed_batch(slots)
        except (BadShard, TrainingError, OSError) as error:
            return Failure(line=_line(error))

    def close(self) -> None:
        for sampler in self._samplers.values():
            sampler.shards.close()

    def _micro(self, step: int, number: int) -> dict[Dataset, PackedBatch]:
        plan, of = self._plan, self._plan.config.micro_batches
        slots = {s.dataset: part(step, s.part.batch, plan.world * of, plan.rank * of + number) for s in plan.streams}
        return {dataset: self._samplers[dataset].packed_batch(slots[dataset]) for dataset in slots}


class Sampler:
    """One dataset: slots in, packed batches out."""

    def __init__(self, stream: Stream, plan: Plan):
        config = plan.config
        self._stream, self._plan = stream, plan
        infos = [shard.info for shard in stream.shards]
        window = config.window_shards
        self._order = Order([info.name for info in infos], [info.samples for info in infos], stream.seed, window)
        self.shards = Shards(
            stream.shards, window, Path(plan.cache), verify=config.verify_shards, keep=config.cache is not None
        )
        self._chances = Chances(seed=config.seed, next_image=config.next_image, leading_space=config.leading_space)
        self._window: Window | None = None

    def packed_batch(self, slots: range) -> PackedBatch:
        part, px = self._stream.part, self._plan.image_px
        room = np.empty((len(slots) * part.images, part.frames, px, px, 3), dtype=np.uint8)  # touched where it is used
        frames = np.ones(len(room), dtype=np.int64)
        sequences: list[Sampled] = []
        keys, damaged, at = [], [], 0
        for slot in slots:
            key, sequence, faults = self._sample(slot, room[at:], frames[at:])
            sequences.append(sequence)
            keys.append(key)
            damaged += faults
            at += len(sequence.images)
        length, rows = part.tokens, [[n] for n in range(len(sequences))]
        if longest := self._plan.config.pack_tokens:
            lengths = [len(sequence.tokens) for sequence in sequences]
            rows = pack(lengths, longest)
            length = packed_length(lengths, rows, longest)
        filled = fill_rows(sequences, rows, length, self._plan.vocabulary.pad)
        places = _in_order([len(sequence.images) for sequence in sequences], filled.order)
        return PackedBatch(
            dataset=self._stream.dataset,
            values=filled.values,
            image_counts=filled.image_counts,
            images=torch.from_numpy(room[:at] if places is None else room[places]),
            frame_counts=frames[:at] if places is None else frames[places],
            keys=tuple(keys),
            damaged=tuple(damaged),
        )

    def _sample(self, slot: int, room: np.ndarray, frames: np.ndarray) -> tuple[str, Sampled, list[str]]:
        """Key and sequence of the sample at a slot, its images and frames in place, and the faults of those it replaces."""
        faults: list[str] = []
        self._look_ahead(slot)
        for attempt in range(_ATTEMPTS):
            place = self._order.instead(slot, attempt) if attempt else self._order.place(slot)
            stored = self.shards.sample(place.shard, place.index)
            try:
                return *self._sampled(stored, slot, room, frames), faults
            except BadSample as error:
                faults.append(f"{self._name(place)}: {_line(error)}")
        raise TrainingError(f"{faults[0]}; and {_ATTEMPTS - 1} samples that could stand for it are damaged too")

    def _sampled(self, stored: Stored, slot: int, room: np.ndarray, frames: np.ndarray) -> tuple[str, Sampled]:
        part, vocabulary, parts = self._stream.part, self._plan.vocabulary, (self._stream.dataset, slot)
        header = _header(stored)
        if DATASETS[self._stream.dataset].sample is InterleavedSample:
            sequence = document_sequence(header, vocabulary, cut_of(part.tokens, part.images, self._chances, parts))
            jpegs = [[jpeg] for jpeg in _document_images(header, stored, sequence.images)]
        else:
            text = pair_text(_text(header), self._chances, parts)
            sequence = pair_sequence(text, vocabulary, part.tokens)
            jpegs = [[stored.member(number) for number in range(1, len(stored.members))]] if sequence.images else []
        real = _distinct_frames(header)
        for number, (image, pictures) in enumerate(zip(room, jpegs, strict=False)):
            frames[number] = _draw_frames(pictures[:real], image)
        return header["key"], sequence

    def _look_ahead(self, slot: int) -> None:
        if (window := self._order.window(slot)) != self._window:
            self._window = window
            self.shards.fetch_ahead((*window.shards, *self._order.next_window(window).shards))

    def _name(self, place: SampleRef) -> str:
        return f"{self._stream.shards[place.shard].info.name}, sample {place.index}"


def _header(stored: Stored) -> dict:
    try:
        header = json.loads(stored.member(0))
    except (ValueError, RecursionError) as error:
        raise BadSample(f"json: {error}") from error
    if not isinstance(header, dict) or not isinstance(header.get("key"), str):
        raise BadSample("json: no key")
    return header


def _text(header: dict) -> str:
    if not isinstance(text := header.get("text"), str):
        raise BadSample("json: the text is no string")
    return text


def _document_images(header: dict, stored: Stored, wanted: Sequence[int]) -> list[bytes]:
    try:
        ranges = [(header["images"][number]["offset"], header["images"][number]["length"]) for number in wanted]
    except (KeyError, TypeError) as error:
        raise BadSample(f"json: {type(error).__name__}: {error}") from error
    if not all(type(number) is int and number >= 0 for place in ranges for number in place):
        raise BadSample("json: an image's place is no number")
    return [stored.part(1, offset, length) for offset, length in ranges]


def _distinct_frames(header: dict) -> int | None:
    """How many of a clip's frames are real, as its shard says; None where it does not say."""
    facts = header.get("facts")
    distinct = facts.get("distinct_frames") if isinstance(facts, dict) else None
    if distinct is not None and (type(distinct) is not int or distinct < 1):
        raise BadSample(f"json: distinct_frames={distinct!r}")
    return distinct


def _draw_frames(jpegs: list[bytes], out: np.ndarray) -> int:
    """Fills [T, S, S, 3] with T frames of a long clip, evenly chosen, or all of a short one; how many are real."""
    real = min(len(jpegs), len(out))
    for frame in range(real):
        draw(jpegs[frame * len(jpegs) // real], out[frame])
    out[real:] = out[real - 1]
    return real


def _in_order(counts: list[int], order: tuple[int, ...]) -> np.ndarray | None:
    """The places of the images of sequence order[0], then of order[1] ...; None where they stand so already."""
    if order == tuple(range(len(counts))):
        return None
    ends = np.cumsum(counts)
    return np.concatenate([np.arange(ends[n] - counts[n], ends[n]) for n in order]).astype(np.int64)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
