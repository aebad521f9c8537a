"""Scored pairs and documents -> the same with scores on them, and Rejections of what scored too low."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.media import Media
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Rejection, Stage
from lamella.transforms.base.reject import reject_document, reject_node, reject_pair
from lamella.transforms.base.rule import Violation, apply_rules
from lamella.transforms.score.heads import unsafe
from lamella.transforms.score.questions import MOMENTS, Answer, Scored
from lamella.transforms.score.rules import DOCUMENT_RULES, NODE_RULES, PAIR_RULES


def judge_pair(scored: Scored[Pair], config: ScoreConfig) -> Iterable[Pair | Rejection]:
    """The pair with score and model, or why it leaves."""
    (answer,) = scored.answers
    media = _measured(scored.record.media, answer)
    pair = replace(scored.record, media=media, clip_score=answer.score, clip_model=scored.model)
    if violation := _unseen(answer) or unsafe(answer.measures, config.heads) or apply_rules(PAIR_RULES, pair, config):
        yield reject_pair(Stage.SCORE, pair, violation)
    else:
        yield pair


def judge_document(scored: Scored[InterleavedDocument], config: ScoreConfig) -> Iterable[InterleavedDocument | Rejection]:
    """The document with a score on each image; images that score too low leave it, and phi stays true.

    A video leaves where heads find one of its frames unsafe.

    Yields:
        NODE Rejections in reading order, then the document, or its own Rejection where nothing to see is left.
    """
    document, answers, nodes = scored.record, iter(scored.answers), []
    for node in document.nodes:
        if isinstance(node, ImageNode) and node.media:
            answer = next(answers)
            media = _measured(node.media, answer)
            node = replace(node, media=media, clip_score=answer.score, clip_model=scored.model)
            if violation := _unseen(answer) or unsafe(answer.measures, config.heads) or apply_rules(NODE_RULES, node, config):
                yield reject_node(Stage.SCORE, document, node, violation)
                continue
        elif isinstance(node, VideoNode) and node.media and config.heads:
            frames = [next(answers) for _ in MOMENTS]
            if violation := next(filter(None, (_unseen(one) or unsafe(one.measures, config.heads) for one in frames)), None):
                yield reject_node(Stage.SCORE, document, node, violation)
                continue
            node = replace(node, media=_measured(node.media, _worst(frames)))
        nodes.append(node)
    left = document.with_nodes(nodes)
    if violation := apply_rules(DOCUMENT_RULES, left, config):
        yield reject_document(Stage.SCORE, left, violation)
    else:
        yield left


def _worst(frames: Sequence[Answer]) -> Answer:
    """An answer with the highest value of each measure."""
    by_name = zip(*(frame.measures for frame in frames), strict=True)
    return Answer(None, measures=tuple(max(same, key=lambda one: one.value) for same in by_name))


def _measured(media: Media, answer: Answer) -> Media:
    return replace(media, pixels=media.pixels + answer.measures) if answer.measures else media


def _unseen(answer: Answer) -> Violation | None:
    return Violation(answer.unseen, detail=answer.detail) if answer.unseen else None
