"""Pairs -> each with the probability that its text and its picture match, computed once for a picture, text and matcher.

Texts of the web and synthetic texts are treated alike: each pair is judged by its own text alone (BLIP, section 3.3).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import Image

from lamella.schemas.config import CaptionConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.pair import Pair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason
from lamella.transforms.base.memory import Request
from lamella.transforms.caption.models import Matcher, load_matcher
from lamella.transforms.caption.threads import compute_with
from lamella.transforms.media.frames import Frame, Unseen, frame_of, read_frame
from lamella.transforms.media.store import MediaStore

DIGITS = 6


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The probability that a text and a picture belong together; `unseen` where the picture could not be decoded."""

    key: str
    model: str
    probability: float = 0.0
    unseen: Reason | None = None
    detail: str = ""


class Shown(NamedTuple):
    """A picture beside a text."""

    frame: Frame
    text: str


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A matched pair, and the other pair of its picture that stays in its place, if any."""

    pair: Pair  # with `match` and `matcher`, where there is a text and a picture
    unseen: Reason | None = None
    detail: str = ""
    copied: str = ""  # key of the pair that says the same
    other: str = ""  # key of the pair that `caption.keep` prefers

    @property
    def key(self) -> str:
        return self.pair.key

    @property
    def url(self) -> str:
        return self.pair.media.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The measure: requests of Shown -> Matches."""

    config: CaptionConfig
    identity: str
    store: MediaStore

    @property
    def name(self) -> str:
        return "matches"

    @property
    def answer(self) -> type:
        return Match

    @property
    def lot(self) -> int:
        return self.config.matcher.batch

    def load(self) -> Matcher:
        return load_matcher(self.config.matcher)

    def measure(self, requests: Sequence[Request], model: Matcher) -> Iterable[Match]:
        """Raises BlobError if a picture's bytes cannot be read."""
        images: dict[str, Image.Image] = {}
        unseen: dict[str, Match] = {}
        for frame in {request.what.frame.key: request.what.frame for request in requests}.values():
            try:
                images[frame.key] = read_frame(frame, self.store, model.image_size)
            except Unseen as error:
                unseen[frame.key] = Match(key="", model=model.label, unseen=error.reason, detail=error.detail)
        yield from (
            replace(unseen[request.what.frame.key], key=request.key) for request in requests if request.what.frame.key in unseen
        )
        asked = [request for request in requests if request.what.frame.key in images]
        if asked:
            row = {key: index for index, key in enumerate(images)}
            compute_with(self.config.matcher.threads)
            found = model.probabilities(
                list(images.values()), [(row[request.what.frame.key], request.what.text) for request in asked]
            )
            for request, probability in zip(asked, found, strict=True):
                yield Match(key=request.key, model=model.label, probability=round(probability, DIGITS))


def shown_of(pair: Pair) -> Iterable[Request]:
    """What is to be matched of a pair: nothing, where its captioner said nothing."""
    yield from (Request(key, Shown(frame_of(pair), pair.text)) for key in match_keys(pair))


def match_keys(pair: Pair) -> Iterable[str]:
    """Begins with the picture: its texts are matched in one batch, for which it is read once."""
    if pair.text:
        yield f"{frame_of(pair).key} {stable_key(pair.text)}"


def with_match(pair: Pair, matches: Mapping[str, Match]) -> Matched:
    for match in matches.values():
        if match.unseen:
            return Matched(pair=pair, unseen=match.unseen, detail=match.detail)
        return Matched(pair=replace(pair, match=match.probability, matcher=match.model))
    return Matched(pair=pair)
