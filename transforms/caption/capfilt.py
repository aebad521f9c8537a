"""CapFilt over one batch of pairs: a synthetic caption for each picture, and how well it and the web's text match."""

from collections.abc import Sequence
from dataclasses import dataclass

from lamella.schemas.config import CaptionConfig
from lamella.schemas.pair import Pair
from lamella.schemas.rejection import Reason
from lamella.transforms.base.sample_web import is_of_the_sample
from lamella.transforms.caption.models import Captioner, Matcher
from lamella.transforms.media.frames import Unseen, read_view, view_of
from lamella.transforms.media.store import MediaStore

DIGITS = 6


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Models:
    """Two models in memory, even where both have one name."""

    captioner: Captioner
    matcher: Matcher


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


def caption_and_match(pairs: Sequence[Pair], models: Models, config: CaptionConfig, store: MediaStore) -> list[Captioned]:
    """What both models say of each pair, in order (BLIP, section 3.3). A picture of several pairs is captioned once.

    Raises:
        BlobError: a picture's bytes cannot be had.
    """
    views = [view_of(pair) for pair in pairs]
    images, unseen = _images(
        {view.key: view for view in views}, max(models.captioner.image_size, models.matcher.image_size), store
    )
    keys = list(images)
    _compute_with(config.captioner.threads)
    texts = models.captioner.captions(list(images.values()), keys, config) if images else []
    synthetic = dict(zip(keys, texts, strict=True))

    row = {key: index for index, key in enumerate(keys)}
    asked = dict.fromkeys(
        (row[view.key], text)
        for pair, view in zip(pairs, views, strict=True)
        if view.key in row
        for text in (pair.text, synthetic[view.key])
        if text
    )
    _compute_with(config.matcher.threads)
    match = dict(zip(asked, models.matcher.probabilities(list(images.values()), list(asked)), strict=True))

    def said(pair: Pair, key: str) -> Captioned:
        if key in unseen:
            return Captioned(pair=pair, unseen=unseen[key].reason, detail=unseen[key].detail)
        return Captioned(
            pair=pair,
            synthetic_text=synthetic[key],
            web_match=round(match.get((row[key], pair.text), 0.0), DIGITS),
            synthetic_match=round(match.get((row[key], synthetic[key]), 0.0), DIGITS),
            captioner=models.captioner.label,
            matcher=models.matcher.label,
            may_stand=may_stand(pair, config),
        )

    return [said(pair, view.key) for pair, view in zip(pairs, views, strict=True)]


def may_stand(pair: Pair, config: CaptionConfig) -> bool:
    """Whether a synthetic text may stand for the web's: a bundled captioner's only on pages of the sample, unless configured.

    It knows coloured shapes on plain grounds, and says "Two rings on white" of a photograph. The bundled matcher, which knows
    no more, agrees often enough.
    """
    return not config.captioner.bundled or config.bundled_texts == "always" or is_of_the_sample(pair.page_url)


def _images(views: dict, model_side: int, store: MediaStore) -> tuple[dict, dict]:
    """By key, the pictures, and the errors of those that cannot be decoded."""
    images, unseen = {}, {}
    for key, view in views.items():
        try:
            images[key] = read_view(view, store, model_side)
        except Unseen as error:
            unseen[key] = error
    return images, unseen


def _compute_with(threads: int | None) -> None:
    """Sets torch's threads for the thread that computes; None leaves them."""
    if threads:
        import torch

        torch.set_num_threads(threads)
