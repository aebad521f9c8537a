"""A model's config and its weights -> both for pictures of another size: positions are interpolated, the rest stays.

A convolutional stem and a transformer take a grid of any size, so that only the positions say how large a picture is
(Dosovitskiy et al. 2021, section 3.2: fine-tuning at a higher resolution).
"""

from math import isqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

POSITIONS = "visual.positional_embedding"  # [1 + grid * grid, W], the class token's first


def sized(config: dict[str, Any], size: int) -> dict[str, Any]:
    """The config of the same model for squares of `size` px. Raises ValueError where patches do not fill them."""
    patch = config["vision_cfg"]["patch_size"]
    if size % patch:
        raise ValueError(f"{size} px: no multiple of the patches' {patch} px")
    return config | {"vision_cfg": config["vision_cfg"] | {"image_size": size}}


def trained_size(config: dict[str, Any], state: "dict[str, Tensor]") -> int:
    """px of the squares that weights were trained on, as their positions tell; the config's own where they tell none."""
    patches = len(state[POSITIONS]) - 1 if POSITIONS in state else 0
    grid = isqrt(patches)
    told = grid > 0 and grid * grid == patches
    return grid * config["vision_cfg"]["patch_size"] if told else config["vision_cfg"]["image_size"]


def resized(config: dict[str, Any], state: "dict[str, Tensor]", size: int) -> "dict[str, Tensor]":
    """The weights for squares of `size` px."""
    from torch import cat
    from torch.nn.functional import interpolate

    before, after = (px // config["vision_cfg"]["patch_size"] for px in (trained_size(config, state), size))
    if before == after:
        return state
    first, grid = state[POSITIONS][:1], state[POSITIONS][1:].float()  # [1, W], [before * before, W]
    square = grid.T.reshape(1, grid.shape[1], before, before)
    larger = interpolate(square, size=(after, after), mode="bicubic", align_corners=False)
    positions = larger.flatten(2)[0].T.to(first.dtype)  # [after * after, W]
    return state | {POSITIONS: cat([first, positions])}
