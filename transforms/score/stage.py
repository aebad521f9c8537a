"""ScorePairs, ScoreDocuments: pairs and documents -> the same with CLIP similarity on them, and what scored too low."""

import apache_beam as beam

from lamella.schemas.account import units_of
from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Stage
from lamella.transforms.base.batches import Record, bucket_of, cut
from lamella.transforms.base.step import Step
from lamella.transforms.media.store import MediaStore
from lamella.transforms.score.judge import judge_document, judge_pair, pass_document, pass_pair
from lamella.transforms.score.questions import Scored

PairType = ImageTextPair | VideoTextPair


class ScorePairs(beam.PTransform):
    """PCollection of pairs -> Outcome of pairs.

    Args:
        config: the model, and the score below which a pair leaves.
        store: where media lie, and how they are read.
        buckets: groups that batches are cut from; a worker holds the records of one.
    """

    def __init__(self, config: ScoreConfig, store: MediaStore, buckets: int):
        super().__init__()
        self._config, self._store, self._buckets = config, store, buckets

    def expand(self, pairs: beam.PCollection[PairType]):
        if not self._config.on:
            return pairs | Step(Stage.SCORE, pass_pair, self._config, PairType)
        scored = pairs | _Score(self._config, self._store, self._buckets)
        return scored | Step(Stage.SCORE, judge_pair, self._config, PairType, counts=_units)


class ScoreDocuments(beam.PTransform):
    """PCollection of documents -> Outcome of documents: each image against the texts before and after it (after mmc4)."""

    def __init__(self, config: ScoreConfig, store: MediaStore, buckets: int):
        super().__init__()
        self._config, self._store, self._buckets = config, store, buckets

    def expand(self, documents: beam.PCollection[InterleavedDocument]):
        if not self._config.documents:
            return documents | Step(Stage.SCORE, pass_document, self._config, InterleavedDocument)
        scored = documents | _Score(self._config, self._store, self._buckets)
        return scored | Step(Stage.SCORE, judge_document, self._config, InterleavedDocument, counts=_units)


class _Score(beam.PTransform):
    """Records -> Scored, by batches that are always the same."""

    def __init__(self, config: ScoreConfig, store: MediaStore, buckets: int):
        super().__init__()
        self._model, self._store, self._buckets = config.model, store, buckets

    def expand(self, records):
        # Late: Beam's inference imports torch, five seconds that jobs without a model should not pay.
        from apache_beam.ml.inference.base import RunInference

        from lamella.transforms.score.handler import SimilarityHandler

        return (
            records
            | "Bucket" >> beam.Map(_bucketed, self._buckets).with_output_types(tuple[int, Record])
            | "Group" >> beam.GroupByKey()
            | "Cut" >> beam.FlatMap(_batches, self._model.batch).with_output_types(tuple[Record, ...])
            | RunInference(SimilarityHandler(self._model, self._store))
            | "Single" >> beam.FlatMap(_same).with_output_types(Scored)
        )


def _bucketed(record: Record, buckets: int):
    return bucket_of(record, buckets), record


def _batches(bucket: tuple, size: int):
    return cut(bucket[1], size)


def _same(scored: tuple):
    return scored


def _units(scored: Scored):
    return units_of(scored.record)
