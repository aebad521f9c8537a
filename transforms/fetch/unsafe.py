"""A sound picture or clip in; the same with how unsafe classifiers find it, or the Violation of an unsafe one, out."""

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media, MediaKind, PixelMeasure
from lamella.schemas.rejection import Reason
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.base.rule import Violation
from lamella.transforms.fetch.hash_list import pdq_distance, read_hashes, read_pdq
from lamella.transforms.media.classifier import load_classifier
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.decoding import decode_clip, decode_image

_SEEN_SIDE_PX = 512  # classifiers see 224 to 384, PDQ 64


def read_lists(config: FetchConfig) -> None:
    """Reads every list and model that media are judged by: a run without one of them must not begin.

    Raises OSError or ConfigError.
    """
    for known in (read_hashes, read_pdq, read_opt_outs, load_classifier):
        known.cache_clear()  # a process may outlive a run, and a list may have grown since
    read_hashes(config.unsafe_hashes)
    read_opt_outs(config.opt_out_list)
    if config.unsafe_pdq:
        read_pdq(config.unsafe_pdq)
    for path in config.classifiers:
        load_classifier(path)


def judge_safety(media: Media, data: bytes, config: FetchConfig) -> tuple[Media, Violation | None]:
    """The Media with a measure for each classifier, and the first that finds it unsafe. Raises BadImage or BadVideo."""
    if media.kind is MediaKind.TRACK or not (config.classifiers or config.unsafe_pdq):
        return media, None
    images = _shown(media, data, config)
    near = min((bits for image in images if (bits := pdq_distance(image, config)) is not None), default=None)
    if near is not None and near <= config.max_pdq_distance:
        return media, Violation(Reason.UNSAFE_IMAGE, "pdq_distance", near, config.max_pdq_distance, "its PDQ hash is listed")
    violation = None
    for path in config.classifiers:
        classifier = load_classifier(path)
        value, spec = max(map(classifier.unsafe, images)), classifier.spec
        media = replace(media, pixels=(*media.pixels, PixelMeasure(name=spec.measure, value=value)))
        if spec.threshold is not None and value > spec.threshold:
            violation = violation or Violation(Reason.UNSAFE_IMAGE, spec.measure, value, spec.threshold)
    return media, violation


def _shown(media: Media, data: bytes, config: FetchConfig) -> Sequence[Image.Image]:
    limits = DecodeLimits.of(config)
    if media.kind is MediaKind.VIDEO:
        seconds = [share * media.duration_s for share in sorted(config.unsafe_moments)]
        return decode_clip(data, seconds, _SEEN_SIDE_PX, limits)
    return [decode_image(data, _SEEN_SIDE_PX, limits)]
