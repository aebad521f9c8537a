"""A decoded frame and the shape of its pixels -> the picture that a viewer shows: square pixels, rotated and mirrored.

Broadcast and DVD store pixels that are not square. A phone stores frames in the orientation of its sensor, with a matrix that
turns them upright (ISO 14496-12, 6.2.2); its front camera mirrors.
"""

import struct
from fractions import Fraction

import av
from av.video.reformatter import Colorspace
from PIL import Image

from lamella.transforms.media.pixels import scaled_size

_UNSPECIFIED = 2  # ISO 23091-2, matrix coefficients
_HD_WIDTH, _SD_HEIGHT = 1280, 576  # px
_MATRIX = struct.Struct("=9i")  # a b u, c d v, x y w: a point (x, y) goes to (a x + c y, b x + d y)
_TURNED = {  # signs of a and d where x stays x
    (True, True): None,
    (False, True): Image.Transpose.FLIP_LEFT_RIGHT,
    (True, False): Image.Transpose.FLIP_TOP_BOTTOM,
    (False, False): Image.Transpose.ROTATE_180,
}
_TURNED_ON_ITS_SIDE = {  # signs of b and c where x becomes y
    (True, True): Image.Transpose.TRANSPOSE,
    (True, False): Image.Transpose.ROTATE_270,
    (False, True): Image.Transpose.ROTATE_90,
    (False, False): Image.Transpose.TRANSVERSE,
}
_ON_ITS_SIDE = frozenset(_TURNED_ON_ITS_SIDE.values())


def seen_size(frame: av.VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height in px, as a viewer sees the frame. No pixel is lost: the side that is too short grows."""
    width, height = _square(frame, pixel_aspect)
    return (height, width) if _turn(frame) in _ON_ITS_SIDE else (width, height)


def as_seen(frame: av.VideoFrame, pixel_aspect: Fraction | None, max_side: int | None) -> Image.Image:
    """The frame as upright RGB, the longer side at most `max_side` px.

    Args:
        pixel_aspect: width over height of one stored pixel; None or 0 where the file does not say.
    """
    width, height = scaled_size(*_square(frame, pixel_aspect), max_side)
    # One thread: others are made anew for each frame, and where those of before have not ended yet, a bound on memory refuses
    # theirs (EAGAIN), which is no fault of the clip.
    interpolation = "AREA" if width < frame.width else "BICUBIC"
    colours = {"src_colorspace": Colorspace.ITU709} if _is_high_definition(frame) else {}
    image = frame.to_image(width=width, height=height, interpolation=interpolation, threads=1, **colours)
    turn = _turn(frame)
    return image if turn is None else image.transpose(turn)


def _is_high_definition(frame: av.VideoFrame) -> bool:
    """Whether a frame that does not say how its colours are coded is taken to be of BT.709, not of BT.601, as players do."""
    return frame.colorspace == _UNSPECIFIED and (frame.width >= _HD_WIDTH or frame.height > _SD_HEIGHT)


def _square(frame: av.VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    if not pixel_aspect or pixel_aspect < 0:
        return frame.width, frame.height
    if pixel_aspect >= 1:
        return round(frame.width * pixel_aspect), frame.height
    return frame.width, round(frame.height / pixel_aspect)


def _turn(frame: av.VideoFrame) -> Image.Transpose | None:
    """The nearest of the eight ways in which a picture can lie."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None or matrix.buffer_size < _MATRIX.size:
        return None
    a, b, _, c, d, *_ = _MATRIX.unpack_from(bytes(matrix))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _TURNED[a >= 0, d >= 0]
    return _TURNED_ON_ITS_SIDE[b >= 0, c >= 0]
