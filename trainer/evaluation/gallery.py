"""Picture files -> squares of uint8, latents for a model's text, and features to compare pictures by."""

import io
from collections.abc import Iterator, Sequence
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
    return encode_clips(model, list(pictures[:, None]))


@torch.no_grad()
def encode_clips(model: Flamingo, clips: Sequence[Tensor]) -> Tensor:
    """Latents [K, R, D] of K images or clips, each uint8 [T, S, S, 3] with a T of its own."""
    device = next(model.parameters()).device
    out: list[Tensor] = [torch.empty(0)] * len(clips)
    with computing(model):
        for places in _of_one_length(clips):
            latents = model.encode_images(torch.stack([clips[place] for place in places]).to(device))
            for place, row in zip(places, latents, strict=True):
                out[place] = row
    return torch.stack(out)


@torch.no_grad()
def features_of(model: Flamingo, clips: Sequence[Tensor]) -> Tensor:
    """Float32 [K, D] of length 1: the frozen vision encoder's features, averaged over each clip, uint8 [T, S, S, 3]."""
    device = next(model.parameters()).device
    out: list[Tensor] = [torch.empty(0)] * len(clips)
    with computing(model):
        for places in _of_one_length(clips):
            frames = torch.stack([clips[place] for place in places])  # [k, T, S, S, 3]
            features = model.vision_encoder(frames.flatten(0, 1).to(device)).float()  # [k * T, P, D]
            for place, row in zip(places, features.unflatten(0, frames.shape[:2]).mean((1, 2)), strict=True):
                out[place] = row
    return F.normalize(torch.stack(out), dim=-1)


def _of_one_length(clips: Sequence[Tensor]) -> Iterator[list[int]]:
    """Places of clips of as many frames, some at a time."""
    by_length: dict[int, list[int]] = {}
    for place, clip in enumerate(clips):
        by_length.setdefault(len(clip), []).append(place)
    for frames, places in sorted(by_length.items()):
        most = max(1, _AT_ONCE // frames)
        yield from (places[first : first + most] for first in range(0, len(places), most))


def computing(model: Flamingo) -> AbstractContextManager:
    """bf16 where the model was built for it, as in training."""
    device = next(model.parameters()).device
    return torch.autocast(device.type, torch.bfloat16) if model.config.half_precision(device) else nullcontext()
