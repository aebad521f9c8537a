"""What CapFilt finds out: a synthetic caption for each picture, and how well a text and a picture match, each once a model.

BLIP (Li et al. 2022), section 3.3. Both are answers to keep: of a picture and a captioner with its sampling; of a picture, a
text and a matcher.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image

from lamella.schemas.config import CaptionConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Reason
from lamella.transforms.base.memory import Request
from lamella.transforms.base.sample_web import is_of_the_sample
from lamella.transforms.caption.models import Captioner, Matcher, load_captioner, load_matcher
from lamella.transforms.media.clips import BadVideo
from lamella.transforms.media.frames import Unseen, View, read_view, view_of
from lamella.transforms.media.pixels import BadImage
from lamella.transforms.media.store import MediaStore

DIGITS = 6
_SAMPLING = ("top_p", "min_tokens", "max_tokens", "repetition_penalty")  # what a caption depends on beside its captioner


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What a captioner says of a picture; `unseen` where it could not be decoded."""

    key: str
    model: str
    text: str = ""
    unseen: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The probability that a text and a picture belong together."""

    key: str
    model: str
    probability: float = 0.0
    unseen: Reason | None = None
    detail: str = ""


class Shown(NamedTuple):
    """A picture beside a text."""

    view: View
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A pair beside the caption of its picture."""

    pair: Pair
    caption: Caption

    @property
    def key(self) -> str:
        return self.pair.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Captioned:
    """A pair beside what captioner and matcher said of it; `unseen` where its picture could not be decoded."""

    pair: Pair
    synthetic_text: str = ""
    web_match: float = 0.0
    synthetic_match: float = 0.0
    captioner: str = ""
    matcher: str = ""
    may_stand: bool = True  # the synthetic text may be chosen
    unseen: Reason | None = None
    detail: str = ""

    @property
    def best_match(self) -> float:
        """Of the texts that may be chosen."""
        return max(self.web_match, self.synthetic_match) if self.may_stand else self.web_match

    @property
    def key(self) -> str:
        return self.pair.key

    @property
    def url(self) -> str:
        return self.pair.media.url


_ENDS = "cut captions end with a sentence"  # another word where `generate.finished` does otherwise: answers are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """The measure: requests of Views -> Captions."""

    config: CaptionConfig
    model_identity: str
    store: MediaStore

    @property
    def name(self) -> str:
        return "captions"

    @property
    def identity(self) -> str:
        return stable_key(self.model_identity, _ENDS, *(f"{name}={getattr(self.config, name)}" for name in _SAMPLING))

    @property
    def answer(self) -> type:
        return Caption

    @property
    def lot(self) -> int:
        return self.config.captioner.batch

    def load(self) -> Captioner:
        return load_captioner(self.config.captioner)

    def measure(self, requests: Sequence[Request], model: Captioner) -> Iterable[Caption]:
        """Raises BlobError where a picture's bytes cannot be had."""
        images: dict[str, Image.Image] = {}
        for request in requests:
            try:
                images[request.key] = read_view(request.what, self.store, model.image_size)
            except Unseen as error:
                yield Caption(key=request.key, model=model.label, unseen=error.reason, detail=error.detail)
        if images:
            _compute_with(self.config.captioner.threads)
            texts = model.captions(list(images.values()), list(images), self.config)
            for key, text in zip(images, texts, strict=True):
                yield Caption(key=key, model=model.label, text=text)


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
        """Raises BlobError where a picture's bytes cannot be had."""
        images: dict[str, Image.Image] = {}
        unseen: dict[str, BadImage | BadVideo] = {}
        for view in {request.what.view.key: request.what.view for request in requests}.values():
            try:
                images[view.key] = read_view(view, self.store, model.image_size)
            except Unseen as error:
                unseen[view.key] = error
        row = {key: index for index, key in enumerate(images)}
        shown = [request for request in requests if request.what.view.key in row]
        asked = [(row[request.what.view.key], request.what.text) for request in shown]
        _compute_with(self.config.matcher.threads)
        for request, probability in zip(shown, model.probabilities(list(images.values()), asked), strict=True):
            yield Match(key=request.key, model=model.label, probability=round(probability, DIGITS))
        for request in requests:
            if error := unseen.get(request.what.view.key):
                yield Match(key=request.key, model=model.label, unseen=error.reason, detail=error.detail)


def picture_of(pair: Pair) -> Iterable[Request]:
    """What is to be captioned of a pair. The key is also the dice: a picture's caption is the same in every run."""
    view = view_of(pair)
    yield Request(view.key, view)


def caption_key(pair: Pair) -> Iterable[str]:
    yield view_of(pair).key


def tell(pair: Pair, captions: Mapping[str, Caption]) -> Told:
    return Told(pair=pair, caption=captions[view_of(pair).key])


def shown_of(told: Told) -> Iterable[Request]:
    """The picture beside the web's text and beside the captioner's; nothing where it cannot be seen."""
    view = view_of(told.pair)
    for key, text in zip(match_keys(told), _texts(told), strict=True):
        yield Request(key, Shown(view, text))


def match_keys(told: Told) -> Iterable[str]:
    view = view_of(told.pair)
    for text in _texts(told):
        yield _match_key(view, text)


def say(told: Told, matches: Mapping[str, Match], config: CaptionConfig) -> Captioned:
    """All that both models said of a pair."""
    pair, caption, view = told.pair, told.caption, view_of(told.pair)
    for said in (caption, *(matches[key] for key in match_keys(told))):
        if said.unseen:
            return Captioned(pair=pair, unseen=said.unseen, detail=said.detail)

    def match(text: str) -> float:
        return matches[_match_key(view, text)].probability if text else 0.0

    return Captioned(
        pair=pair,
        synthetic_text=caption.text,
        web_match=match(pair.text),
        synthetic_match=match(caption.text),
        captioner=caption.model,
        matcher=min((one.model for one in matches.values()), default=""),
        may_stand=may_stand(pair, config),
    )


def may_stand(pair: Pair, config: CaptionConfig) -> bool:
    """Whether a synthetic text may stand for the web's: a bundled captioner's only on pages of the sample, unless configured.

    It knows coloured shapes on plain grounds, and says "Two rings on white" of a photograph. The bundled matcher, which knows
    no more, agrees often enough.
    """
    return not config.captioner.bundled or config.bundled_texts == "always" or is_of_the_sample(pair.page_url)


def _texts(told: Told) -> tuple[str, ...]:
    return () if told.caption.unseen else tuple(filter(None, dict.fromkeys((told.pair.text, told.caption.text))))


def _match_key(view: View, text: str) -> str:
    """Begins with the picture: its texts are matched in one batch, for which it is read once."""
    return f"{view.key} {stable_key(text)}"


def _compute_with(threads: int | None) -> None:
    """Sets torch's threads for the thread that computes; None leaves them."""
    if threads:
        import torch

        torch.set_num_threads(threads)
