"""Pixels -> patch features: a frozen vision tower, of open_clip or the bundled one."""

import hashlib
from collections import OrderedDict
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from lamella.schemas.errors import TrainingError, WeightsMissing
from lamella.weights import load
from lamella.weights.own import own_config
from lamella.weights.pixels import normalise

MIB = 1 << 20
_TOGETHER = 16  # pictures of a batch of the tower, always: what comes out of it must not follow from who else is seen


class VisionEncoder(nn.Module):
    """uint8 [N, S, S, 3] -> [N, P, width]: the spatial features before pooling, of the last layer.

    Attributes:
        label: the model's name and its weights' digest: a Flamingo works with no other than it was trained with.
        side: px of the square.
        width: of the features.
    """

    def __init__(
        self, tower: nn.Module, *, label: str, side: int, look: tuple[tuple[float, ...], tuple[float, ...]], own: bool
    ):
        super().__init__()
        self.tower: Any = tower.eval().requires_grad_(False)
        self.label, self.side, self._look, self._own = label, side, look, own
        device = next(tower.parameters()).device
        with torch.no_grad():
            self.width = self(torch.zeros(1, side, side, 3, dtype=torch.uint8, device=device)).shape[-1]

    def forward(self, images: Tensor) -> Tensor:  # uint8 [N, S, S, 3] -> [N, P, width]
        pixels = normalise(images, *self._look).to(next(self.tower.parameters()).dtype)
        if self._own:
            return self.tower(pixels)[1]
        out = self.tower.forward_intermediates(pixels, indices=1, intermediates_only=True, normalize_intermediates=True)
        return out["image_intermediates"][-1].flatten(2).transpose(1, 2)  # [N, C, h, w] -> [N, P, C]

    def train(self, mode: bool = True) -> "VisionEncoder":
        return super().train(False)  # frozen: its norms keep the statistics that they have


class KeptFeatures:
    """Features that an encoder gives to a picture are kept by the picture's bytes: one that comes again costs a hash.

    Args:
        encoder: frozen.
        mib: of features that are kept; those that were asked for last stay.
    """

    def __init__(self, encoder: VisionEncoder, mib: int):
        self._encoder, self._room = encoder, mib * MIB
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()  # digest -> [P, D]
        self._size = 0

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:  # uint8 [N, S, S, 3] -> [N, P, D]
        names = [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images.cpu().numpy()]
        found = {name: self._kept[name] for name in names if name in self._kept}
        places = {name: place for place, name in enumerate(names) if name not in found}
        new = list(places.items())
        for start in range(0, len(new), _TOGETHER):
            part = dict(new[start : start + _TOGETHER])
            batch = images.new_zeros(_TOGETHER, *images.shape[1:])
            batch[: len(part)] = images[list(part.values())]
            found |= zip(part, self._encoder(batch).unbind(), strict=False)
        for name in dict.fromkeys(names):
            self._keep(name, found[name])
        return torch.stack([found[name] for name in names])

    def _keep(self, name: bytes, features: Tensor) -> None:
        if name not in self._kept:
            self._kept[name] = features.clone()  # not the batch that it is a part of
            self._size += features.nbytes
        self._kept.move_to_end(name)
        while self._size > self._room:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.nbytes


def load_vision_encoder(name: str, weights: str, side: int | None, device: torch.device) -> VisionEncoder:
    """The vision tower of a model as `weights.load` takes it, at its own size or at another.

    Raises:
        TrainingError: the weights cannot be had, or the tower takes no other size.
    """
    try:
        loaded = load(name, weights, "scorer", device=str(device))
    except (WeightsMissing, ValueError) as error:
        raise TrainingError(f"vision={name}: {error}") from error
    model: Any = loaded.model
    own, tower = own_config(name) is not None, model.visual
    if side is not None and side != loaded.image_size:
        _resize(tower, side, name, own)
    look = (loaded.mean, loaded.std)
    return VisionEncoder(tower, label=loaded.label, side=side or loaded.image_size, look=look, own=own)


def _resize(tower: Any, side: int, name: str, own: bool) -> None:
    """Interpolates the position embeddings to the grid of another size, as Flamingo does from 288 to 320 px."""
    if own or not hasattr(tower, "positional_embedding") or not hasattr(tower, "patch_size"):
        with suppress(AttributeError):
            return tower.set_input_size(side)  # timm's towers
        raise TrainingError(f"image_px={side}: {name} takes no other size than its own")
    patch, old = tower.patch_size[0], tower.grid_size
    if side % patch:
        raise TrainingError(f"image_px={side}: no multiple of {name}'s patches of {patch} px")
    new = (side // patch, side // patch)
    table = tower.positional_embedding.data
    extra = len(table) - old[0] * old[1]
    grid = table[extra:].unflatten(0, old).permute(2, 0, 1)[None].float()
    grid = nn.functional.interpolate(grid, size=new, mode="bicubic", antialias=True, align_corners=False)
    grid = grid[0].permute(1, 2, 0).flatten(0, 1).to(table.dtype)
    tower.positional_embedding = nn.Parameter(torch.cat([table[:extra], grid]), requires_grad=False)
    tower.grid_size, tower.image_size = new, (side, side)
