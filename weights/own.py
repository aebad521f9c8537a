"""Safetensors of our own -> a model: the bundled CoCa, or a trainer's output, with checksums and shapes checked."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lamella.schemas.errors import WeightsMissing
from lamella.weights.loaded import (
    BUNDLED,
    DIGEST_CHARACTERS,
    FUSION_BIAS,
    FUSION_WEIGHT,
    MATCH_BIAS,
    MATCH_SCALE,
    MODEL_FILE,
    TOKENIZER_FILE,
    Unplaced,
    weights_label,
)
from lamella.weights.picture_size import resized, sized, trained_size

HERE = Path(__file__).parent
MANIFEST = "manifest.json"


def own_config(name: str) -> dict[str, Any] | None:
    """The config of a model of ours, by its name or by the path of its JSON; None where the name is open_clip's."""
    path = Path(name) if name.endswith(".json") else HERE / f"{name}.json"
    if path.name in (MANIFEST, TOKENIZER_FILE) or not path.is_file():
        return None
    return json.loads(path.read_bytes())


def load_own(name: str, weights: str, role: str, config: dict[str, Any], *, image_size: int | None = None) -> Unplaced:
    """`image_size`: px of the pictures that it is to see; None: of those that it was trained on. Raises WeightsMissing."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    from lamella.weights.coca import CoCa

    data, tokenizer_path, where = _own_files(name, weights, role)
    try:
        state = from_bytes(data)
    except SafetensorError as error:
        raise WeightsMissing(name, weights, f"{where} is no safetensors file ({error})") from error
    scale, bias = (state.pop(key, None) for key in (MATCH_SCALE, MATCH_BIAS))
    fusion = _fusion(state.pop(FUSION_WEIGHT, None), state.pop(FUSION_BIAS, None))
    size = image_size or trained_size(config, state)
    config, state = sized(config, size), resized(config, state, size)
    with torch.random.fork_rng(devices=()):  # what is drawn here is overwritten: the caller's random state stays
        model = CoCa(config)
    try:
        model.load_state_dict(
            {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in state.items()}, assign=True
        )
    except RuntimeError as error:
        raise WeightsMissing(name, weights, f"{where} holds another model's tensors ({error})") from error
    label = f"{Path(name).stem}/{weights_label(weights, role)}@{sha256(data).hexdigest()[:DIGEST_CHARACTERS]}"
    match = (float(scale), float(bias)) if scale is not None and bias is not None else (None, None)
    return replace(own_unplaced(model, config, tokenizer_path, label), match=match, fusion=fusion)


def _fusion(weight: Any, bias: Any) -> Any:
    """The head of a matcher that judges fused features; None where the file has none."""
    import torch

    if weight is None or bias is None:
        return None
    with torch.random.fork_rng(devices=()):
        head = torch.nn.Linear(weight.shape[1], 1)
    head.load_state_dict({"weight": weight.float(), "bias": bias.float()})
    return head


def own_unplaced(model: Any, config: dict[str, Any], tokenizer_path: Path, label: str) -> Unplaced:
    from lamella.weights.tokens import Tokenizer

    tokenizer = Tokenizer(tokenizer_path, config["text_cfg"]["context_length"])
    if tokenizer.size > config["text_cfg"]["vocab_size"]:
        raise ValueError(f"{tokenizer_path}: {tokenizer.size} pieces, above vocab_size={config['text_cfg']['vocab_size']}")
    look = config["preprocess_cfg"]
    return Unplaced(
        model=model,
        tokenize=tokenizer,
        decode=tokenizer.decode,
        label=label,
        specials=(tokenizer.bos, tokenizer.eos, tokenizer.pad),
        look=(config["vision_cfg"]["image_size"], tuple(look["mean"]), tuple(look["std"])),
        tokenizer_file=tokenizer_path,
    )


def _own_files(name: str, weights: str, role: str) -> tuple[bytes, Path, str]:
    """The weights' bytes, the tokenizer's path, and what to call the file in an error."""
    if weights == BUNDLED:
        entry = read_manifest()["models"].get(name)
        if entry is None or role not in entry:
            raise WeightsMissing(name, weights, f"no {role} of that name is bundled")
        for part in ("config", "tokenizer"):
            _verified(name, weights, entry[part]["file"], entry[part])
        return _verified(name, weights, entry[role]["file"], entry[role]), HERE / TOKENIZER_FILE, entry[role]["file"]
    path = Path(weights)
    if path.is_dir():
        path = path / f"{role}.safetensors" if (path / f"{role}.safetensors").is_file() else path / MODEL_FILE
    tokenizer = path.parent / TOKENIZER_FILE
    for file in (path, tokenizer):
        if not file.is_file():
            raise WeightsMissing(name, weights, f"no file {file}")
    return path.read_bytes(), tokenizer, str(path)


def _verified(name: str, weights: str, file: str, entry: dict[str, Any]) -> bytes:
    path = HERE / file
    if not path.is_file():
        raise WeightsMissing(name, weights, f"no file {path}")
    data = path.read_bytes()
    if sha256(data).hexdigest() != entry["sha256"]:
        raise WeightsMissing(name, weights, f"{path} is not the file whose SHA-256 {MANIFEST} lists: damaged or tampered with")
    return data


def bundle_hash() -> str:
    """Stands for all bundled weights: what was measured with others is measured again."""
    return sha256((HERE / MANIFEST).read_bytes()).hexdigest()


def read_manifest() -> dict[str, Any]:
    return json.loads((HERE / MANIFEST).read_bytes())
