"""A picture as RGB in; what is measured on it out: its perceptual hash, and each measure of `media.picture_rules`."""

from functools import cache
from typing import NamedTuple

from PIL import Image

from lamella.transforms.media.picture_rules import PIXEL_MEASURES


class Looks(NamedTuple):
    phash: str  # 64 bits of the DCT hash, as 16 hex digits
    phash_version: str
    pixels: dict[str, float]  # value by the name of its measure


def looks_of(image: Image.Image) -> Looks:
    version = f"phash64 imagehash-{_imagehash().__version__} pillow-{Image.__version__}"
    values = {name: float(measure(image)) for name, measure in PIXEL_MEASURES.items()}
    return Looks(str(_imagehash().phash(image)), version, values)


@cache
def _imagehash():
    import imagehash  # late: it brings scipy

    return imagehash
