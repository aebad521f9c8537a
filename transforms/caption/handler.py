"""Captioner and matcher as Beam's RunInference knows models: a batch of pairs in, what both say of each out."""

from collections.abc import Iterable, Sequence
from typing import Any

from apache_beam.ml.inference.base import ModelHandler

from lamella.schemas.config import CaptionConfig
from lamella.schemas.pair import Pair
from lamella.transforms.caption.capfilt import Captioned, Models, caption_and_match
from lamella.transforms.caption.models import load_captioner, load_matcher
from lamella.transforms.media.store import MediaStore

Batch = tuple[Pair, ...]


class CapFiltHandler(ModelHandler[Batch, tuple[Captioned, ...], Models]):
    """One example is one batch, cut beforehand: Beam's own batching would depend on timing, and captions with it."""

    def __init__(self, config: CaptionConfig, store: MediaStore):
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._config, self._store = config, store

    def load_model(self) -> Models:
        return Models(load_captioner(self._config.captioner), load_matcher(self._config.matcher))

    def run_inference(
        self, batch: Sequence[Batch], model: Models, inference_args: dict[str, Any] | None = None
    ) -> Iterable[tuple[Captioned, ...]]:
        return [tuple(caption_and_match(pairs, model, self._config, self._store)) for pairs in batch]

    def get_num_bytes(self, batch: Sequence[Batch]) -> int:
        return sum(pair.media.bytes for pairs in batch for pair in pairs)

    def get_metrics_namespace(self) -> str:
        return "lamella.caption"
