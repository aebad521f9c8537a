"""When similarity takes a pair, an image or a document out: (reason, predicate) rows over records that carry scores."""

from lamella.schemas.rejection import Reason
from lamella.transforms.rules import Rule, below

PAIR_RULES = (
    Rule(
        Reason.LOW_CLIP_SCORE,
        lambda pair, limits: below(pair.clip_score, limits.min_score),
        lambda pair, limits: f"{pair.clip_score} < {limits.min_score}",
    ),
)
NODE_RULES = (
    Rule(
        Reason.LOW_CLIP_SCORE,
        lambda node, limits: node.clip_score is not None and below(node.clip_score, limits.min_node_score),
        lambda node, limits: f"{node.clip_score} < {limits.min_node_score}",
    ),
)
DOCUMENT_RULES = (Rule(Reason.NO_IMAGE_LEFT, lambda document, limits: not document.images and not document.videos),)
