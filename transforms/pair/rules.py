"""The datasets of pairs: what proposes a pair of each, and when a pair leaves, first by its text, then by its picture or clip.

ALIGN (Jia et al. 2021, section 3), LTIP and VTP (Alayrac et al. 2022, section 2.4). A dataset is one row of `MINED`.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import InterleavedDocument, Node
from lamella.schemas.pair import CandidatePair
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.rule import Found, Over, Rulebook, RuleScope, Under
from lamella.transforms.pair import candidates
from lamella.transforms.pair import measures as m
from lamella.transforms.pair.corpus import Candidate

_TEXTS = RuleScope(Stage.PROPOSE, Unit.PAIR, "pair", PairConfig)  # of candidates, before anything is fetched
_PAIRS = RuleScope(Stage.PAIR, Unit.PAIR, "pair", PairConfig)  # of pairs, whose picture or clip is there


def _languages_are_chosen(candidate: Candidate, limits: PairConfig) -> bool:
    return limits.languages is not None


# The page that a candidate is from. Of an unsafe page nothing is fetched.
_PAGE = (
    Found(Reason.OPTED_OUT, m.listed_page, "opt_out_list"),
    Found(Reason.UNSAFE_TEXT, m.unsafe_page, source="ours"),
    Found(Reason.WRONG_LANGUAGE, m.foreign_language, "languages"),
    Under(Reason.WRONG_LANGUAGE, m.language_score, "min_language_score", when=_languages_are_chosen),
)

ALIGN_TEXT_RULES = _TEXTS.book(
    "ALIGN, texts",
    *_PAGE,
    Found(Reason.ALT_IS_FILE_NAME, m.file_name, source="ours"),
    Under(Reason.ALT_TOO_SHORT, m.words, "min_alt_words"),
    Over(Reason.ALT_TOO_LONG, m.words, "max_alt_words"),
    Found(Reason.BOILERPLATE_TEXT, m.boilerplate, source="ours"),
    Over(Reason.ALT_TOO_COMMON, m.images_of_alt, "max_images_per_alt"),
    Found(Reason.RARE_TOKEN, m.rare_token, "max_vocabulary"),
)

LTIP_TEXT_RULES = _TEXTS.book(
    "LTIP, texts",
    *_PAGE,
    Over(Reason.CAPTION_TOO_LONG, m.characters, "max_caption_characters"),  # first: it bounds what counting words costs
    Found(Reason.ALT_IS_FILE_NAME, m.file_name, source="ours"),
    Under(Reason.CAPTION_TOO_SHORT, m.words, "ltip_min_words"),
    Found(Reason.BOILERPLATE_TEXT, m.boilerplate, source="ours"),
)

VTP_PAGE_RULES = _TEXTS.book("VTP, pages", *_PAGE)  # a clip's text may be its track's, which is not fetched yet

# A picture that is not fit to be described.
_PICTURE = (
    Under(Reason.IMAGE_TOO_SMALL, m.shorter_side_px, "min_side_px"),
    Over(Reason.ODD_ASPECT, m.aspect, "max_aspect"),
)

ALIGN_RULES = _PAIRS.book("ALIGN", *_PICTURE, Over(Reason.TOO_MANY_ALTS, m.alts_of_image, "max_alts_per_image"))
LTIP_RULES = _PAIRS.book("LTIP", *_PICTURE)

# The video must be short: one text cannot speak of the first seconds of a long one.
VTP_RULES = _PAIRS.book(
    "VTP",
    Under(Reason.ODD_DURATION, m.duration_s, "min_clip_s"),
    Over(Reason.ODD_DURATION, m.duration_s, "max_vtp_video_s"),
    Over(Reason.CAPTION_TOO_LONG, m.characters, "max_caption_characters"),
    Under(Reason.CAPTION_TOO_SHORT, m.words, "min_alt_words"),  # a clip's text is as short as an alt may be
)


class Mined(NamedTuple):
    """How the pairs of a dataset are made."""

    propose: Callable[[InterleavedDocument, Node, PairConfig], Iterable[CandidatePair]]  # of one node of a page
    text_rules: Rulebook  # on a candidate, before anything is fetched
    rules: Rulebook  # on a pair, whose picture or clip is there


MINED = {
    Dataset.ALIGN: Mined(candidates.alts, ALIGN_TEXT_RULES, ALIGN_RULES),
    Dataset.LTIP: Mined(candidates.captions, LTIP_TEXT_RULES, LTIP_RULES),
    Dataset.VTP: Mined(candidates.clips, VTP_PAGE_RULES, VTP_RULES),
}
TEXT_RULES = {dataset: mined.text_rules for dataset, mined in MINED.items()}
RULES = {dataset: mined.rules for dataset, mined in MINED.items()}

# Last, so that the copy that stays is one that breaks no rule.
COPY_RULES = _PAIRS.book("copies of a pair", Found(Reason.DUPLICATE_PAIR, m.better_copy, source="COYO"))
