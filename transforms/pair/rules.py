"""The datasets of pairs: what proposes a pair of each, and when one leaves.

ALIGN (Jia et al. 2021, section 3), LTIP and VTP (Alayrac et al. 2022, section 2.4). A dataset is one row of `MINED`.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import InterleavedDocument, Node
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.rule import Found, Over, Rule, Rulebook, Under
from lamella.transforms.pair import candidates
from lamella.transforms.pair import measures as m


def _book(name: str, *rules: Rule) -> Rulebook:
    return Rulebook(name=name, stage=Stage.PAIR, unit=Unit.PAIR, config="pair", limits=PairConfig, rules=rules)


# A picture that is not fit to be described.
_PICTURE = (
    Under(Reason.IMAGE_TOO_SMALL, m.shorter_side_px, "min_side_px"),
    Over(Reason.ODD_ASPECT, m.aspect, "max_aspect"),
)

ALIGN_RULES = _book(
    "ALIGN",
    Found(Reason.ALT_IS_FILE_NAME, m.file_name, source="ours"),
    Under(Reason.ALT_TOO_SHORT, m.words, "min_alt_words"),
    Over(Reason.ALT_TOO_LONG, m.words, "max_alt_words"),
    *_PICTURE,
    Over(Reason.ALT_TOO_COMMON, m.images_of_alt, "max_images_per_alt"),
    Over(Reason.TOO_MANY_ALTS, m.alts_of_image, "max_alts_per_image"),
    Found(Reason.RARE_TOKEN, m.rare_token, "max_vocabulary"),
)

LTIP_RULES = _book(
    "LTIP",
    Over(Reason.CAPTION_TOO_LONG, m.characters, "max_caption_characters"),  # first: it bounds what counting words costs
    Found(Reason.ALT_IS_FILE_NAME, m.file_name, source="ours"),
    Under(Reason.CAPTION_TOO_SHORT, m.words, "ltip_min_words"),
    *_PICTURE,
)

# The video must be short: one text cannot speak of the first seconds of a long one.
VTP_RULES = _book(
    "VTP",
    Under(Reason.ODD_DURATION, m.duration_s, "min_clip_s"),
    Over(Reason.ODD_DURATION, m.duration_s, "max_vtp_video_s"),
    Over(Reason.CAPTION_TOO_LONG, m.characters, "max_caption_characters"),
    Under(Reason.CAPTION_TOO_SHORT, m.words, "min_alt_words"),  # a clip's text is as short as an alt may be
)


class Mined(NamedTuple):
    """How the pairs of a dataset are made."""

    propose: Callable[[InterleavedDocument, Node, PairConfig], Iterable[Pair]]  # pairs of one node that has media
    rules: Rulebook


MINED = {
    Dataset.ALIGN: Mined(candidates.alts, ALIGN_RULES),
    Dataset.LTIP: Mined(candidates.captions, LTIP_RULES),
    Dataset.VTP: Mined(candidates.clips, VTP_RULES),
}
RULES = {dataset: mined.rules for dataset, mined in MINED.items()}

# Last, so that the copy that stays is one that breaks no rule.
COPY_RULES = _book("copies of a pair", Found(Reason.DUPLICATE_PAIR, m.better_copy, source="COYO"))
