"""A picture as RGB -> its measurements: its perceptual hash, and each measure of `media.picture_rules`."""

from base64 import b64encode
from typing import NamedTuple

from PIL import Image

from lamella.transforms.media.perceptual_hash import VERSION, perceptual_hash
from lamella.transforms.media.picture_rules import PIXEL_MEASURES

THUMBNAIL_SIDE_PX = 16


class Looks(NamedTuple):
    phash: str  # 64 bits of the DCT hash, as 16 hex digits
    phash_version: str
    thumbnail: str  # base64 of 16 x 16 cells of RGB, each the mean of what it covers
    pixels: dict[str, float]  # value by the name of its measure


def looks_of(image: Image.Image) -> Looks:
    values = {name: float(measure(image)) for name, measure in PIXEL_MEASURES.items()}
    cells = image.resize((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX), Image.Resampling.BOX)
    return Looks(perceptual_hash(image), VERSION, b64encode(cells.tobytes()).decode("ascii"), values)
