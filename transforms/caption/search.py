"""A decoder and pictures' keys -> a caption for each, by the configured search, cut back to whole phrases."""

from collections.abc import Callable, Sequence

from lamella.schemas.config import CaptionConfig
from lamella.transforms.caption.beam import beam
from lamella.transforms.caption.generate import Decoder, sample
from lamella.transforms.caption.phrases import whole_phrases, without_stop


def write_captions(
    decoder: Decoder, keys: Sequence[str], config: CaptionConfig, decode: Callable[[list[int]], str]
) -> list[str]:
    """One caption a key, without a full stop at its end; "" where a limit cut the caption before its first whole phrase."""
    found = beam(decoder, len(keys), config) if config.search == "beam" else sample(decoder, keys, config)
    texts = (decode(said.tokens) for said in found)
    return [without_stop(text if said.ended else whole_phrases(text)) for text, said in zip(texts, found, strict=True)]
