"""Any model of open_clip, by hub tag or from a safetensors file. Its import takes five seconds: late, and only here."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lamella.weights.loaded import (
    DIGEST_CHARACTERS,
    MATCH_BIAS,
    MATCH_SCALE,
    MODEL_FILE,
    Unplaced,
    WeightsMissing,
    weights_label,
)


def load_open_clip(name: str, weights: str) -> Unplaced:
    import open_clip
    from safetensors import SafetensorError

    if "." in Path(weights).name and not weights.endswith(".safetensors") and Path(weights).is_file():
        raise WeightsMissing(name, weights, "only .safetensors files are read, since a pickle can run code")
    where = Path(weights) / MODEL_FILE if Path(weights).is_dir() else Path(weights)
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # else it logs each of its retries, twice
    try:
        if where.is_file():
            made = open_clip.create_model_and_transforms(name, load_weights=False)
            match, look = _fill(made[0], where)
        else:
            made = open_clip.create_model_and_transforms(name, pretrained=weights, weights_only=True)
            match, look = (None, None), None
    except (RuntimeError, OSError, SafetensorError) as error:
        raise WeightsMissing(name, weights, str(error)) from error
    unplaced = _unplaced(name, f"{weights_label(weights, '')}@{_digest(made[0])}", made)
    return replace(unplaced, match=match, look=look, preprocess=None) if look else replace(unplaced, match=match)


def untrained_open_clip(name: str) -> Unplaced:
    """Raises ValueError where open_clip has no such model."""
    import open_clip

    try:
        return _unplaced(name, "untrained", open_clip.create_model_and_transforms(name, load_weights=False))
    except RuntimeError as error:
        raise ValueError(f"no model {name!r}: {' '.join(str(error).split())[:200]}") from error


def _unplaced(name: str, label: str, made: tuple[Any, Any, Any]) -> Unplaced:
    import open_clip

    model, _, preprocess = made
    model.output_dict = True
    tokenizer = open_clip.get_tokenizer(name)
    config = open_clip.get_model_preprocess_cfg(model)
    bos, eos = getattr(tokenizer, "sot_token_id", 49406), getattr(tokenizer, "eot_token_id", 49407)
    pad = getattr(model, "pad_id", 0)
    return Unplaced(
        model=model,
        tokenize=lambda texts: tokenizer(list(texts)),
        decode=lambda ids: _decode_open_clip(tokenizer, ids, (bos, eos, pad)),
        label=f"{name}/{label}",
        specials=(bos, eos, pad),
        look=(_side(model.visual.image_size), tuple(config["mean"]), tuple(config["std"])),
        preprocess=preprocess,
    )


def _fill(model: Any, path: Path) -> tuple[tuple[float | None, float | None], tuple | None]:
    """Puts a file's tensors into the model; gives the matcher's calibration, and the look if our trainer wrote the file."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
        look = json.loads((file.metadata() or {}).get("preprocess", "null"))
    scale, bias = (state.pop(key, None) for key in (MATCH_SCALE, MATCH_BIAS))
    model.load_state_dict({key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in state.items()})
    match = (float(scale), float(bias)) if scale is not None and bias is not None else (None, None)
    return match, (look["size"], tuple(look["mean"]), tuple(look["std"])) if look else None


def _decode_open_clip(tokenizer: Any, ids: Iterable[int], specials: tuple[int, int, int]) -> str:
    bos, eos, pad = specials
    text = []
    for token in map(int, ids):
        if token == eos:
            break
        if token not in (bos, pad):
            text.append(token)
    return tokenizer.decode(text).strip()


def _digest(model: Any) -> str:
    """Of all parameters' bytes, in the order of their names."""
    total = blake2b(digest_size=16)
    for key, tensor in sorted(model.state_dict().items()):
        total.update(key.encode())
        total.update(tensor.detach().contiguous().view(-1).numpy().data)
    return total.hexdigest()[:DIGEST_CHARACTERS]


def _side(size: int | Sequence[int]) -> int:
    return size if isinstance(size, int) else size[0]
