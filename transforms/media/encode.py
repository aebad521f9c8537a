"""An RGB picture, or a larger one and the size that is wanted -> a baseline JPEG without metadata.

Scaling and the change to the JPEG's own colours are one pass of FFmpeg's swscale, set to give the same bits on every machine.
It takes a quarter of the time of Pillow's filter and encoder (benchmarks/media.py).
"""

from typing import NamedTuple

import av
import numpy as np
import simplejpeg
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation
from PIL import Image

# SWS_BITEXACT, SWS_ACCURATE_RND and SWS_FULL_CHR_H_INP, which not every PyAV has a name for
_SAME_BITS = 1 << 19 | 1 << 18 | 1 << 14
_FILTER = Interpolation.BICUBIC.value | _SAME_BITS
_SMOOTH = 3.0  # times the size asked for: larger pictures are reduced to this by means first, then filtered


class Encoded(NamedTuple):
    jpeg: bytes
    width: int  # px
    height: int


def encode_jpeg(rgb: Image.Image, quality: int, size: tuple[int, int] | None = None) -> Encoded:
    """The picture at `size`, or as large as it is; colours have half the resolution (4:2:0)."""
    width, height = size or rgb.size
    factors = max(1, int(rgb.width / width / _SMOOTH)), max(1, int(rgb.height / height / _SMOOTH))
    if max(factors) > 1:
        rgb = rgb.reduce(factors)
    frame = av.VideoFrame.from_ndarray(np.asarray(rgb), "rgb24")
    scaled = frame.reformat(width, height, "yuv444p", interpolation=_FILTER, dst_color_range=ColorRange.JPEG, threads=1)
    light, *colours = map(_even, scaled.planes)
    planes = light[:height, :width], *map(_halved, colours)
    return Encoded(simplejpeg.encode_jpeg_yuv_planes(*planes, quality=quality), width, height)


def _even(plane: VideoPlane) -> np.ndarray:
    """Without padding after each row, and with the edge repeated if a side is odd: libjpeg-turbo reads that far."""
    height, width = plane.height, plane.width
    pixels = np.frombuffer(bytes(plane), np.uint8).reshape(height, plane.line_size)[:, :width]
    return np.pad(pixels, ((0, height % 2), (0, width % 2)), "edge") if height % 2 or width % 2 else pixels


def _halved(pixels: np.ndarray) -> np.ndarray:
    """Means of two by two, as libjpeg takes them. swscale's own would lie half a pixel off where a side is odd."""
    rows = np.add(pixels[::2], pixels[1::2], dtype=np.uint16)
    return ((rows[:, ::2] + rows[:, 1::2] + 2) >> 2).astype(np.uint8)
