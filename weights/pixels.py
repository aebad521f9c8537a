"""A picture of any shape -> what a model sees: a square of uint8 that shows all of it; then numbers around zero.

Flamingo pads to a square with the mean colour and keeps the aspect (Alayrac et al. 2022, A.3.1): no crop can lose the
object that a caption names. Loader and trainer share these two functions, so that a model sees in use what it saw in
training.
"""

import numpy as np
from PIL import Image, ImageStat


def square(image: Image.Image, size: int) -> np.ndarray:
    """[size, size, 3] uint8: the picture scaled to fit, centred on its own mean colour."""
    image = image.convert("RGB")
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    if (width, height) == (size, size):
        return np.asarray(small).copy()
    mean = tuple(round(channel) for channel in ImageStat.Stat(small).mean)
    canvas = Image.new("RGB", (size, size), mean)
    canvas.paste(small, ((size - width) // 2, (size - height) // 2))
    return np.asarray(canvas).copy()


def normalise(pixels, mean: tuple[float, ...], std: tuple[float, ...]):
    """uint8 tensor [..., H, W, 3] -> float tensor [..., 3, H, W] around zero, on the tensor's own device."""
    channels = pixels.movedim(-1, -3).float().div(255.0)
    shape = (3, 1, 1)
    return (channels - channels.new_tensor(mean).view(shape)) / channels.new_tensor(std).view(shape)
