"""Pairs -> for each picture a pair with a synthetic text. Each picture is captioned once for each captioner.

BLIP (Li et al. 2022), section 3.3: the synthetic text is a pair of its own beside the pairs of the web's texts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from lamella.schemas.config import CaptionConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.pair import CaptionSource, Pair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason
from lamella.transforms.base.memory import Request
from lamella.transforms.base.sample_web import is_of_the_sample
from lamella.transforms.caption.models import Captioner, load_captioner
from lamella.transforms.caption.threads import compute_with
from lamella.transforms.media.frames import Unseen, frame_of, read_frame
from lamella.transforms.media.store import MediaStore

# Another word where `phrases` does otherwise: answers are remembered.
_ENDS = "cut captions end with a whole phrase, no caption with a full stop"
# What a caption depends on beside its picture and its captioner.
_SEARCH = {
    "nucleus": ("min_tokens", "max_tokens", "repetition_penalty", "top_p"),
    "beam": ("min_tokens", "max_tokens", "repetition_penalty", "beams"),
}


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What a captioner says of a picture; `unseen` where it could not be decoded."""

    key: str
    model: str
    text: str = ""  # "" where `max_tokens` end it before a first whole phrase
    unseen: Reason | None = None
    detail: str = ""


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Captioned:
    """A pair that represents its picture, with the picture's caption."""

    pair: Pair
    caption: Caption


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
        search = self.config.search
        return stable_key(
            self.model_identity, _ENDS, search, *(f"{name}={getattr(self.config, name)}" for name in _SEARCH[search])
        )

    @property
    def answer(self) -> type:
        return Caption

    @property
    def lot(self) -> int:
        return self.config.captioner.batch

    def load(self) -> Captioner:
        return load_captioner(self.config.captioner)

    def measure(self, requests: Sequence[Request], model: Captioner) -> Iterable[Caption]:
        """Raises BlobError if a picture's bytes cannot be read."""
        images: dict[str, Image.Image] = {}
        for request in requests:
            try:
                images[request.key] = read_frame(request.what, self.store, model.image_size)
            except Unseen as error:
                yield Caption(key=request.key, model=model.label, unseen=error.reason, detail=error.detail)
        if images:
            compute_with(self.config.captioner.threads)
            texts = model.captions(list(images.values()), list(images), self.config)
            for key, text in zip(images, texts, strict=True):
                yield Caption(key=key, model=model.label, text=text)


def picture_key(pair: Pair) -> str:
    """One key for all texts of a picture, in every dataset: none of its texts is in two datasets."""
    return frame_of(pair).key


def speaks_for(pair: Pair, config: CaptionConfig) -> Iterable[tuple[str, Pair]]:
    """The pair by its picture, where the captioner may speak on its page: a bundled one on the sample's only.

    `caption.bundled_texts` gives it leave elsewhere. It knows coloured shapes on plain grounds, and says "Two rings on white"
    of a photograph; the bundled matcher, which knows no more, agrees often enough.
    """
    if not config.captioner.bundled or config.bundled_texts == "always" or is_of_the_sample(pair.page_url):
        yield picture_key(pair), pair


def first(pairs: Iterable[Pair]) -> Pair:
    """The pair that represents a picture: the synthetic text takes its page and its dataset, ALIGN before LTIP."""
    return min(pairs, key=lambda pair: (pair.dataset, pair.key))


def picture_of(pair: Pair) -> Iterable[Request]:
    """What is to be captioned of a pair. The key is also the seed: a picture's caption is the same in every run."""
    frame = frame_of(pair)
    yield Request(frame.key, frame)


def tell(pair: Pair, captions: Mapping[str, Caption]) -> Captioned:
    return Captioned(pair=pair, caption=captions[frame_of(pair).key])


def synthetic_pair(told: Captioned) -> Iterable[Pair]:
    """The picture with the captioner's text; nothing where it could not be seen, which its other pairs are rejected for."""
    pair, caption = told.pair, told.caption
    if not caption.unseen:
        yield replace(
            pair,
            key=stable_key(frame_of(pair).key, pair.dataset, CaptionSource.SYNTHETIC),
            text=caption.text,
            source=CaptionSource.SYNTHETIC,
            captioner=caption.model,
            clip_score=None,
            clip_model="",
        )
