"""A model's name and its weights in, a model ready for use out: the bundled CoCa, a trainer's output, or any of open_clip's.

Weights are `bundled`, a path (a folder that the trainer wrote, or a `.safetensors` file), or a hub tag of open_clip.
Nothing is ever unpickled by this module's own hand, and a bundled file whose checksum is not the manifest's is refused.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from PIL import Image

HERE = Path(__file__).parent
MANIFEST = "manifest.json"
BUNDLED = "bundled"
MODEL_FILE, TOKENIZER_FILE = "model.safetensors", "tokenizer.json"  # of a folder that the trainer wrote
MATCH_SCALE, MATCH_BIAS = "matching.scale", "matching.bias"  # tensors of a matcher, beside the model's own
ROLES = ("scorer", "captioner", "matcher")
Role = Literal["scorer", "captioner", "matcher"]
_DIGEST_CHARACTERS = 12


class WeightsMissing(RuntimeError):
    """No weights there, or not the ones that were asked for. One line: the tag or file, and the two ways out."""

    def __init__(self, name: str, weights: str, why: str):
        why = " ".join(why.split())[:200]
        super().__init__(
            f"{name}: weights {weights!r} cannot be had: {why}; give the path of a .safetensors file or of a folder "
            f"that `lamella train` wrote, or use name lamella-coca with weights {BUNDLED!r}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model on its device, and all it takes to talk to it."""

    model: "torch.nn.Module"  # encode_image, encode_text; CoCa too: text_decoder
    preprocess: "Callable[[Image.Image], torch.Tensor]"  # picture -> [3, H, W], in `dtype`, on the CPU
    tokenize: "Callable[[Sequence[str]], torch.Tensor]"  # N texts -> LongTensor [N, L], on the CPU
    decode: Callable[[Iterable[int]], str]  # ids -> text, up to the first `eos`
    label: str  # "name/weights@digest": goes beside every score
    device: "torch.device"
    dtype: "torch.dtype"
    bos: int
    eos: int
    pad: int
    image_size: int  # px, of the square that the model sees
    mean: tuple[float, ...]
    std: tuple[float, ...]
    match_scale: float | None = None  # a matcher's p = sigmoid(match_scale * cosine + match_bias)
    match_bias: float | None = None
    tokenizer_file: Path | None = None  # of a model of ours; open_clip's bring theirs


def load(name: str, weights: str, role: Role, precision: str = "fp32", device: str = "auto") -> Loaded:
    """The model `name` with `weights`, in evaluation mode.

    Args:
        name: `lamella-coca`, the path of a model config like `weights/lamella-coca.json`, or any model of open_clip.
        weights: `bundled`, a path, or a hub tag.
        role: which of the three bundled models; also which a folder with `<role>.safetensors` gives.
        precision: "fp32" or "bf16".
        device: "auto", "cpu", "cuda" ...; "auto" is CUDA where there is one.

    Raises:
        WeightsMissing: the file or tag cannot be had, is damaged, or is not this model's.
        ValueError: a role, precision or device that does not exist.
    """
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}, not {role!r}")
    if precision not in ("fp32", "bf16"):
        raise ValueError(f"precision must be fp32 or bf16, not {precision!r}")
    config = own_config(name)
    if config is not None:
        return _load_own(name, weights, role, config)(precision, device)
    if weights == BUNDLED:
        raise WeightsMissing(name, weights, f"only {', '.join(sorted(_manifest()['models']))} is bundled")
    return _load_open_clip(name, weights)(precision, device)


def untrained(name: str, tokenizer: Path | None = None, device: str = "auto") -> Loaded:
    """The model `name` with weights drawn from torch's random state: where a training begins.

    Args:
        name: as for `load`.
        tokenizer: the `tokenizer.json` of a model of ours.
        device: as for `load`.

    Raises:
        ValueError: no such model; no tokenizer for a model of ours, or one with more pieces than its vocabulary.
    """
    config = own_config(name)
    if config is None:
        import open_clip

        try:
            return _open_clip_finish(name, "untrained", open_clip.create_model_and_transforms(name, load_weights=False))(
                "fp32", device
            )
        except RuntimeError as error:
            raise ValueError(f"no model {name!r}: {' '.join(str(error).split())[:200]}") from error
    if tokenizer is None:
        raise ValueError(f"{name}: a tokenizer.json is needed")
    from weights.coca import CoCa

    return _own_finish(CoCa(config), config, tokenizer, f"{Path(name).stem}/untrained")("fp32", device)


def own_config(name: str) -> dict[str, Any] | None:
    """The config of a model of ours, by its name or by the path of its JSON; None where the name is open_clip's."""
    path = Path(name) if name.endswith(".json") else HERE / f"{name}.json"
    if path.name == MANIFEST or not path.is_file():
        return None
    return json.loads(path.read_bytes())


def pick_device(device: str) -> "torch.device":
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)


def _load_own(name: str, weights: str, role: str, config: dict[str, Any]) -> "_Finish":
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    from weights.coca import CoCa

    data, tokenizer_path, where = _own_files(name, weights, role)
    try:
        state = from_bytes(data)
    except SafetensorError as error:
        raise WeightsMissing(name, weights, f"{where} is no safetensors file ({error})") from error
    scale, bias = (state.pop(key, None) for key in (MATCH_SCALE, MATCH_BIAS))
    with torch.random.fork_rng(devices=()):  # what is drawn here is overwritten: the caller's random state stays
        model = CoCa(config)
    try:
        model.load_state_dict({key: tensor.float() for key, tensor in state.items()}, assign=True)
    except RuntimeError as error:
        raise WeightsMissing(name, weights, f"{where} holds another model's tensors ({error})") from error
    label = f"{Path(name).stem}/{_weights_label(weights, role)}@{sha256(data).hexdigest()[:_DIGEST_CHARACTERS]}"
    match = (float(scale), float(bias)) if scale is not None and bias is not None else (None, None)
    return replace(_own_finish(model, config, tokenizer_path, label), match=match)


def _own_finish(model: Any, config: dict[str, Any], tokenizer_path: Path, label: str) -> "_Finish":
    from weights.tokens import Tokenizer

    tokenizer = Tokenizer(tokenizer_path, config["text_cfg"]["context_length"])
    if tokenizer.size > config["text_cfg"]["vocab_size"]:
        raise ValueError(f"{tokenizer_path}: {tokenizer.size} pieces, above vocab_size={config['text_cfg']['vocab_size']}")
    look = config["preprocess_cfg"]
    return _Finish(
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
        entry = _manifest()["models"].get(name)
        if entry is None or role not in entry:
            raise WeightsMissing(name, weights, f"no {role} of that name is bundled")
        _verified(name, weights, TOKENIZER_FILE, entry["tokenizer"])
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


def _manifest() -> dict[str, Any]:
    return json.loads((HERE / MANIFEST).read_bytes())


def _load_open_clip(name: str, weights: str) -> "_Finish":
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
    finish = _open_clip_finish(name, f"{_weights_label(weights, '')}@{_digest(made[0])}", made)
    return replace(finish, match=match, look=look, preprocess=None) if look else replace(finish, match=match)


def _open_clip_finish(name: str, label: str, made: tuple[Any, Any, Any]) -> "_Finish":
    import open_clip

    model, _, preprocess = made
    model.output_dict = True
    tokenizer = open_clip.get_tokenizer(name)
    config = open_clip.get_model_preprocess_cfg(model)
    bos, eos = getattr(tokenizer, "sot_token_id", 49406), getattr(tokenizer, "eot_token_id", 49407)
    pad = getattr(model, "pad_id", 0)
    return _Finish(
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
    return total.hexdigest()[:_DIGEST_CHARACTERS]


def _weights_label(weights: str, role: str) -> str:
    """Paths by their last part: where a file lies on one machine is no part of what it is."""
    return f"{BUNDLED}-{role}" if weights == BUNDLED else Path(weights).name


def _side(size: int | Sequence[int]) -> int:
    return size if isinstance(size, int) else size[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finish:
    """A model with its words, still on the CPU in fp32: `finish(precision, device)` makes it ready."""

    model: Any
    tokenize: Any
    decode: Any
    label: str
    specials: tuple[int, int, int]
    look: tuple[int, tuple[float, ...], tuple[float, ...]]
    match: tuple[float | None, float | None] = (None, None)
    preprocess: Any = None  # open_clip's own transform; None: square and normalise
    tokenizer_file: Path | None = None

    def __call__(self, precision: str, device: str) -> Loaded:
        import torch

        from weights.pixels import normalise, square

        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        target = pick_device(device)
        size, mean, std = self.look

        def preprocess(image: "Image.Image") -> torch.Tensor:
            if self.preprocess:
                return self.preprocess(image).to(dtype)
            return normalise(torch.from_numpy(square(image, size)), mean, std).to(dtype)

        return Loaded(
            model=self.model.to(device=target, dtype=dtype).eval().requires_grad_(False),
            preprocess=preprocess,
            tokenize=self.tokenize,
            decode=self.decode,
            label=self.label,
            device=target,
            dtype=dtype,
            bos=self.specials[0],
            eos=self.specials[1],
            pad=self.specials[2],
            image_size=size,
            mean=mean,
            std=std,
            match_scale=self.match[0],
            match_bias=self.match[1],
            tokenizer_file=self.tokenizer_file,
        )
