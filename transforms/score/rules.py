"""When similarity takes a pair, an image or a document out: rules on records that have scores."""

from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import ImageNode, InterleavedDocument
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.reject import synthetic_mark
from lamella.transforms.base.rule import Found, RuleScope, Under


def clip_score(scored: Pair | ImageNode) -> float | None:
    """None where nothing was compared: an image without a text beside it."""
    return scored.clip_score


def nothing_to_see(document: InterleavedDocument, limits: ScoreConfig) -> str:
    return "" if document.images or document.videos else "every image left"


def judges_pairs(pair: Pair, limits: ScoreConfig) -> bool:
    return limits.when != "never"


def _scope(unit: Unit) -> RuleScope:
    return RuleScope(Stage.SCORE, unit, "score", ScoreConfig)


PAIR_RULES = _scope(Unit.PAIR).book(
    "pair",
    Under(Reason.LOW_CLIP_SCORE, clip_score, "min_score", when=judges_pairs, detail=synthetic_mark),
)
NODE_RULES = _scope(Unit.NODE).book("image of a document", Under(Reason.LOW_CLIP_SCORE, clip_score, "min_node_score"))
DOCUMENT_RULES = _scope(Unit.DOCUMENT).book("document", Found(Reason.NO_IMAGE_LEFT, nothing_to_see, source="ours"))
