"""An RGB picture -> its perceptual hash: 64 bits that hardly change when it is scaled or compressed again.

It is the `phash` of the package imagehash, within 2 bits. The transform uses whole numbers: a coefficient that is zero, as half
of them are on a plain gradient, is zero on every machine, and rounding decides no bit.
"""

import numpy as np
from PIL import Image

VERSION = f"phash64 pillow-{Image.__version__}"
_SIDE_PX = 32
_WAVES = 8  # the lowest, in each direction
_SCALE = 1 << 20
_GAP = 3.0  # reduced by means to three times the side, then filtered: a third of the time of the filter alone
_STEPS = np.arange(_WAVES)[:, None] * (2 * np.arange(_SIDE_PX) + 1)
_COSINES = np.rint(np.cos(np.pi * _STEPS / (2 * _SIDE_PX)) * _SCALE).astype(np.int64)


def perceptual_hash(rgb: Image.Image) -> str:
    """16 hex digits: for each of the 64 lowest waves of the brightness, whether it is stronger than the median."""
    grey = rgb.convert("L").resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=_GAP)
    waves = _COSINES @ np.asarray(grey).astype(np.int64) @ _COSINES.T  # (8, 8); at most 2 ** 58
    ordered = np.sort(waves, axis=None)
    middle = ordered[ordered.size // 2 - 1] + ordered[ordered.size // 2]  # twice the median
    return np.packbits(2 * waves > middle).tobytes().hex()
