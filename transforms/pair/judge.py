"""A candidate in, the pair or the Rejection that its dataset's rule table gives it out; and which of copies stays."""

from collections.abc import Iterable
from dataclasses import replace

from lamella.schemas.config import PairConfig
from lamella.schemas.pair import Dataset, Pair
from lamella.schemas.rejection import Reason, Rejection, Stage
from lamella.transforms.leaving import pair_leaves
from lamella.transforms.pair.align_rules import ALIGN_RULES
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.pair.ltip_rules import LTIP_RULES
from lamella.transforms.pair.vtp_rules import VTP_RULES
from lamella.transforms.rules import Rule, first_broken

DUPLICATE = Rule(
    Reason.DUPLICATE_PAIR,
    lambda candidate, limits: candidate.survivor not in ("", candidate.pair.key),
    lambda candidate, limits: candidate.survivor,
)
RULES = {Dataset.ALIGN: ALIGN_RULES, Dataset.LTIP: LTIP_RULES, Dataset.VTP: VTP_RULES}


def judge_candidate(candidate: Candidate, config: PairConfig) -> Iterable[Pair | Rejection]:
    """The pair, or why it leaves. Copies leave last, so that the copy that stays is one that breaks no rule."""
    pair = candidate.pair
    if broken := first_broken(candidate, (*RULES[pair.dataset], DUPLICATE), config):
        yield pair_leaves(Stage.PAIR, pair, broken)
    else:
        yield pair


def with_survivor(copies: Iterable[Candidate], config: PairConfig) -> Iterable[Candidate]:
    """Copies of one pair, each told which of them stays: of those that break no rule, the one with the smallest key."""
    copies = list(copies)
    if len(copies) == 1:
        return copies
    fit = (it.pair.key for it in copies if not first_broken(it, RULES[it.pair.dataset], config))
    survivor = min(fit, default="")
    return [replace(it, survivor=survivor) for it in copies]
