"""A picture as RGB in; what is measured on it out: its perceptual hash, and how far its colours spread."""

from functools import cache
from typing import NamedTuple

from PIL import Image, ImageStat


class Looks(NamedTuple):
    phash: str  # 64 bits of the DCT hash, as 16 hex digits
    phash_version: str
    colour_spread: float  # standard deviation, the largest of the channels, of 255


def looks_of(image: Image.Image) -> Looks:
    version = f"phash64 imagehash-{_imagehash().__version__} pillow-{Image.__version__}"
    return Looks(str(_imagehash().phash(image)), version, round(max(ImageStat.Stat(image).stddev), 3))


@cache
def _imagehash():
    import imagehash  # late: it brings scipy

    return imagehash
