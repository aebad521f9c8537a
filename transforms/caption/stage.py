"""CaptionPictures: pairs -> synthetic pairs, one for each picture. MatchPairs: pairs -> the same with the probability that text
and picture match. KeepTexts: those -> the pairs whose text matches, and why the others leave (CapFilt)."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import apache_beam as beam

from lamella.schemas.account import CounterKind, units_of
from lamella.schemas.config import CaptionConfig, ModelConfig
from lamella.schemas.pair import ImageTextPair, VideoTextPair, is_synthetic
from lamella.schemas.rejection import Stage
from lamella.transforms.base.join import Group, Join
from lamella.transforms.base.memory import Measure
from lamella.transforms.base.remembered import Ask, Asking, Recalled, Remembered, RememberedModel
from lamella.transforms.base.step import Step
from lamella.transforms.caption.captions import (
    Caption,
    Captions,
    first,
    picture_key,
    picture_of,
    speaks_for,
    synthetic_pair,
    tell,
)
from lamella.transforms.caption.judge import beside_others, judge_text
from lamella.transforms.caption.matches import Match, Matched, Matches, shown_of, with_match
from lamella.transforms.media.store import MediaStore
from lamella.weights.precision import pick_precision

PairType = ImageTextPair | VideoTextPair


class CaptionPictures(beam.PTransform):
    """{"records": pairs, "captions": what is known} -> Recalled of synthetic pairs, one for each picture. They are judged with
    the others.

    Args:
        config: the captioner, and how it searches for words.
        store: where media lie, and how they are read.
        captioner: where answers are kept, and under what.
    """

    def __init__(self, config: CaptionConfig, store: MediaStore, captioner: RememberedModel):
        super().__init__()
        self._config, self._captioner = _decided(config), captioner
        self._captions = Captions(config=self._config, model_identity=captioner.identity, store=store)

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self._captions,)

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        ask = Ask(measure=self._captions, asked_of=partial(_asked_caption, self._config), settled=_one_of_each_dataset)
        return inputs | Remembered([ask], _synthetic, PairType, **self._captioner.where())


class MatchPairs(beam.PTransform):
    """{"records": pairs, web and synthetic, "matches": what is known} -> Recalled of Matched, one a pair.

    Args:
        config: the matcher.
        store: where media lie, and how they are read.
        matcher: where answers are kept, and under what.
    """

    def __init__(self, config: CaptionConfig, store: MediaStore, matcher: RememberedModel):
        super().__init__()
        self._matcher = matcher
        self._matches = Matches(config=_decided(config), identity=matcher.identity, store=store)

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self._matches,)

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        ask = Ask(measure=self._matches, asked_of=_asked_match)
        recalled = inputs | Remembered([ask], _matched, Matched, **self._matcher.where())
        wordless = inputs["records"] | "Wordless" >> beam.FlatMap(_wordless).with_output_types(Matched)
        return Recalled((recalled.answers, wordless) | "Matched" >> beam.Flatten(), recalled.counts)


class KeepTexts(beam.PTransform):
    """PCollection of Matched -> Outcome of pairs. Synthetic ones come into being here: the account counts them as made."""

    def __init__(self, config: CaptionConfig):
        super().__init__()
        self._config = config

    def expand(self, matched: beam.PCollection[Matched]):
        beside = partial(_beside_others, self._config)
        texts = {"texts": matched} | "BesideOthers" >> Join({"texts": _by_picture}, beside, Matched)
        return texts | Step(Stage.CAPTION, judge_text, self._config, PairType, counts=_units, entry=_entry)


def _decided(config: CaptionConfig) -> CaptionConfig:
    """With the precision that each model has on this machine."""
    roles: dict[str, ModelConfig] = {"captioner": config.captioner, "matcher": config.matcher}
    precise = {
        role: model.model_copy(update={"precision": pick_precision(model.precision, model.device)})
        for role, model in roles.items()
    }
    return config.model_copy(update=precise)


def _asked_caption(config: CaptionConfig, pair: PairType) -> Iterator[Asking]:
    for _, one in speaks_for(pair, config):
        for request in picture_of(one):
            yield request, one


def _one_of_each_dataset(askings: Iterable[Asking]) -> Iterable[Asking]:
    """A picture's texts are many; one pair of each dataset speaks for it."""
    chosen: dict[str, Asking] = {}
    for asking in askings:
        dataset = asking[1].dataset
        known = chosen.setdefault(dataset, asking)
        if first((known[1], asking[1])) is asking[1]:
            chosen[dataset] = asking
    return iter(chosen.values())


def _synthetic(pair: PairType, caption: Caption) -> Iterable[PairType]:
    return synthetic_pair(tell(pair, {caption.key: caption}))


def _asked_match(pair: PairType) -> Iterator[Asking]:
    for request in shown_of(pair):
        yield request, pair


def _matched(pair: PairType, found: Match) -> Iterable[Matched]:
    return (with_match(pair, {found.key: found}),)


def _wordless(pair: PairType) -> Iterable[Matched]:
    """What has no text asks nothing, and is judged all the same."""
    return () if any(shown_of(pair)) else (with_match(pair, {}),)


def _by_picture(matched: Matched) -> Iterable[tuple[str, Matched]]:
    return ((picture_key(matched.pair), matched),)


def _beside_others(config: CaptionConfig, picture: str, found: Group) -> Iterable[Matched]:
    return beside_others(found["texts"], config)


def _entry(matched: Matched) -> CounterKind:
    return CounterKind.MADE if is_synthetic(matched.pair) else CounterKind.IN


def _units(matched: Matched):
    return units_of(matched.pair)
