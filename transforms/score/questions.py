"""A pair or a document -> what the scorer is asked about it: one picture, and the texts that may fit it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from lamella.schemas.document import ImageNode, InterleavedDocument, Node, TextNode, VideoNode
from lamella.schemas.media import PixelMeasure
from lamella.schemas.pair import Pair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason
from lamella.transforms.base.memory import Request
from lamella.transforms.media.frames import Frame, frame_of
from lamella.transforms.score.embeddings import Embedding, picture_key, text_key
from lamella.transforms.score.heads import measures_of

Heads = tuple[str, ...]  # paths
MOMENTS = (0.25, 0.5, 0.75)  # of a document's video, that heads see: an opening shows titles
DIGITS = 6  # scores are stored so; what lies beyond differs between machines


@quick_pickle
@dataclass(frozen=True, slots=True)
class Question:
    frame: Frame
    texts: tuple[str, ...]  # none of them empty


@quick_pickle
@dataclass(frozen=True, slots=True)
class Answer:
    """The best cosine similarity of a question's texts; None where it has none, or where no picture could be seen."""

    score: float | None
    unseen: Reason | None = None
    detail: str = ""
    measures: tuple[PixelMeasure, ...] = ()  # what heads say of the picture


Record = TypeVar("Record", bound=InterleavedDocument | Pair)


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Scored(Generic[Record]):
    """A record beside the answers to its questions, in their order."""

    record: Record
    answers: tuple[Answer, ...]
    model: str  # "" where nothing was asked

    @property
    def key(self) -> str:
        return self.record.key

    @property
    def url(self) -> str:
        record: InterleavedDocument | Pair = self.record
        return record.url if isinstance(record, InterleavedDocument) else record.media.url


def questions_of(record: InterleavedDocument | Pair, heads: Heads = ()) -> tuple[Question, ...]:
    """One question for a pair; for a document one for each image that has media, in reading order.

    Where heads judge what is seen, also some for each video of a document: of its frames, without texts.
    """
    if not isinstance(record, InterleavedDocument):
        return (Question(frame_of(record), (record.text,) if record.text else ()),)
    found: list[Question] = []
    for index, node in enumerate(record.nodes):
        if isinstance(node, ImageNode) and node.media:
            found.append(Question(Frame(node.media), tuple(filter(None, _beside(record.nodes, index, node)))))
        elif isinstance(node, VideoNode) and node.media and heads:
            found += [Question(Frame(node.media, round(share * node.media.duration_s, 3)), ()) for share in MOMENTS]
    return tuple(found)


def pictures_of(record: InterleavedDocument | Pair, heads: Heads = ()) -> Iterable[Request]:
    """What is to be embedded of a record's pictures."""
    return (Request(picture_key(question.frame), question.frame) for question in questions_of(record, heads))


def texts_of(record: InterleavedDocument | Pair) -> Iterable[Request]:
    """What is to be embedded of a record's texts."""
    return (Request(text_key(text), text) for question in questions_of(record) for text in question.texts)


def keys_of(record: InterleavedDocument | Pair) -> Iterable[str]:
    """The keys of the embeddings that a record's questions are answered from."""
    for question in questions_of(record):
        yield picture_key(question.frame)
        yield from map(text_key, question.texts)


def score(record: Record, embeddings: Mapping[str, Embedding], heads: Heads = ()) -> Scored[Record]:
    """The record with its answers. Raises KeyError where an embedding that it asks for is not among them."""
    answers = tuple(_answer(question, embeddings, heads) for question in questions_of(record, heads))
    return Scored(record=record, answers=answers, model=min((one.model for one in embeddings.values()), default=""))


def _answer(question: Question, embeddings: Mapping[str, Embedding], heads: Heads) -> Answer:
    picture = embeddings[picture_key(question.frame)]
    if picture.unseen:
        return Answer(None, picture.unseen, picture.detail)
    values = picture.values
    scores = [float((values * embeddings[text_key(text)].values).sum()) for text in question.texts]
    best = round(max(scores), DIGITS) if scores else None
    return Answer(best, measures=measures_of(values, heads) if heads else ())


def _beside(nodes: tuple[Node, ...], index: int, image: ImageNode) -> Iterable[str]:
    """The image's own caption, and its nearest texts."""
    if image.caption:
        yield image.caption
    yield from nearest_texts(nodes, index)


def nearest_texts(nodes: tuple[Node, ...], index: int) -> Iterable[str]:
    """The text before and the text after a node, where they are."""
    for beside in (reversed(nodes[:index]), nodes[index + 1 :]):
        for node in beside:
            if isinstance(node, TextNode):
                yield node.text
                break
