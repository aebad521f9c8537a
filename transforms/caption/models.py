"""What CapFilt asks of its two models, and the class for each name: CoCa and CLIP of open_clip, or BLIP."""

from collections.abc import Sequence
from typing import Protocol

from PIL import Image

from lamella.schemas.config import CaptionConfig, ModelConfig

BLIP = "blip"  # names that start so are BLIP's, of the `blip` extra; all others go to `weights.load`


class _Seeing(Protocol):
    @property
    def label(self) -> str:
        """Model and weights."""
        ...

    @property
    def image_size(self) -> int:
        """px, of the square that the model sees."""
        ...


class Captioner(_Seeing, Protocol):
    def captions(self, images: Sequence[Image.Image], keys: Sequence[str], config: CaptionConfig) -> list[str]:
        """One caption an image, in whole phrases, "" where `max_tokens` leave none; draws are hashes of `keys`."""
        ...


class Matcher(_Seeing, Protocol):
    def probabilities(self, images: Sequence[Image.Image], asked: Sequence[tuple[int, str]]) -> list[float]:
        """For each (index of an image, text) the probability that they belong together."""
        ...


def load_captioner(config: ModelConfig) -> Captioner:
    """Raises weights.WeightsMissing, whose one line says what can be done."""
    if config.name.startswith(BLIP):
        from lamella.transforms.caption.blip import BlipCaptioner

        return BlipCaptioner.load(config)
    from lamella.transforms.caption.coca import CocaCaptioner

    return CocaCaptioner.load(config)


def load_matcher(config: ModelConfig) -> Matcher:
    """Never the captioner's own weights in memory, even where both have one name: BLIP, section 3.3, found that a filter
    that shares weights with the captioner lets pass what the captioner invents."""
    if config.name.startswith(BLIP):
        from lamella.transforms.caption.blip import BlipMatcher

        return BlipMatcher.load(config)
    from lamella.transforms.caption.coca import ContrastiveMatcher
    from lamella.transforms.caption.fused import FusedMatcher
    from lamella.weights import load

    loaded = load(config.name, config.weights, role="matcher", precision=config.precision, device=config.device)
    return (ContrastiveMatcher if loaded.fusion is None else FusedMatcher)(loaded, config.batch)
