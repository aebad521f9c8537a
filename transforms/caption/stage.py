"""CaptionPairs: pairs -> pairs with the better of web text and synthetic text, and those that no text fits (CapFilt)."""

import apache_beam as beam

from lamella.schemas.account import units_of
from lamella.schemas.config import CaptionConfig
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Stage
from lamella.transforms.base.batches import bucket_of, cut
from lamella.transforms.base.step import Step
from lamella.transforms.caption.capfilt import Captioned
from lamella.transforms.caption.choose import choose_caption, pass_pair
from lamella.transforms.media.store import MediaStore

PairType = ImageTextPair | VideoTextPair


class CaptionPairs(beam.PTransform):
    """PCollection of pairs -> Outcome of pairs, each with its CapFilt; where captioning is off, as they are.

    Args:
        config: the two models, the sampling, and the probability below which a text is noise.
        store: where media lie, and how they are read.
        buckets: groups that batches are cut from; a worker holds the pairs of one.
    """

    def __init__(self, config: CaptionConfig, store: MediaStore, buckets: int):
        super().__init__()
        self._config, self._store, self._buckets = config, store, buckets

    def expand(self, pairs: beam.PCollection[PairType]):
        if not self._config.on:
            return pairs | Step(Stage.CAPTION, pass_pair, self._config, PairType)
        # Late: Beam's inference imports torch, five seconds that jobs without a model should not pay.
        from apache_beam.ml.inference.base import RunInference

        from lamella.transforms.caption.handler import CapFiltHandler

        return (
            pairs
            | "Bucket" >> beam.Map(_bucketed, self._buckets).with_output_types(tuple[int, PairType])
            | "Group" >> beam.GroupByKey()
            | "Cut" >> beam.FlatMap(_batches, self._config.captioner.batch).with_output_types(tuple[PairType, ...])
            | RunInference(CapFiltHandler(self._config, self._store))
            | "Single" >> beam.FlatMap(_same).with_output_types(Captioned)
            | Step(Stage.CAPTION, choose_caption, self._config, PairType, counts=_units)
        )


def _bucketed(pair: PairType, buckets: int):
    return bucket_of(pair, buckets), pair


def _batches(bucket: tuple, size: int):
    return cut(bucket[1], size)


def _same(captioned: tuple):
    return captioned


def _units(captioned: Captioned):
    return units_of(captioned.pair)
