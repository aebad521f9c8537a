"""Embed: what pairs and documents show and say -> embeddings, each once. ScorePairs, ScoreDocuments: the same with CLIP
similarity on them, and what scored too low."""

from functools import partial

import apache_beam as beam
from apache_beam.utils.shared import Shared

from lamella.schemas.account import units_of
from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Stage
from lamella.transforms.base.memory import Request
from lamella.transforms.base.remembered import JoinAnswers, Recalled, Remembered, RememberedModel
from lamella.transforms.base.step import Step
from lamella.transforms.media.store import MediaStore
from lamella.transforms.score.embeddings import PictureEmbeddings, TextEmbeddings
from lamella.transforms.score.judge import judge_document, judge_pair
from lamella.transforms.score.questions import Scored, keys_of, pictures_of, score, texts_of
from lamella.weights.precision import pick_precision

PairType = ImageTextPair | VideoTextPair
Record = ImageTextPair | VideoTextPair | InterleavedDocument


class Embed(beam.PTransform):
    """PCollection of pairs and documents -> Recalled embeddings of all that their scores are made from.

    Args:
        config: the model.
        store: where media lie, and how they are read.
        model: where answers are kept, and under what.
    """

    def __init__(self, config: ScoreConfig, store: MediaStore, model: RememberedModel):
        super().__init__()
        self._store, self._model = store, model
        self._config = config.model.model_copy(
            update={"precision": pick_precision(config.model.precision, config.model.device)}
        )

    def expand(self, records: beam.PCollection[Record]):
        (identity, memory, buckets), shared = self._model, Shared()
        pictures = (
            records
            | "PicturesOf" >> beam.FlatMap(pictures_of).with_output_types(Request)
            | Remembered(PictureEmbeddings(model=self._config, identity=identity, store=self._store), memory, buckets, shared)
        )
        texts = (
            records
            | "TextsOf" >> beam.FlatMap(texts_of).with_output_types(Request)
            | Remembered(TextEmbeddings(model=self._config, identity=identity), memory, buckets, shared)
        )
        answers = (pictures.answers, texts.answers) | "Embeddings" >> beam.Flatten()
        return Recalled(answers, (pictures.counts, texts.counts) | "Counts" >> beam.Flatten())


class ScorePairs(beam.PTransform):
    """{"records": pairs, "answers": their embeddings} -> Outcome of pairs."""

    def __init__(self, config: ScoreConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        scored = inputs | JoinAnswers(keys_of, partial(score, heads=self._config.heads), Scored)
        return scored | Step(Stage.SCORE, judge_pair, self._config, PairType, counts=_units)


class ScoreDocuments(beam.PTransform):
    """{"records": documents, "answers": their embeddings} -> Outcome of documents: each image against the texts beside it
    (after mmc4)."""

    def __init__(self, config: ScoreConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        scored = inputs | JoinAnswers(keys_of, partial(score, heads=self._config.heads), Scored)
        return scored | Step(Stage.SCORE, judge_document, self._config, InterleavedDocument, counts=_units)


def _units(scored: Scored):
    return units_of(scored.record)
