"""ProposePairs: pages -> candidates, judged by what their texts say. MinePairs: candidates and media -> image-text and
video-text pairs, and what the rules of ALIGN, LTIP and VTP took out.

Counts over the whole corpus are joined with the pairs by key, never handed out as one big side input: an alt's and an
image's counts go to the (image, text) they concern, and a token's verdict goes only to the pairs that hold a rare
one. The vocabulary is cut by a histogram of counts, which is small however many tokens there are; its most frequent
tokens, which nearly every pair holds, are known to every worker, so that they are never shuffled with pairs.
"""

from dataclasses import replace

import apache_beam as beam
from apache_beam.transforms.combiners import Count, ToDict

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.pair import CandidatePair, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection, Stage, Unit
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
        raw = proposed.kept | "ByAltKey" >> beam.WithKeys(alt_key).with_output_types(tuple[str, CandidatePair])
        align = raw | "Align" >> beam.Filter(_is_align)
        alts = align | "Alts" >> beam.MapTuple(_alt).with_output_types(tuple[str, str, str]) | beam.Distinct()
        by_alt = alts | "ByAlt" >> beam.MapTuple(lambda key, image, text: (text, key))
        facts = {"alt_images": by_alt | "ImagesOfAlt" >> _SizeOfGroup()}
        if config.max_vocabulary is not None:
            tokens = align | "Tokens" >> beam.FlatMapTuple(lambda key, pair: tokens_of(pair.text)).with_output_types(str)
            facts["rare_token"] = {"tokens": tokens, "alts": alts} | "RareTokens" >> _RareTokens(config)
        known = (
            {"pairs": raw, **facts}
            | "JoinFacts" >> beam.CoGroupByKey()
            | "Candidates" >> beam.FlatMap(_candidates).with_output_types(Candidate)
        )
        by_page = known | "ByPage" >> beam.Map(_by_page).with_output_types(tuple[str, Candidate])
        unsafe = inputs["unsafe"] | "UnsafeByPage" >> beam.Map(_left_for).with_output_types(tuple[str, str])
        judged = (
            {"candidates": by_page, "unsafe": unsafe}
            | "JoinUnsafe" >> beam.CoGroupByKey()
            | "WithUnsafe" >> beam.FlatMapTuple(_with_unsafe).with_output_types(Candidate)
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
        raw = placed.kept | "ByCopyKey" >> beam.WithKeys(copy_key).with_output_types(tuple[str, PairType])
        alts = raw | "Align" >> beam.Filter(_is_align) | "Alts" >> beam.MapTuple(_shown) | beam.Distinct()
        by_image = alts | "ByImage" >> beam.MapTuple(lambda key, image: (image, key)).with_output_types(tuple[str, str])
        judged = (
            {"pairs": raw, "image_alts": by_image | "AltsOfImage" >> _SizeOfGroup()}
            | "JoinFacts" >> beam.CoGroupByKey()
            | "Candidates" >> beam.FlatMap(_copies, config).with_output_types(Candidate)
            | Step(Stage.PAIR, judge_pair, config, PairType, counts=_one, entry=None)
        )
        counters = (placed.counters, judged.counters) | "Counters" >> beam.Flatten()
        rejected = (placed.rejected, judged.rejected) | "Rejected" >> beam.Flatten()
        return Outcome(judged.kept, rejected, counters)


class _SizeOfGroup(beam.PTransform):
    """(group, member) -> (member, size of its group)."""

    def expand(self, keyed):
        return keyed | beam.GroupByKey() | beam.FlatMapTuple(_sizes).with_output_types(tuple[str, int])


class _RareTokens(beam.PTransform):
    """Tokens of the raw set, and its alts -> (copy key, the first of its tokens that is outside the vocabulary)."""

    def __init__(self, config: PairConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        counts = inputs["tokens"] | "Count" >> Count.PerElement()
        floors = (
            counts
            | "Counts" >> beam.MapTuple(lambda token, count: (count, 1))
            | "Histogram" >> beam.CombinePerKey(sum)
            | ToDict()
            | "Floors" >> beam.Map(floors_of, self._config.max_vocabulary, self._config.min_token_count)
        )
        floors = beam.pvalue.AsSingleton(floors)
        rare = counts | "Rare" >> beam.FlatMap(_rare, floors).with_output_types(tuple[str, bool])
        head = counts | "Head" >> beam.FlatMap(_head, floors).with_output_types(str) | beam.combiners.ToSet()
        beyond = inputs["alts"] | "BeyondHead" >> beam.FlatMap(_beyond_head, beam.pvalue.AsSingleton(head)).with_output_types(
            tuple[str, str]
        )
        return (
            {"rare": rare, "keys": beyond}
            | "JoinRare" >> beam.CoGroupByKey()
            | "KeysOfRare" >> beam.FlatMapTuple(_keys_of_rare).with_output_types(tuple[str, str])
            | "FirstRare" >> beam.CombinePerKey(min)
        )


def _alt(key: str, pair: CandidatePair) -> tuple[str, str, str]:
    return key, pair.url, normalised(pair.text)


def _sizes(group: str, members):
    size = sum(1 for _ in members)
    for member in members:  # grouped values may be read again: they are never held
        yield member, size


def _rare(counted: tuple[str, int], floors: Floors):
    token, count = counted
    if count < floors.vocabulary:
        yield token, True


def _head(counted: tuple[str, int], floors: Floors):
    token, count = counted
    if count >= floors.head:
        yield token


def _beyond_head(alt: tuple[str, str, str], head: set[str]):
    key, _, text = alt
    for token in tokens_of(text):
        if token not in head:
            yield token, key


def _keys_of_rare(token: str, group: dict):
    if group["rare"]:
        for key in group["keys"]:
            yield key, token


def _candidates(joined: tuple[str, dict]):
    _, group = joined
    facts = {name: group[name][0] for name in ("alt_images", "rare_token") if group.get(name)}
    for pair in group["pairs"]:
        yield Candidate(pair=pair, **facts)


def _copies(joined: tuple[str, dict], config: PairConfig):
    _, group = joined
    facts = {"image_alts": group["image_alts"][0]} if group["image_alts"] else {}
    return with_survivor((Candidate(pair=pair, **facts) for pair in group["pairs"]), config)


def _by_page(candidate: Candidate) -> tuple[str, Candidate]:
    return candidate.pair.document, candidate


def _left_for(gone: Rejection) -> tuple[str, str]:
    return gone.key, gone.says or gone.reason.value


def _with_unsafe(_: str, group: dict):
    unsafe = min(group["unsafe"], default="")
    for candidate in group["candidates"]:
        yield replace(candidate, unsafe=unsafe) if unsafe else candidate


def _joined(candidate: CandidatePair, found: Found) -> Joined:
    return Joined(candidate=candidate, found=found)


CANDIDATES_USE = MediaUser(urls_of, _joined, Joined)


def _shown(key: str, pair: ImageTextPair) -> tuple[str, str]:
    return key, image_of(pair)


def _is_align(keyed) -> bool:
    return keyed[1].dataset is Dataset.ALIGN


def _nothing(record: object):
    return ()


def _one(record: object):
    return ((Unit.PAIR, 1),)
