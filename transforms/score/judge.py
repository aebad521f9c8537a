"""Scored pairs and documents in; the same with scores on them, and Rejections of what scored too low, out."""

from collections.abc import Iterable
from dataclasses import replace

from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, with_phi
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Rejection, Stage
from lamella.transforms.leaving import document_leaves, node_leaves, pair_leaves
from lamella.transforms.rules import Broken, first_broken
from lamella.transforms.score.questions import Answer, Scored
from lamella.transforms.score.rules import DOCUMENT_RULES, NODE_RULES, PAIR_RULES


def judge_pair(scored: Scored, config: ScoreConfig) -> Iterable[Pair | Rejection]:
    """The pair with score and model, or why it leaves."""
    (answer,) = scored.answers
    pair = replace(scored.record, clip_score=answer.score, clip_model=scored.model)
    if broken := _unseen(answer) or first_broken(pair, PAIR_RULES, config):
        yield pair_leaves(Stage.SCORE, pair, broken)
    else:
        yield pair


def pass_pair(pair: Pair, config: ScoreConfig) -> Iterable[Pair]:
    """The pair as it is, where nothing reads a score."""
    yield pair


def judge_document(scored: Scored, config: ScoreConfig) -> Iterable[InterleavedDocument | Rejection]:
    """The document with a score on each image; images that score too low leave it, and phi stays true.

    Yields:
        NODE Rejections in reading order, then the document, or its own Rejection where nothing to see is left.
    """
    document, answers, nodes = scored.record, iter(scored.answers), []
    for node in document.nodes:
        if isinstance(node, ImageNode) and node.media:
            answer = next(answers)
            node = replace(node, clip_score=answer.score, clip_model=scored.model)
            if broken := _unseen(answer) or first_broken(node, NODE_RULES, config):
                yield node_leaves(Stage.SCORE, document, node, broken)
                continue
        nodes.append(node)
    left = replace(document, nodes=with_phi(tuple(nodes)))
    if broken := first_broken(left, DOCUMENT_RULES, config):
        yield document_leaves(Stage.SCORE, left, broken)
    else:
        yield left


def pass_document(document: InterleavedDocument, config: ScoreConfig) -> Iterable[InterleavedDocument]:
    """The document as it is, where documents are not to be scored."""
    yield document


def _unseen(answer: Answer) -> Broken | None:
    return Broken(answer.unseen, answer.detail) if answer.unseen else None
