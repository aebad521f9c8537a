"""A model's name and its weights -> a model ready for use: the bundled CoCa, a trainer's output, or any of open_clip's.

Weights are `bundled`, a path (a folder that the trainer wrote, or a `.safetensors` file), or a hub tag of open_clip.
"""

from pathlib import Path
from typing import Literal

from lamella.schemas.errors import WeightsMissing
from lamella.weights.loaded import BUNDLED, Loaded, pick_device
from lamella.weights.own import load_own, own_config, own_unplaced, read_manifest
from lamella.weights.picture_size import sized
from lamella.weights.precision import pick_precision

__all__ = ["ROLES", "Role", "load", "pick_device", "untrained"]

Role = Literal["scorer", "captioner", "matcher"]
ROLES = ("scorer", "captioner", "matcher")


def load(
    name: str, weights: str, role: Role, *, precision: str = "fp32", device: str = "auto", image_size: int | None = None
) -> Loaded:
    """The model `name` with `weights`, in evaluation mode.

    Args:
        name: `lamella-coca`, the path of a model config like `weights/lamella-coca.json`, or any model of open_clip.
        weights: `bundled`, a path, or a hub tag.
        role: which of the three bundled models; also which a folder with `<role>.safetensors` gives.
        precision: "fp32", "bf16", or "auto": bf16 where that is fast.
        device: "auto", "cpu", "cuda" ...; "auto" is CUDA where there is one.
        image_size: px of the pictures that a model of ours is to see; None: of those that it was trained on.

    Raises:
        WeightsMissing: the file or tag cannot be had, is damaged, or is not this model's.
        ValueError: a role, precision or device that does not exist; a picture size that the model cannot have.
    """
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}, not {role!r}")
    precision = pick_precision(precision, device)
    config = own_config(name)
    if config is not None:
        return load_own(name, weights, role, config, image_size=image_size)(precision, device)
    if image_size:
        raise ValueError(f"{name}: sees pictures of its own size")
    if weights == BUNDLED:
        raise WeightsMissing(name, weights, f"only {', '.join(sorted(read_manifest()['models']))} is bundled")
    from lamella.weights.hub import load_open_clip
    from lamella.weights.reach import reach

    reach(name, weights, role)  # a hub that does not answer is said in seconds: open_clip tries each file for minutes
    return load_open_clip(name, weights)(precision, device)


def untrained(name: str, tokenizer: Path | None = None, device: str = "auto", *, image_size: int | None = None) -> Loaded:
    """The model `name` with weights drawn from torch's random state: where a training begins.

    Args:
        name: as for `load`.
        tokenizer: the `tokenizer.json` of a model of ours.
        device, image_size: as for `load`.

    Raises:
        ValueError: no such model; a picture size that it cannot have; no tokenizer for a model of ours, or one with more
            pieces than its vocabulary.
    """
    config = own_config(name)
    if config is None:
        from lamella.weights.hub import untrained_open_clip

        if image_size:
            raise ValueError(f"{name}: sees pictures of its own size")
        return untrained_open_clip(name)("fp32", device)
    if tokenizer is None:
        raise ValueError(f"{name}: a tokenizer.json is needed")
    from lamella.weights.coca import CoCa

    config = sized(config, image_size) if image_size else config
    return own_unplaced(CoCa(config), config, tokenizer, f"{Path(name).stem}/untrained")("fp32", device)
