"""A decoded picture of any mode -> sRGB: profiles converted, transparency on a background that shows it."""

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

import numpy as np
from PIL import Image, ImageCms

from lamella.transforms.media.spread import colour_deviation

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_PROFILED = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}  # Pillow's mode, and the colour space of a profile for it
_SEEN_SIDE_PX = 256  # spread is measured on a copy no larger than twice this
_SAME_LEVELS = 3  # of 255: a profile that moves no colour by more is sRGB in other words
_SCREEN_GAMMA, _SAME_GAMMA = 2.2, 0.05  # libpng's, and how far from it a file's is taken for the same
_LEAST_GAMMA, _MOST_GAMMA = 0.2, 2.0  # beyond, it is no picture's
_KEPT_PROFILES = 16  # converters at hand: a site has one or two


def to_rgb(image: Image.Image, min_spread: float) -> Image.Image:
    """Any mode as sRGB.

    Transparency is laid on white, or on black where white shows nothing: the ink was white. 16-bit greys go by their high byte.

    Args:
        min_spread: standard deviation, of 255, below which a picture shows nothing.
    """
    colours, alpha = _divided(image)
    rgb = _with_gamma(_as_srgb(colours, image.info.get("icc_profile")), image.info)
    if alpha is None:
        return rgb
    on_white = _on(_WHITE, rgb, alpha)
    if not is_blank(on_white, min_spread):
        return on_white
    on_black = _on(_BLACK, rgb, alpha)
    return on_white if is_blank(on_black, min_spread) else on_black


def is_blank(rgb: Image.Image, min_spread: float) -> bool:
    """Whether there is nothing to be seen on a picture."""
    return _spread(rgb) < min_spread


def rescale_key(image: Image.Image, depth: int) -> None:
    """Scales a PNG's transparent colour, which has `depth` bits, to the levels of Pillow's pixels."""
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int) and depth < 8:
        image.info["transparency"] = key * 255 // ((1 << depth) - 1)
    elif image.mode == "RGB" and isinstance(key, tuple) and depth == 16:
        image.info["transparency"] = tuple(level >> 8 for level in key)


def _divided(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The picture as RGB, L or CMYK, and its alpha as L where any of it can be seen through."""
    if image.mode.startswith("I"):
        return _grey16(image)
    if not image.has_transparency_data:
        return image if image.mode in _PROFILED else image.convert("L" if image.mode == "1" else "RGB"), None
    if image.mode == "LA":
        return image.getchannel("L"), image.getchannel("A")
    image = image.convert("RGBA")
    return image.convert("RGB"), image.getchannel("A")


def _grey16(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    levels = np.asarray(image).astype(np.uint32)
    grey = Image.fromarray((levels >> 8).clip(0, 255).astype(np.uint8))
    key = image.info.get("transparency")
    alpha = Image.fromarray(np.where(levels == key, 0, 255).astype(np.uint8)) if isinstance(key, int) else None
    return grey, alpha


def _on(ground: tuple[int, int, int], rgb: Image.Image, alpha: Image.Image) -> Image.Image:
    under = Image.new("RGB", rgb.size, ground)
    under.paste(rgb, mask=alpha)
    return under


def _spread(rgb: Image.Image) -> float:
    """Standard deviation of the pixels, of 255, the largest of the channels."""
    extrema = cast(tuple[tuple[int, int], ...], rgb.getextrema())  # a pair a channel, where there are several
    if max(high - low for low, high in extrema) < 1:
        return 0.0
    factor = max(1, max(rgb.size) // _SEEN_SIDE_PX)
    small = rgb.reduce((min(factor, rgb.width), min(factor, rgb.height))) if factor > 1 else rgb
    return colour_deviation(small)


def _as_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Through the picture's own profile, where it has one that can be used and is not sRGB; else as Pillow converts."""
    if profile and (transform := _transform(profile, image.mode)):
        return _transformed(image, transform)
    return image if image.mode == "RGB" else image.convert("RGB")


def _with_gamma(rgb: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """By the gamma of a PNG that says nothing better of its colours, as viewers show it (PNG, 11.3.2.2 and 12.5)."""
    gamma = info.get("gamma", 0.0)
    is_told = "icc_profile" in info or "srgb" in info
    if is_told or not _LEAST_GAMMA <= gamma <= _MOST_GAMMA or abs(gamma * _SCREEN_GAMMA - 1) < _SAME_GAMMA:
        return rgb
    exponent = 1 / (gamma * _SCREEN_GAMMA)
    return rgb.point([round(255 * (level / 255) ** exponent) for level in range(256)] * 3)


def _transformed(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    return cast(Image.Image, ImageCms.applyTransform(image, transform))  # None only where it is asked to work in place


@lru_cache(maxsize=_KEPT_PROFILES)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None for a profile that is sRGB, is for another mode, or is damaged: the picture is kept without it."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if getattr(source.profile, "xcolor_space", "") != _PROFILED[mode]:
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        return transform if mode == "CMYK" or _moves_colours(transform, mode) else None
    except Exception:  # the many ways in which a foreign profile fails
        return None


def _moves_colours(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    levels = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3) if mode == "RGB" else steps[None, :]
    patches = Image.fromarray(levels)
    moved = np.asarray(_transformed(patches, transform)).astype(int) - np.asarray(patches.convert("RGB"))
    return int(np.abs(moved).max()) > _SAME_LEVELS
