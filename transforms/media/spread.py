"""A picture as RGB -> how widely its colours are spread: this separates a picture from a plain background."""

import numpy as np
from PIL import Image

_LEVELS = np.arange(256)


def colour_deviation(rgb: Image.Image) -> float:
    """Standard deviation of the pixels, of 255, the largest of the channels. From the histogram: exact, and quick."""
    counts = np.asarray(rgb.histogram()).reshape(3, 256)
    mean = counts @ _LEVELS / counts.sum(axis=1)
    variance = (counts * (_LEVELS - mean[:, None]) ** 2).sum(axis=1) / counts.sum(axis=1)
    return float(np.sqrt(variance.max()))
