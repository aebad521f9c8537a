"""When similarity takes a pair, an image or a document out: rows over records that carry scores."""

from lamella.schemas.config import ScoreConfig
from lamella.schemas.document import ImageNode, InterleavedDocument
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.reject import synthetic_mark
from lamella.transforms.base.rule import Found, Rule, Rulebook, Under


def clip_score(scored: Pair | ImageNode) -> float | None:
    """None where nothing was compared: an image without a text beside it."""
    return scored.clip_score


def nothing_to_see(document: InterleavedDocument, limits: ScoreConfig) -> str:
    return "" if document.images or document.videos else "every image left"


def judges_pairs(pair: Pair, limits: ScoreConfig) -> bool:
    return limits.when != "never"


def _book(name: str, unit: Unit, *rules: Rule) -> Rulebook:
    return Rulebook(name=name, stage=Stage.SCORE, unit=unit, config="score", limits=ScoreConfig, rules=rules)


PAIR_RULES = _book(
    "pair",
    Unit.PAIR,
    Under(Reason.LOW_CLIP_SCORE, clip_score, "min_score", when=judges_pairs, detail=synthetic_mark),
)
NODE_RULES = _book("image of a document", Unit.NODE, Under(Reason.LOW_CLIP_SCORE, clip_score, "min_node_score"))
DOCUMENT_RULES = _book("document", Unit.DOCUMENT, Found(Reason.NO_IMAGE_LEFT, nothing_to_see, source="ours"))
