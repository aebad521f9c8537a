"""The scorer as Beam's RunInference knows models: a batch of records in, the same records with answers out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apache_beam.ml.inference.base import ModelHandler

from lamella.schemas.config import ModelConfig
from lamella.transforms.base.batches import Record
from lamella.transforms.media.store import MediaStore
from lamella.transforms.score.questions import Scored, questions_of
from lamella.transforms.score.similarity import answer

if TYPE_CHECKING:
    from lamella.weights import Loaded

Batch = tuple[Record, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Scorer:
    """The loaded model, held so that Beam can share it among the threads of a worker: it keeps weak references."""

    loaded: "Loaded"


class SimilarityHandler(ModelHandler[Batch, tuple[Scored, ...], Scorer]):
    """One example is one batch, cut beforehand: Beam's own batching would depend on timing, and scores with it."""

    def __init__(self, config: ModelConfig, store: MediaStore):
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._config, self._store = config, store

    def load_model(self) -> Scorer:
        from lamella.weights import load

        config = self._config
        return Scorer(load(config.name, config.weights, role="scorer", precision=config.precision, device=config.device))

    def run_inference(
        self, batch: Sequence[Batch], model: Scorer, inference_args: dict[str, Any] | None = None
    ) -> Iterable[tuple[Scored, ...]]:
        if self._config.threads:
            import torch

            torch.set_num_threads(self._config.threads)  # here: it is a property of the thread that computes
        return [self._scored(records, model.loaded) for records in batch]

    def get_num_bytes(self, batch: Sequence[Batch]) -> int:
        return sum(question.view.media.bytes for records in batch for record in records for question in questions_of(record))

    def get_metrics_namespace(self) -> str:
        return "lamella.score"

    def _scored(self, records: Batch, loaded: "Loaded") -> tuple[Scored, ...]:
        asked = [questions_of(record) for record in records]
        questions = [question for of_record in asked for question in of_record]
        answers = iter(answer(questions, loaded, self._config.batch, self._store))
        return tuple(
            Scored(record=record, answers=tuple(next(answers) for _ in of_record), model=loaded.label)
            for record, of_record in zip(records, asked, strict=True)
        )
