"""A page -> its candidates; a candidate -> the same or its Rejection; copies -> the one that stays."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from lamella.schemas.config import PairConfig
from lamella.schemas.document import FilteredPage, ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.pair import CandidatePair, Pair
from lamella.schemas.rejection import Rejection, Stage
from lamella.transforms.base.reject import reject_pair
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.formats.language import detect_language
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.pair.figures import with_own_captions
from lamella.transforms.pair.rules import COPY_RULES, MINED, RULES, TEXT_RULES

_ALTS = 100  # of a page without text, whose language is asked for


def propose_pairs(page: InterleavedDocument, config: PairConfig) -> Iterable[CandidatePair]:
    """Candidates in reading order, of every picture and video that a page gives a text."""
    shown = [node for node in page.nodes if isinstance(node, ImageNode | VideoNode)]
    if not shown:
        return
    language = detect_language(page.text or "\n".join(node.alt for node in page.images[:_ALTS]))
    page = replace(page, language=language.code, language_score=language.score)
    for node in with_own_captions(shown):
        for mined in MINED.values():
            yield from mined.propose(page, node, config)


def propose_candidates(filtered: FilteredPage, config: PairConfig) -> Iterator[Candidate[CandidatePair]]:
    """`propose_pairs`, each beside what the filter found unsafe on its page."""
    for pair in propose_pairs(filtered.page, config):
        yield Candidate(pair=pair, unsafe=filtered.unsafe)


def judge_candidate(candidate: Candidate[CandidatePair], config: PairConfig) -> Iterable[CandidatePair | Rejection]:
    """The candidate, or why its text, or its page, is enough to say no."""
    pair = candidate.pair
    violation = apply_rules(TEXT_RULES[pair.dataset], candidate, config)
    yield reject_pair(Stage.PROPOSE, pair, violation) if violation else pair


def judge_pair(candidate: Candidate[Pair], config: PairConfig) -> Iterable[Pair | Rejection]:
    """The pair, or why it leaves."""
    pair = candidate.pair
    violation = apply_rules(RULES[pair.dataset], candidate, config) or apply_rules(COPY_RULES, candidate, config)
    yield reject_pair(Stage.PAIR, pair, violation) if violation else pair


def with_survivor(copies: Iterable[Candidate], config: PairConfig) -> Iterator[Candidate]:
    """Copies of one pair, each with the one that stays: of those that break no rule, the one with the smallest key.

    Iterates up to three times, and holds nothing: a logo with one alt is on millions of pages.
    """
    if sum(1 for _ in islice(copies, 2)) < 2:
        yield from copies
        return
    survivor = min((it.pair.key for it in copies if not apply_rules(RULES[it.pair.dataset], it, config)), default="")
    for it in copies:
        yield replace(it, survivor=survivor)
