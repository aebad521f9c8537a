"""ProposePairs: pages -> candidates, judged by what their texts say. MinePairs: candidates and media -> image-text and
video-text pairs, and what the rules of ALIGN, LTIP and VTP took out.

Counts over the whole corpus are joined with the pairs by key, never handed out as one big side input: an alt's and an
image's counts go to the (image, text) they concern, and a token's verdict goes only to the pairs that hold a rare
one. The vocabulary is cut by a histogram of counts, which is small however many tokens there are; its most frequent
tokens, which nearly every pair holds, are known to every worker, so that they are never shuffled with pairs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import apache_beam as beam
from apache_beam.transforms.combiners import Count

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.pair import CandidatePair, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection, Stage, Unit
from lamella.transforms.base.join import Group, Join, as_it_is
from lamella.transforms.base.join_media import Found, MediaUser
from lamella.transforms.base.step import Outcome, Step
from lamella.transforms.pair.captions import normalised
from lamella.transforms.pair.corpus import Candidate, Floors, alt_key, copy_key, floors_of, image_of, tokens_of
from lamella.transforms.pair.judge import judge_candidate, judge_pair, propose_pairs, with_survivor
from lamella.transforms.pair.place import Joined, place_pair, urls_of

PairType = ImageTextPair | VideoTextPair


class ProposePairs(beam.PTransform):
    """{"pages", "unsafe"} -> Outcome of CandidatePairs. `unsafe` are the filter's Rejections of pages that are not safe."""

    def __init__(self, config: PairConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        config = self._config
        proposed = inputs["pages"] | Step(
            Stage.PROPOSE, propose_pairs, config, CandidatePair, counts=_nothing, units=_nothing, makes=True
        )
        alts = proposed.kept | "Alts" >> beam.FlatMap(_alt).with_output_types(tuple[str, str, str]) | beam.Distinct()
        facts = {"alt_images": {"alts": alts} | "ImagesOfAlt" >> Join({"alts": _by_text}, _sizes, tuple[str, int])}
        if config.max_vocabulary is not None:
            facts["rare_token"] = {"candidates": proposed.kept, "alts": alts} | "RareTokens" >> _RareTokens(
                config.max_vocabulary, config.min_token_count
            )
        keyed = {"pairs": _by_alt_key} | dict.fromkeys(facts, as_it_is)
        known = {"pairs": proposed.kept, **facts} | "JoinFacts" >> Join(keyed, _candidates, Candidate)
        judged = (
            {"candidates": known, "unsafe": inputs["unsafe"]}
            | "JoinUnsafe" >> Join({"candidates": _by_page, "unsafe": _left_for}, _with_unsafe, Candidate)
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
        shown = placed.kept | "Shown" >> beam.FlatMap(_shown).with_output_types(tuple[str, str]) | beam.Distinct()
        image_alts = {"shown": shown} | "AltsOfImage" >> Join({"shown": as_it_is}, _sizes, tuple[str, int])
        judged = (
            {"pairs": placed.kept, "image_alts": image_alts}
            | "JoinFacts" >> Join({"pairs": _by_copy_key, "image_alts": as_it_is}, partial(_copies, config), Candidate)
            | Step(Stage.PAIR, judge_pair, config, PairType, counts=_one, entry=None)
        )
        counters = (placed.counters, judged.counters) | "Counters" >> beam.Flatten()
        rejected = (placed.rejected, judged.rejected) | "Rejected" >> beam.Flatten()
        return Outcome(judged.kept, rejected, counters)


class _RareTokens(beam.PTransform):
    """Candidates of the raw set, and their alts -> (alt key, a token of it that is outside the vocabulary)."""

    def __init__(self, max_vocabulary: int, min_count: int):
        super().__init__()
        self._vocabulary = max_vocabulary, min_count

    def expand(self, inputs):
        counts = inputs["candidates"] | "Tokens" >> beam.FlatMap(_tokens).with_output_types(str) | Count.PerElement()
        floors = beam.pvalue.AsSingleton(
            counts
            | "Counts" >> beam.MapTuple(_seen).with_output_types(tuple[int, dict[int, int]])
            | "Histogram" >> beam.CombinePerKey(_sum_histograms)
            | "Floors" >> beam.Map(_floors, *self._vocabulary)
        )
        rare = counts | "Rare" >> beam.FlatMap(_rare, floors).with_output_types(tuple[str, bool])
        head = counts | "Head" >> beam.FlatMap(_head, floors).with_output_types(str)
        beyond = inputs["alts"] | "BeyondHead" >> beam.ParDo(_BeyondHead(), beam.pvalue.AsIter(head))
        known = {"rare": rare, "keys": beyond}
        return known | "JoinRare" >> Join({"rare": as_it_is, "keys": as_it_is}, _keys_of_rare, tuple[str, str])


class _BeyondHead(beam.DoFn):
    """An alt -> (token, alt key) for each of its tokens that nearly no other alt holds. The head is a set, once a bundle."""

    def start_bundle(self):
        self._head: frozenset[str] | None = None

    def process(self, alt: tuple[str, str, str], head) -> Iterator[tuple[str, str]]:
        if self._head is None:
            self._head = frozenset(head)
        key, _, text = alt
        for token in tokens_of(text):
            if token not in self._head:
                yield token, key


def _alt(pair: CandidatePair) -> Iterable[tuple[str, str, str]]:
    """(alt key, address, text) of a candidate of ALIGN, whose raw set the counts are over."""
    return ((alt_key(pair), pair.url, normalised(pair.text)),) if pair.dataset is Dataset.ALIGN else ()


def _tokens(pair: CandidatePair) -> Iterable[str]:
    return tokens_of(pair.text) if pair.dataset is Dataset.ALIGN else ()


def _by_text(alt: tuple[str, str, str]) -> Iterable[tuple[str, str]]:
    key, _, text = alt
    return ((text, key),)


def _by_alt_key(pair: CandidatePair) -> Iterable[tuple[str, CandidatePair]]:
    return ((alt_key(pair), pair),)


def _by_copy_key(pair: PairType) -> Iterable[tuple[str, PairType]]:
    return ((copy_key(pair), pair),)


def _sizes(_: str, found: Group) -> Iterator[tuple[str, int]]:
    """(member, size of its group), of the one kind that there is. Iterates twice, holds nothing."""
    (name,) = found.names
    size = sum(1 for _ in found[name])
    for member in found[name]:
        yield member, size


def _seen(token: str, count: int) -> tuple[int, dict[int, int]]:
    return 0, {count: 1}


def _sum_histograms(histograms: Iterable[dict[int, int]]) -> dict[int, int]:
    """From a count to how many tokens were seen that often: small, however many tokens there are."""
    total: dict[int, int] = {}
    for histogram in histograms:
        for count, kinds in histogram.items():
            total[count] = total.get(count, 0) + kinds
    return total


def _floors(histogram: tuple[int, dict[int, int]], max_vocabulary: int, min_count: int) -> Floors:
    return floors_of(histogram[1], max_vocabulary, min_count)


def _rare(counted: tuple[str, int], floors: Floors) -> Iterable[tuple[str, bool]]:
    token, count = counted
    return ((token, True),) if count < floors.vocabulary else ()


def _head(counted: tuple[str, int], floors: Floors) -> Iterable[str]:
    token, count = counted
    return (token,) if count >= floors.head else ()


def _keys_of_rare(token: str, found: Group) -> Iterable[tuple[str, str]]:
    return ((key, token) for key in found["keys"]) if found.first("rare") else ()


def _candidates(_: str, found: Group) -> Iterator[Candidate]:
    facts = {"alt_images": found.first("alt_images", 1)}
    if "rare_token" in found.names:
        facts["rare_token"] = min(found["rare_token"], default="")  # the first in order
    for pair in found["pairs"]:
        yield Candidate(pair=pair, **facts)


class _Copies:
    """Copies of one pair, beside what the corpus says of their image, as often as they are asked for."""

    def __init__(self, found: Group):
        self._pairs, self._image_alts = found["pairs"], found.first("image_alts", 1)

    def __iter__(self) -> Iterator[Candidate]:
        return (Candidate(pair=pair, image_alts=self._image_alts) for pair in self._pairs)


def _copies(config: PairConfig, _: str, found: Group) -> Iterable[Candidate]:
    return with_survivor(_Copies(found), config)


def _by_page(candidate: Candidate) -> Iterable[tuple[str, Candidate]]:
    return ((candidate.pair.document, candidate),)


def _left_for(gone: Rejection) -> Iterable[tuple[str, str]]:
    return ((gone.key, gone.says or gone.reason.value),)


def _with_unsafe(_: str, found: Group) -> Iterator[Candidate]:
    unsafe = min(found["unsafe"], default="")
    for candidate in found["candidates"]:
        yield replace(candidate, unsafe=unsafe) if unsafe else candidate


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
