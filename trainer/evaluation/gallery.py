"""Picture files in, what a model makes of them out: squares of uint8, latents for its text, features to compare them by."""

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from lamella.schemas.errors import TrainingError
from lamella.schemas.sample import BadSample
from lamella.trainer.flamingo.model import Flamingo
from lamella.trainer.loading.pictures import draw
from lamella.weights.pixels import square

_AT_ONCE = 64


def open_pictures(paths: Sequence[Path], side: int) -> Tensor:
    """uint8 [K, side, side, 3]; JPEGs go the way that they go in training.

    Raises:
        TrainingError: a file is missing, or is no picture.
    """
    out = np.zeros((len(paths), side, side, 3), dtype=np.uint8)
    for path, place in zip(paths, out, strict=True):
        try:
            data = Path(path).read_bytes()
            if data[:3] == b"\xff\xd8\xff":
                draw(data, place)
            else:
                with Image.open(io.BytesIO(data)) as picture:
                    place[:] = square(picture, side)
        except (OSError, SyntaxError, BadSample, Image.DecompressionBombError) as error:
            raise TrainingError(f"image={path}: {getattr(error, 'strerror', None) or 'no picture that can be read'}") from error
    return torch.from_numpy(out)


@torch.no_grad()
def encode_pictures(model: Flamingo, pictures: Tensor) -> Tensor:
    """Latents [K, R, D] of pictures, uint8 [K, S, S, 3]."""
    device = next(model.parameters()).device
    with computing(model):
        return torch.cat([model.encode_images(part[:, None].to(device)) for part in pictures.split(_AT_ONCE)])


@torch.no_grad()
def features_of(model: Flamingo, pictures: Tensor) -> Tensor:
    """Float32 [K, D] of length 1: the frozen vision encoder's features, averaged over the picture."""
    device = next(model.parameters()).device
    with computing(model):
        seen = [model.vision_encoder(part.to(device)).float().mean(1) for part in pictures.split(_AT_ONCE)]
    return F.normalize(torch.cat(seen), dim=-1)


def computing(model: Flamingo) -> AbstractContextManager:
    """bf16 where the model was built for it, as in training."""
    device = next(model.parameters()).device
    return torch.autocast(device.type, torch.bfloat16) if model.config.half_precision(device) else nullcontext()
