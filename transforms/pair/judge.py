"""A document in, its candidates out; a candidate in, the pair or its Rejection out; and which of copies stays."""

from collections.abc import Iterable
from dataclasses import replace

from lamella.schemas.config import PairConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Rejection, Stage
from lamella.transforms.base.reject import reject_pair
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.pair.rules import COPY_RULES, MINED, RULES


def propose_pairs(document: InterleavedDocument, config: PairConfig) -> Iterable[Pair]:
    """Candidates in reading order; a node without media or without text proposes none."""
    for node in document.nodes:
        if isinstance(node, ImageNode | VideoNode) and node.media:
            for mined in MINED.values():
                yield from mined.propose(document, node, config)


def judge_candidate(candidate: Candidate, config: PairConfig) -> Iterable[Pair | Rejection]:
    """The pair, or why it leaves."""
    pair = candidate.pair
    violation = apply_rules(RULES[pair.dataset], candidate, config) or apply_rules(COPY_RULES, candidate, config)
    yield reject_pair(Stage.PAIR, pair, violation) if violation else pair


def with_survivor(copies: Iterable[Candidate], config: PairConfig) -> Iterable[Candidate]:
    """Copies of one pair, each told which of them stays: of those that break no rule, the one with the smallest key."""
    copies = list(copies)
    if len(copies) == 1:
        return copies
    fit = (it.pair.key for it in copies if not apply_rules(RULES[it.pair.dataset], it, config))
    survivor = min(fit, default="")
    return [replace(it, survivor=survivor) for it in copies]
