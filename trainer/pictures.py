"""A JPEG's bytes in, a square of uint8 out, written where the batch stands.

As `weights.pixels.square`: the whole picture, aspect kept, padded with its mean colour. A large picture is shrunk within
the decoder (libjpeg-turbo's scaled DCT, never below the square), which is most of the speed; what is left is shrunk by
an antialiased bilinear filter that is Pillow's own in fixed point. A picture that needs no shrinking comes out as
`square` has it; a shrunk one differs by the filter, a few levels on average (`tests/trainer/test_pictures.py` holds it to
that). What libjpeg-turbo cannot turn to RGB, such as CMYK, goes to Pillow.
"""

import io

import numpy as np
import simplejpeg
import torch
from PIL import Image
from torch.nn.functional import interpolate

from schemas.sample import BadSample
from weights.pixels import square

MAX_PIXELS = 64_000_000  # of a stored picture; the pipeline's own are at most a few hundred pixels wide
_DIRECT = frozenset({"YCbCr", "RGB", "Gray", "GRAY"})


def draw(jpeg: bytes, out: np.ndarray) -> None:
    """Decodes into `out`, uint8 [S, S, 3].

    Raises:
        BadSample: damaged, cut off, or of more than MAX_PIXELS.
    """
    size = out.shape[0]
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(jpeg)
        if width * height > MAX_PIXELS:
            raise BadSample(f"image: {width} x {height} pixels")
        if colours not in _DIRECT:
            out[:] = _by_pillow(jpeg, size)
            return
        scale = size / max(width, height)
        w, h = (max(1, round(side * scale)) for side in (width, height))
        picture = simplejpeg.decode_jpeg(jpeg, "RGB", min_width=w, min_height=h)
    except ValueError as error:
        raise BadSample(f"image: {error}") from error
    if picture.shape[:2] != (h, w):
        picture = _resized(picture, h, w)
    if h == w == size:
        out[:] = picture
        return
    sums = np.add.reduce(picture.reshape(h, w * 3), axis=0, dtype=np.uint32).reshape(w, 3).sum(axis=0)
    out[:] = np.rint(sums / (h * w))
    top, left = (size - h) // 2, (size - w) // 2
    out[top : top + h, left : left + w] = picture


def _resized(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None]  # [1, 3, H, W]
    small = interpolate(planes, (height, width), mode="bilinear", antialias=True)
    return small[0].permute(1, 2, 0).contiguous().numpy()


def _by_pillow(jpeg: bytes, size: int) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("RGB", (size, size))
            return square(image, size)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadSample(f"image: {error}") from error
