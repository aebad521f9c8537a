"""A decoded sample -> what is wrong with it, in one line; '' if it is sound. Every picture is decoded whole."""

from collections.abc import Iterable
from typing import Any

from lamella.schemas.config import ShardConfig
from lamella.schemas.phi import phi_of
from lamella.schemas.sample import ClipSample, InterleavedSample, Sample
from lamella.transforms.media.pixels import BadImage, decode_rgb
from lamella.transforms.shard.plan import split_of


def fault_of_sample(sample: Sample, split: str, config: ShardConfig | None) -> str:
    """The first fault. Without the config that made it, neither the split nor the number of frames can be checked."""
    if config and split_of(_page(sample), config.validation_share) != split:
        return f"belongs to the other split than {split}"
    match sample:
        case InterleavedSample():
            return _fault_of_order(sample) or _first(
                _fault_of_picture(jpeg, fact) for jpeg, fact in zip(sample.images, sample.image_facts, strict=True)
            )
        case ClipSample():
            if config and len(sample.frames) != config.clip_frames:
                return f"{len(sample.frames)} frames and not {config.clip_frames}"
            return _first(_fault_of_picture(jpeg, sample.facts) for jpeg in sample.frames)
    return _fault_of_picture(sample.image, sample.facts)


def _page(sample: Sample) -> str:
    return sample.key if isinstance(sample, InterleavedSample) else str(sample.facts.get("document", ""))


def _fault_of_order(sample: InterleavedSample) -> str:
    """Texts, image indices and both phi must agree on one order."""
    if len(sample.image_index) != len(sample.texts):
        return "texts and image_index differ in length"
    if any((text is None) == (index is None) for text, index in zip(sample.texts, sample.image_index, strict=True)):
        return "texts and image_index do not each leave out what the other has"
    if [index for index in sample.image_index if index is not None] != list(range(len(sample.images))):
        return "image_index does not count the images"
    if not sample.images:
        return "no image"
    if (sample.previous, sample.next) != phi_of(sample.texts):
        return "phi is not that of the order of texts and images"
    return ""


def _fault_of_picture(jpeg: bytes, fact: dict[str, Any]) -> str:
    if not jpeg.startswith(b"\xff\xd8") or not jpeg.endswith(b"\xff\xd9"):
        return "a picture is not one whole JPEG"
    try:
        size = decode_rgb(jpeg).size
    except BadImage as error:
        return f"a picture cannot be decoded: {error.detail}"
    if size != (fact.get("width"), fact.get("height")):
        return f"a picture of {size[0]} x {size[1]} px is said to have {fact.get('width')} x {fact.get('height')}"
    return ""


def _first(faults: Iterable[str]) -> str:
    return next((fault for fault in faults if fault), "")
