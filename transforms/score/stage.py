"""ScoreRecords: pairs and documents -> each with CLIP's similarity of its pictures and texts. JudgePairs, JudgeDocuments:
those -> what is kept, with its scores, and what scored too low."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import apache_beam as beam

from lamella.schemas.account import units_of
from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Stage
from lamella.transforms.base.memory import Measure, Request
from lamella.transforms.base.remembered import Ask, JoinAnswers, Recalled, Remembered, RememberedModel, to_record
from lamella.transforms.base.step import Step
from lamella.transforms.media.store import MediaStore
from lamella.transforms.score.embeddings import Embedding, PictureEmbeddings, TextEmbeddings
from lamella.transforms.score.judge import judge_document, judge_pair
from lamella.transforms.score.questions import Scored, pictures_of, score, texts_of
from lamella.weights.precision import pick_precision

PairType = ImageTextPair | VideoTextPair
Record = ImageTextPair | VideoTextPair | InterleavedDocument


class ScoreRecords(beam.PTransform):
    """{"records", and what is known by the measures' names} -> Recalled of Scored, one a record: what it shows and says is
    embedded, each once. Records are pairs and documents.

    Args:
        config: the model, and the heads that read its embeddings.
        store: where media lie, and how they are read.
        model: where answers are kept, and under what.
    """

    def __init__(self, config: ScoreConfig, store: MediaStore, model: RememberedModel):
        super().__init__()
        precision = pick_precision(config.model.precision, config.model.device)
        scorer, heads = config.model.model_copy(update={"precision": precision}), config.heads
        self._model, self._score = model, partial(score, heads=heads)
        pictures = PictureEmbeddings(model=scorer, identity=model.identity, store=store)
        texts = TextEmbeddings(model=scorer, identity=model.identity)
        self._asks = [
            Ask(measure=pictures, asked_of=partial(_asked, partial(pictures_of, heads=heads))),
            Ask(measure=texts, asked_of=partial(_asked, texts_of)),
        ]

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(ask.measure for ask in self._asks)

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        embeddings = inputs | Remembered(self._asks, to_record, tuple[str, Embedding], **self._model.where())
        scored = {"records": inputs["records"], "answers": embeddings.answers} | JoinAnswers(self._score, Scored)
        return Recalled(scored, embeddings.counts)


class JudgePairs(beam.PTransform):
    """PCollection of Scored -> Outcome of pairs; documents among them are passed over."""

    def __init__(self, config: ScoreConfig):
        super().__init__()
        self._config = config

    def expand(self, scored: beam.PCollection[Scored]):
        pairs = scored | "Pairs" >> beam.Filter(_is_pair)
        return pairs | Step(Stage.SCORE, judge_pair, self._config, PairType, counts=_units)


class JudgeDocuments(beam.PTransform):
    """PCollection of Scored -> Outcome of documents: each image against the texts beside it (after mmc4)."""

    def __init__(self, config: ScoreConfig):
        super().__init__()
        self._config = config

    def expand(self, scored: beam.PCollection[Scored]):
        documents = scored | "Documents" >> beam.Filter(_is_document)
        return documents | Step(Stage.SCORE, judge_document, self._config, InterleavedDocument, counts=_units)


def _asked(requests_of: Callable[[Record], Iterable[Request]], record: Record) -> Iterator[tuple[Request, str]]:
    """Each request of a record once: the record waits for its answers by its key."""
    for request in {request.key: request for request in requests_of(record)}.values():
        yield request, record.key


def _is_document(scored: Scored) -> bool:
    return isinstance(scored.record, InterleavedDocument)


def _is_pair(scored: Scored) -> bool:
    return not _is_document(scored)


def _units(scored: Scored):
    return units_of(scored.record)
