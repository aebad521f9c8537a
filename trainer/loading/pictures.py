"""A JPEG's bytes -> a square of uint8, written into its place in the batch.

As `weights.pixels.square`: the whole picture, aspect kept, padded with its mean colour. A picture of more than twice the square
is first shrunk within the decoder (libjpeg-turbo's scaled DCT, never below the square), which gives most of the speed; the rest
is shrunk by torch's antialiased bilinear filter, which is Pillow's in fixed point. So a picture that is not shrunk equals
`square` exactly, one shrunk by less than two is within two levels of 255, and one shrunk by more is within three levels on
average, as with another filter (`tests/trainer/test_pictures.py` checks this). What libjpeg-turbo cannot turn to RGB, such as
CMYK, goes to Pillow.
"""

import io

import numpy as np
import simplejpeg
import torch
from PIL import Image
from torch.nn.functional import interpolate

from lamella.schemas.sample import BadSample
from lamella.weights.pixels import square

MAX_PIXELS = 64_000_000  # of a stored picture; the pipeline's own are at most a few hundred pixels wide
MAX_SCANS = 100  # as `fetch.max_scans`; the pipeline's own have one. Each costs a pass over the picture
_DIRECT = frozenset({"YCbCr", "RGB", "Gray", "GRAY"})


def draw(jpeg: bytes, out: np.ndarray) -> None:
    """Decodes into `out`, uint8 [S, S, 3].

    Raises:
        BadSample: damaged, cut off, or of more than MAX_PIXELS or MAX_SCANS: whatever a decoder raises on foreign bytes.
    """
    size = out.shape[0]
    if (scans := jpeg.count(b"\xff\xda")) > MAX_SCANS:  # no fewer than there are: coded data stuff every FF
        raise BadSample(f"image: {scans} scans")
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(jpeg)
        height, width = int(height), int(width)
        if width * height > MAX_PIXELS:
            raise BadSample(f"image: {width} x {height} pixels")
        if colours not in _DIRECT:
            out[:] = _by_pillow(jpeg, size)
            return
        scale = size / max(width, height)
        w, h = (max(1, round(side * scale)) for side in (width, height))
        # Shrunk by less than two, the decoder is slower than decoding it all and filtering.
        picture = simplejpeg.decode_jpeg(jpeg, "RGB", min_width=w, min_height=h, min_factor=2)
    except BadSample:
        raise
    except Exception as error:
        raise BadSample(f"image: {error}") from error
    if picture.shape[:2] != (h, w):
        picture = _resized(picture, h, w)
    top, left = (size - h) // 2, (size - w) // 2
    if (h, w) != (size, size):
        _fill_around(picture, out, top, left)
    out[top : top + h, left : left + w] = picture


def _resized(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    planes = torch.from_numpy(picture)[None].permute(0, 3, 1, 2)  # [1, 3, H, W] as it lies: torch has a path for that
    return interpolate(planes, (height, width), mode="bilinear", antialias=True)[0].permute(1, 2, 0).numpy()


def _fill_around(picture: np.ndarray, out: np.ndarray, top: int, left: int) -> None:
    """The mean colour where the picture will not stand, by whole rows: numpy is slow at runs of three."""
    height, width, _ = picture.shape
    sums = np.add.reduce(picture.reshape(height, width * 3), axis=0, dtype=np.uint32).reshape(width, 3).sum(axis=0)
    size = out.shape[0]
    row = np.tile(np.rint(sums / (height * width)).astype(np.uint8), size)
    flat = out.reshape(size, size * 3)
    flat[:top] = flat[top + height :] = row
    flat[top : top + height, : 3 * left] = row[: 3 * left]
    flat[top : top + height, 3 * (left + width) :] = row[3 * (left + width) :]


def _by_pillow(jpeg: bytes, size: int) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("RGB", (size, size))
            return square(image, size)
    except Exception as error:
        raise BadSample(f"image: {error}") from error
