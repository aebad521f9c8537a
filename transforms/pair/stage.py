"""MinePairs: documents -> image-text and video-text pairs, and what the rules of ALIGN, LTIP and VTP took out.

Counts over the whole corpus are joined with the pairs by key, never handed out as one big side input: an alt's and an
image's counts go to the (dataset, image, text) they concern, and a token's verdict goes only to the pairs that hold a rare
one. The vocabulary is cut by a histogram of counts, which is small however many tokens there are; its most frequent
tokens, which nearly every pair holds, are known to every worker, so that they are never shuffled with pairs.
"""

import apache_beam as beam
from apache_beam.transforms.combiners import Count, ToDict

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Stage
from lamella.transforms.base.step import Outcome, Step
from lamella.transforms.pair.captions import normalised
from lamella.transforms.pair.corpus import Candidate, Floors, copy_key, floors_of, image_of, tokens_of
from lamella.transforms.pair.judge import judge_candidate, propose_pairs, with_survivor

PairType = ImageTextPair | VideoTextPair


class MinePairs(beam.PTransform):
    """PCollection[InterleavedDocument] -> Outcome of pairs. Documents and their nodes pass through the account."""

    def __init__(self, config: PairConfig):
        super().__init__()
        self._config = config

    def expand(self, documents: beam.PCollection[InterleavedDocument]):
        proposed = documents | Step(Stage.PAIR, propose_pairs, self._config, PairType, units=_none, makes=True)
        raw = proposed.kept | "ByCopyKey" >> beam.WithKeys(copy_key).with_output_types(tuple[str, PairType])
        facts = {"pairs": raw} | "Facts" >> _CorpusFacts(self._config)
        judged = (
            {"pairs": raw, **facts}
            | "JoinFacts" >> beam.CoGroupByKey()
            | "Candidates" >> beam.FlatMap(_candidates, self._config).with_output_types(Candidate)
            | Step(Stage.PAIR, judge_candidate, self._config, PairType, counts=_none, makes=True)
        )
        # Candidates are counted as pairs once, where they are judged.
        counters = (proposed.counters, judged.counters) | "Counters" >> beam.Flatten()
        rejected = (proposed.rejected, judged.rejected) | "Rejected" >> beam.Flatten()
        return Outcome(judged.kept, rejected, counters)


class _CorpusFacts(beam.PTransform):
    """ALIGN pairs by copy key -> by copy key: `alt_images`, `image_alts`, `rare_token`."""

    def __init__(self, config: PairConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        align = inputs["pairs"] | "Align" >> beam.Filter(_is_align)
        alts = align | "Alts" >> beam.MapTuple(_alt).with_output_types(tuple[str, str, str]) | beam.Distinct()
        by_alt = alts | "ByAlt" >> beam.MapTuple(lambda key, image, text: (text, key))
        by_image = alts | "ByImage" >> beam.MapTuple(lambda key, image, text: (image, key))
        facts = {
            "alt_images": by_alt | "ImagesOfAlt" >> _SizeOfGroup(),
            "image_alts": by_image | "AltsOfImage" >> _SizeOfGroup(),
        }
        if self._config.max_vocabulary is None:
            return facts
        tokens = align | "Tokens" >> beam.FlatMapTuple(lambda key, pair: tokens_of(pair.text)).with_output_types(str)
        facts["rare_token"] = {"tokens": tokens, "alts": alts} | "RareTokens" >> _RareTokens(self._config)
        return facts


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


def _alt(key: str, pair: ImageTextPair) -> tuple[str, str, str]:
    return key, image_of(pair), normalised(pair.text)


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


def _candidates(joined: tuple[str, dict], config: PairConfig):
    _, group = joined
    facts = {name: group[name][0] for name in ("alt_images", "image_alts", "rare_token") if group.get(name)}
    copies = (Candidate(pair=pair, **facts) for pair in group["pairs"])
    return with_survivor(copies, config)


def _is_align(keyed) -> bool:
    return keyed[1].dataset is Dataset.ALIGN


def _none(candidate: Candidate | PairType):
    return ()
