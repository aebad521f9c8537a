"""A hub tag or a safetensors file -> a model of open_clip. Importing open_clip takes five seconds: only this module does it."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lamella.schemas.errors import WeightsMissing
from lamella.weights.loaded import CHECKPOINTS, DIGEST_CHARACTERS, MATCH_BIAS, MATCH_SCALE, MODEL_FILE, Unplaced, weights_label
from lamella.weights.vetting import HUB, LOCAL, UnsafeModel, vet_clip


def load_open_clip(name: str, weights: str) -> Unplaced:
    """The model `name` of open_clip, or of a folder or hub page that describes one (`local-dir:`, `hf-hub:`).

    Its config is vetted first, and open_clip never opens weights by itself: it would open pickles as well.

    Raises:
        WeightsMissing: no safetensors file there, or not this model's.
        UnsafeModel: its config names code.
    """
    from safetensors import SafetensorError

    if "." in Path(weights).name and not weights.endswith(".safetensors") and Path(weights).is_file():
        raise WeightsMissing(name, weights, "only .safetensors files are read, since a pickle can run code")
    where = Path(weights) / MODEL_FILE if Path(weights).is_dir() else Path(weights)
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # else it logs each of its retries, twice
    try:
        vet_clip(name)
        if where.is_file():
            made = _made(name)
            match, look = _fill(made[0], where)
        else:
            path = _checkpoint(name, weights)
            made = _made(name, weights)
            open_clip_factory().load_checkpoint(made[0], str(path))
            match, look = (None, None), None
    except UnsafeModel:
        raise
    except (RuntimeError, OSError, ValueError, SafetensorError) as error:
        raise WeightsMissing(name, weights, str(error)) from error
    unplaced = _unplaced(name, f"{weights_label(weights, '')}@{_digest(made[0])}", made)
    return replace(unplaced, match=match, look=look, preprocess=None) if look else replace(unplaced, match=match)


def untrained_open_clip(name: str) -> Unplaced:
    """Raises ValueError where open_clip has no such model, or where its config names code."""
    try:
        vet_clip(name)
        return _unplaced(name, "untrained", _made(name))
    except (RuntimeError, OSError) as error:
        raise ValueError(f"no model {name!r}: {' '.join(str(error).split())[:200]}") from error


def open_clip_factory() -> Any:
    from open_clip import factory

    return factory


def _made(name: str, tag: str | None = None) -> tuple[Any, Any, Any]:
    """The model without weights, neither its own nor a tower's; `tag` decides how pictures are prepared."""
    return open_clip_factory().create_model_and_transforms(name, pretrained=tag, load_weights=False, pretrained_text=False)


def _checkpoint(name: str, weights: str) -> Path:
    """The safetensors file of a folder, a hub page or a tag of open_clip. Raises OSError if there is none."""
    if name.startswith(LOCAL):
        folder = Path(name.removeprefix(LOCAL))
        found = next((folder / file for file in CHECKPOINTS if (folder / file).is_file()), None)
        if found is None:
            raise OSError(f"none of {', '.join(CHECKPOINTS)} in {folder}; a pickle is never opened")
        return found
    if name.startswith(HUB):
        return _downloaded(name.removeprefix(HUB), "")
    tag = open_clip_factory().get_pretrained_cfg(name.replace("/", "-"), weights)
    if not tag:
        raise OSError(f"neither a file nor a tag of {name}")
    repo, _, file = tag.get("hf_hub", "").rpartition("/")
    if not repo:
        raise OSError("open_clip has this tag as a pickle alone, and a pickle is never opened")
    return _downloaded(repo, file)


def _downloaded(repo: str, file: str) -> Path:
    """A repository's safetensors; `file` is the name that open_clip knows, which may be a pickle's."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    names = (f"{Path(file).stem}.safetensors",) if file else CHECKPOINTS
    for at, safe in enumerate(names):
        try:
            return Path(hf_hub_download(repo, safe))
        except EntryNotFoundError as error:
            if at + 1 == len(names):
                raise OSError(f"{repo} has no {' or '.join(names)}; a pickle is never opened") from error
    raise AssertionError("the loop returns or raises")


def _unplaced(name: str, label: str, made: tuple[Any, Any, Any]) -> Unplaced:
    import open_clip

    model, _, preprocess = made
    model.output_dict = True
    tokenizer = open_clip.get_tokenizer(name, **_tokenizer_words(name))
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


def _tokenizer_words(name: str) -> dict[str, Any]:
    """Said over the config's own words, where transformers makes the tokenizer; open_clip's own knows no such word."""
    text = (open_clip_factory().get_model_config(name.replace("/", "-") if ":" not in name else name) or {}).get("text_cfg", {})
    return {"trust_remote_code": False} if text.get("hf_tokenizer_name") else {}


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
