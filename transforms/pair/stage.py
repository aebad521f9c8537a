"""ProposePairs: pages -> candidates, judged by their texts. MinePairs: candidates and media -> image-text and video-text pairs,
and what the rules of ALIGN, LTIP and VTP took out.

Counts over the whole corpus are joined with the pairs by key, never handed out as one big side input: an alt's and an
image's counts go to the (image, text) they concern, and a token's verdict goes only to the pairs that hold a rare
one. The vocabulary is cut by a histogram of counts, which is small however many tokens there are; its most frequent
tokens, which nearly every pair holds, are known to every worker, so that they are never shuffled with pairs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import apache_beam as beam
from apache_beam.transforms.combiners import Count
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import FilteredPage
from lamella.schemas.pair import CandidatePair, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Stage, Unit
from lamella.transforms.base.distinct import DistinctKeys
from lamella.transforms.base.join import Group, Join, as_it_is
from lamella.transforms.base.join_media import Found, MediaUser
from lamella.transforms.base.step import Outcome, Step
from lamella.transforms.pair.captions import normalised
from lamella.transforms.pair.corpus import Candidate, Floors, alt_key, copy_key, floors_of, image_of, tokens_of
from lamella.transforms.pair.judge import judge_candidate, judge_pair, propose_candidates, with_survivor
from lamella.transforms.pair.place import Joined, place_pair, urls_of

PairType = ImageTextPair | VideoTextPair


class ProposePairs(beam.PTransform):
    """PCollection of FilteredPage -> Outcome of CandidatePairs."""

    def __init__(self, config: PairConfig):
        super().__init__()
        self._config = config

    def expand(self, pages: beam.PCollection[FilteredPage]):
        config = self._config
        proposed = pages | Step(
            Stage.PROPOSE, propose_candidates, config, Candidate, counts=_nothing, units=_nothing, makes=True
        )
        facts = proposed.kept | "Corpus" >> _CorpusFacts(config)
        known = {"candidates": proposed.kept, **facts}
        keyed = {"candidates": _by_alt_key} | dict.fromkeys(facts, as_it_is)
        judged = (
            known
            | "JoinFacts" >> Join(keyed, _with_facts, Candidate)
            | Step(Stage.PROPOSE, judge_candidate, config, CandidatePair, counts=_nothing, makes=True)
        )
        # Candidates are counted once, where they are judged.
        counters = (proposed.counters, judged.counters) | "Counters" >> beam.Flatten()
        rejected = (proposed.rejected, judged.rejected) | "Rejected" >> beam.Flatten()
        return Outcome(judged.kept, rejected, counters)


class MinePairs(beam.PTransform):
    """PCollection of what CANDIDATES_USE gives -> Outcome of pairs."""

    def __init__(self, config: PairConfig):
        super().__init__()
        self._config = config

    def expand(self, joined: beam.PCollection[Joined]):
        config = self._config
        placed = joined | Step(Stage.PAIR, place_pair, config, PairType, counts=_one, leave=None)
        shown = placed.kept | "Shown" >> beam.FlatMap(_shown).with_output_types(tuple[str, str])
        image_alts = {"shown": shown} | "AltsOfImage" >> Join({"shown": as_it_is}, _alts_of_image, tuple[str, int])
        judged = (
            {"pairs": placed.kept, "image_alts": image_alts}
            | "JoinFacts" >> Join({"pairs": _by_copy_key, "image_alts": as_it_is}, partial(_copies, config), Candidate)
            | Step(Stage.PAIR, judge_pair, config, PairType, counts=_one, entry=None)
        )
        counters = (placed.counters, judged.counters) | "Counters" >> beam.Flatten()
        rejected = (placed.rejected, judged.rejected) | "Rejected" >> beam.Flatten()
        return Outcome(judged.kept, rejected, counters)


Counted = tuple[tuple[str, str, str], int]  # an alt or a token, and how many candidates have it


class _CorpusFacts(beam.PTransform):
    """Candidates -> {"alt_images": (alt key, images with that text), "rare_token": (alt key, a token beyond the vocabulary)}.

    All over the raw set of ALIGN. Alts and tokens are counted in one shuffle, and meet what they share in another.
    """

    def __init__(self, config: PairConfig):
        super().__init__()
        self._most, self._min = config.max_vocabulary, config.min_token_count

    def expand(self, candidates):
        counted = (
            candidates
            | "Alts" >> beam.FlatMap(_alt_and_tokens, tokens=self._most is not None).with_output_types(tuple[str, str, str])
            | Count.PerElement()
        )
        by = {"alts": _by_text}
        share = {"alts": counted | "AltsAlone" >> beam.FlatMap(_alt).with_output_types(tuple[str, str])}
        if self._most is not None:
            histograms = counted | "Histogram" >> beam.ParDo(_Histogram()).with_output_types(dict[int, int])
            tokens = counted | beam.ParDo(_Vocabulary(self._most, self._min), beam.pvalue.AsIter(histograms)).with_output_types(
                str, head=str
            ).with_outputs("head", main="rare")
            held = beam.ParDo(_BeyondHead(), beam.pvalue.AsIter(tokens.head)).with_output_types(tuple[str, str])
            by |= {"rare": _by_token, "beyond": _by_token_of}
            share |= {"rare": tokens.rare, "beyond": share["alts"] | "BeyondHead" >> held}
        outputs = {"rare_token": tuple[str, str]} if self._most is not None else {}
        gives = tuple[str, int]
        shared = share | "Shared" >> Join(by, _shared, gives, outputs=outputs, by=tuple[str, str])
        return {"alt_images": shared.main, "rare_token": shared.rare_token} if outputs else {"alt_images": shared}


class _Histogram(beam.DoFn):
    """Counted -> from a count to how many tokens were seen that often, once a bundle: small, however many tokens there are."""

    def start_bundle(self):
        self._kinds: Counter[int] = Counter()

    def process(self, counted: Counted):
        (key, _, _), count = counted
        if not key:
            self._kinds[count] += 1

    def finish_bundle(self):
        yield WindowedValue(dict(self._kinds), MIN_TIMESTAMP, [GlobalWindow()])


class _Vocabulary(beam.DoFn):
    """Counted -> the tokens beyond the vocabulary, and by the output `head` those that nearly every pair holds."""

    def __init__(self, most: int, min_count: int):
        self._most, self._min = most, min_count

    def start_bundle(self):
        self._floors: Floors | None = None

    def process(self, counted: Counted, histograms):
        (key, _, token), count = counted
        if key:
            return
        if self._floors is None:
            kinds: Counter[int] = Counter()
            for histogram in histograms:
                kinds.update(histogram)
            self._floors = floors_of(kinds, self._most, self._min)
        if count < self._floors.vocabulary:
            yield token
        if count >= self._floors.head:
            yield beam.pvalue.TaggedOutput("head", token)


class _BeyondHead(beam.DoFn):
    """An alt -> (token, alt key) for each of its tokens that nearly no other alt holds. The head is a set, once a bundle."""

    def start_bundle(self):
        self._head: frozenset[str] | None = None

    def process(self, alt: tuple[str, str], head) -> Iterator[tuple[str, str]]:
        if self._head is None:
            self._head = frozenset(head)
        text, key = alt
        for token in tokens_of(text):
            if token not in self._head:
                yield token, key


def _alt_and_tokens(candidate: Candidate, tokens: bool) -> Iterator[tuple[str, str, str]]:
    """(alt key, address, text) of one of ALIGN, whose raw set the counts are over, and ("", "", token) of each token."""
    pair = candidate.pair
    if pair.dataset is not Dataset.ALIGN:
        return
    yield alt_key(pair), pair.url, normalised(pair.text)
    for token in tokens_of(pair.text) if tokens else ():
        yield "", "", token


def _alt(counted: Counted) -> Iterable[tuple[str, str]]:
    """(text, alt key), each once."""
    (key, _, text), _ = counted
    return ((text, key),) if key else ()


def _by_text(alt: tuple[str, str]) -> Iterable[tuple[tuple[str, str], str]]:
    text, key = alt
    return ((("alt", text), key),)


def _by_token(token: str) -> Iterable[tuple[tuple[str, str], bool]]:
    return ((("token", token), True),)


def _by_token_of(held: tuple[str, str]) -> Iterable[tuple[tuple[str, str], str]]:
    token, key = held
    return ((("token", token), key),)


def _shared(by: tuple[str, str], found: Group) -> Iterator[Any]:
    """Facts of what has a text, or a token, in common."""
    kind, token = by
    if kind == "alt":
        yield from _sizes(found["alts"])
    elif found.first("rare"):
        for key in found["beyond"]:
            yield beam.pvalue.TaggedOutput("rare_token", (key, token))


def _by_alt_key(candidate: Candidate) -> Iterable[tuple[str, Candidate]]:
    return ((alt_key(candidate.pair), candidate),)


def _by_copy_key(pair: PairType) -> Iterable[tuple[str, PairType]]:
    return ((copy_key(pair), pair),)


def _alts_of_image(_: str, found: Group) -> Iterator[tuple[str, int]]:
    """(copy key, alts of its image). Iterates twice, and tells a key again only where there are too many to know all."""
    count, told = len(DistinctKeys(found["shown"])), DistinctKeys()
    for key in found["shown"]:
        if told.add(key):
            yield key, count


def _sizes(members: Iterable[str]) -> Iterator[tuple[str, int]]:
    """(member, size of its group). Iterates twice, holds nothing."""
    size = sum(1 for _ in members)
    for member in members:
        yield member, size


def _with_facts(_: str, found: Group) -> Iterator[Candidate]:
    facts = {"alt_images": found.first("alt_images", 1)}
    if "rare_token" in found.names:
        facts["rare_token"] = min(found["rare_token"], default="")  # the first in order
    for candidate in found["candidates"]:
        yield replace(candidate, **facts)


class _Copies:
    """Copies of one pair, each with what the corpus says of its image; can be read several times."""

    def __init__(self, found: Group):
        self._pairs, self._image_alts = found["pairs"], found.first("image_alts", 1)

    def __iter__(self) -> Iterator[Candidate]:
        return (Candidate(pair=pair, image_alts=self._image_alts) for pair in self._pairs)


def _copies(config: PairConfig, _: str, found: Group) -> Iterable[Candidate]:
    return with_survivor(_Copies(found), config)


def _joined(candidate: CandidatePair, found: Found) -> Joined:
    return Joined(candidate=candidate, found=found)


CANDIDATES_USE = MediaUser(urls_of, _joined, Joined)


def _shown(pair: PairType) -> Iterable[tuple[str, str]]:
    """(image, copy key) of a pair of ALIGN."""
    return ((image_of(pair), copy_key(pair)),) if pair.dataset is Dataset.ALIGN else ()


def _nothing(record: object):
    return ()


def _one(record: object):
    return ((Unit.PAIR, 1),)
