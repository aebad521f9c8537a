"""A pair or a document in; what the scorer is asked about it out: one picture, and the texts that may fit it."""

from collections.abc import Iterable
from dataclasses import dataclass

from lamella.schemas.document import ImageNode, InterleavedDocument, Node, TextNode
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Reason
from lamella.transforms.media.frames import View, view_of


@dataclass(frozen=True, slots=True)
class Question:
    view: View
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The best cosine similarity of a question's texts; None where it has none, or where no picture could be seen."""

    score: float | None
    unseen: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A record beside the answers to its questions, in their order."""

    record: InterleavedDocument | Pair
    answers: tuple[Answer, ...]
    model: str

    @property
    def key(self) -> str:
        return self.record.key

    @property
    def url(self) -> str:
        return self.record.url if isinstance(self.record, InterleavedDocument) else self.record.media.url


def questions_of(record: InterleavedDocument | Pair) -> tuple[Question, ...]:
    """One question for a pair; for a document one for each image that has media, in reading order."""
    if isinstance(record, InterleavedDocument):
        return tuple(
            Question(View(node.media), tuple(_beside(record.nodes, index)))
            for index, node in enumerate(record.nodes)
            if isinstance(node, ImageNode) and node.media
        )
    return (Question(view_of(record), (record.text,)),)


def _beside(nodes: tuple[Node, ...], index: int) -> Iterable[str]:
    """The image's own caption, and its nearest texts."""
    if nodes[index].caption:
        yield nodes[index].caption
    yield from nearest_texts(nodes, index)


def nearest_texts(nodes: tuple[Node, ...], index: int) -> Iterable[str]:
    """The text before and the text after a node, where they are."""
    for beside in (reversed(nodes[:index]), nodes[index + 1 :]):
        for node in beside:
            if isinstance(node, TextNode):
                yield node.text
                break
