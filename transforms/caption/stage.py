"""CaptionPictures: pairs -> synthetic ones, one a picture. MatchPairs: pairs -> the same with the probability that text and
picture match. KeepTexts: those -> the pairs whose text matches, and why the others leave (CapFilt)."""

from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.account import CounterKind, units_of
from lamella.schemas.config import CaptionConfig, ModelConfig
from lamella.schemas.pair import ImageTextPair, VideoTextPair, is_synthetic
from lamella.schemas.rejection import Stage
from lamella.transforms.base.memory import Memory, Request
from lamella.transforms.base.remembered import JoinAnswers, Recalled, Remembered
from lamella.transforms.base.step import Outcome, Step
from lamella.transforms.caption.captions import (
    Captioned,
    Captions,
    caption_key,
    first,
    picture_key,
    picture_of,
    speaks_for,
    synthetic_pair,
    tell,
)
from lamella.transforms.caption.judge import beside_others, judge_text
from lamella.transforms.caption.matches import Matched, Matches, match_keys, shown_of, with_match
from lamella.transforms.media.store import MediaStore
from lamella.weights.precision import pick_precision

PairType = ImageTextPair | VideoTextPair


class Model(NamedTuple):
    """What a captioner or a matcher needs beside its configuration."""

    identity: str  # what its answers are remembered under
    memory: Memory
    buckets: int


class CaptionPictures(beam.PTransform):
    """PCollection of pairs -> Recalled of synthetic pairs, one for each picture. They are judged with the others.

    Args:
        config: the captioner, and how it searches for words.
        store: where media lie, and how they are read.
        captioner: where answers are kept, and under what.
    """

    def __init__(self, config: CaptionConfig, store: MediaStore, captioner: Model):
        super().__init__()
        self._config, self._store, self._captioner = _decided(config), store, captioner

    def expand(self, pairs: beam.PCollection[PairType]):
        identity, memory, buckets = self._captioner
        pictures = (
            pairs
            | "SpeaksFor" >> beam.FlatMap(speaks_for, self._config).with_output_types(tuple[str, PairType])
            | "First" >> beam.CombinePerKey(first)
            | "Picture" >> beam.MapTuple(_second).with_output_types(PairType)
        )
        captions = (
            pictures
            | "PictureOf" >> beam.FlatMap(picture_of).with_output_types(Request)
            | Remembered(Captions(config=self._config, model_identity=identity, store=self._store), memory, buckets)
        )
        told = {"records": pictures, "answers": captions.answers} | "Tell" >> JoinAnswers(caption_key, tell, Captioned)
        made = told | "SyntheticPair" >> beam.FlatMap(synthetic_pair).with_output_types(PairType)
        return Recalled(made, captions.counts)


class MatchPairs(beam.PTransform):
    """PCollection of pairs, web and synthetic -> Recalled of Matched, one a pair.

    Args:
        config: the matcher.
        store: where media lie, and how they are read.
        matcher: where answers are kept, and under what.
    """

    def __init__(self, config: CaptionConfig, store: MediaStore, matcher: Model):
        super().__init__()
        self._config, self._store, self._matcher = _decided(config), store, matcher

    def expand(self, pairs: beam.PCollection[PairType]):
        identity, memory, buckets = self._matcher
        matches = (
            pairs
            | "ShownOf" >> beam.FlatMap(shown_of).with_output_types(Request)
            | Remembered(Matches(config=self._config, identity=identity, store=self._store), memory, buckets)
        )
        matched = {"records": pairs, "answers": matches.answers} | "Match" >> JoinAnswers(match_keys, with_match, Matched)
        return Recalled(matched, matches.counts)


class KeepTexts(beam.PTransform):
    """PCollection of Matched -> Outcome of pairs. Synthetic ones come into being here: the account counts them as made."""

    def __init__(self, config: CaptionConfig):
        super().__init__()
        self._config = config

    def expand(self, matched: beam.PCollection[Matched]):
        texts = (
            matched
            | "ByPicture" >> beam.Map(_by_picture).with_output_types(tuple[str, Matched])
            | beam.GroupByKey()
            | "BesideOthers" >> beam.FlatMap(_beside_others, self._config).with_output_types(Matched)
        )
        doors = [
            texts | f"Only {name}" >> beam.Filter(_is_synthetic, made) | f"Judge {name}" >> self._judge(entry)
            for name, made, entry in (("web", False, CounterKind.IN), ("synthetic", True, CounterKind.MADE))
        ]
        names = ("Kept", "Rejected", "Counters")
        return Outcome(*(both | name >> beam.Flatten() for name, both in zip(names, zip(*doors, strict=True), strict=True)))

    def _judge(self, entry: CounterKind) -> Step:
        return Step(Stage.CAPTION, judge_text, self._config, PairType, counts=_units, entry=entry)


def _decided(config: CaptionConfig) -> CaptionConfig:
    """With the precision that each model has on this machine."""
    roles: dict[str, ModelConfig] = {"captioner": config.captioner, "matcher": config.matcher}
    precise = {
        role: model.model_copy(update={"precision": pick_precision(model.precision, model.device)})
        for role, model in roles.items()
    }
    return config.model_copy(update=precise)


def _second(key: str, pair: PairType) -> PairType:
    return pair


def _by_picture(matched: Matched) -> tuple[str, Matched]:
    return picture_key(matched.pair), matched


def _beside_others(group: tuple[str, Iterable[Matched]], config: CaptionConfig):
    return beside_others(group[1], config)


def _is_synthetic(matched: Matched, made: bool) -> bool:
    return is_synthetic(matched.pair) is made


def _units(matched: Matched):
    return units_of(matched.pair)
