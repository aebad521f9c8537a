"""CaptionAndMatch: pairs -> what captioner and matcher say of each. ChooseCaptions: the pairs with the better of web text and
synthetic text, and those that no text fits (CapFilt)."""

from functools import partial
from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.account import units_of
from lamella.schemas.config import CaptionConfig
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Stage
from lamella.transforms.base.memory import Memory, Request
from lamella.transforms.base.remembered import JoinAnswers, Recalled, Remembered
from lamella.transforms.base.step import Step
from lamella.transforms.caption.capfilt import (
    Captioned,
    Captions,
    Matches,
    Told,
    caption_key,
    match_keys,
    picture_of,
    say,
    shown_of,
    tell,
)
from lamella.transforms.caption.choose import choose_caption
from lamella.transforms.media.store import MediaStore
from lamella.weights.precision import pick_precision

PairType = ImageTextPair | VideoTextPair


class CaptionModels(NamedTuple):
    """What both models need beside their configuration."""

    captioner: str  # identities: what answers are remembered under
    matcher: str
    memory: Memory
    buckets: int


class CaptionAndMatch(beam.PTransform):
    """PCollection of pairs -> Recalled of Captioned, one a pair.

    Args:
        config: the two models, and the sampling.
        store: where media lie, and how they are read.
        models: where answers are kept, and under what.
    """

    def __init__(self, config: CaptionConfig, store: MediaStore, models: CaptionModels):
        super().__init__()
        self._store, self._models = store, models
        decided = {
            role: model.model_copy(update={"precision": pick_precision(model.precision, model.device)})
            for role, model in (("captioner", config.captioner), ("matcher", config.matcher))
        }
        self._config = config.model_copy(update=decided)

    def expand(self, pairs: beam.PCollection[PairType]):
        config, store = self._config, self._store
        captioner, matcher, memory, buckets = self._models
        captions = (
            pairs
            | "PictureOf" >> beam.FlatMap(picture_of).with_output_types(Request)
            | Remembered(Captions(config=config, model_identity=captioner, store=store), memory, buckets)
        )
        told = {"records": pairs, "answers": captions.answers} | "Tell" >> JoinAnswers(caption_key, tell, Told)
        matches = (
            told
            | "ShownOf" >> beam.FlatMap(shown_of).with_output_types(Request)
            | Remembered(Matches(config=config, identity=matcher, store=store), memory, buckets)
        )
        said = {"records": told, "answers": matches.answers} | "Say" >> JoinAnswers(
            match_keys, partial(say, config=config), Captioned
        )
        return Recalled(said, (captions.counts, matches.counts) | "Counts" >> beam.Flatten())


class ChooseCaptions(beam.PTransform):
    """PCollection of Captioned -> Outcome of pairs, each with its CapFilt."""

    def __init__(self, config: CaptionConfig):
        super().__init__()
        self._config = config

    def expand(self, said: beam.PCollection[Captioned]):
        return said | Step(Stage.CAPTION, choose_caption, self._config, PairType, counts=_units)


def _units(captioned: Captioned):
    return units_of(captioned.pair)
