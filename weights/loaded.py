"""What a loader gives: a model on its device with all it takes to use it, or one line that says why there is none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamella.schemas.errors import NoDevice
from lamella.weights.precision import pick_precision

if TYPE_CHECKING:
    import torch
    from PIL import Image

BUNDLED = "bundled"
MODEL_FILE, TOKENIZER_FILE = "model.safetensors", "tokenizer.json"  # of a folder that the trainer wrote
CHECKPOINTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", MODEL_FILE)  # of a folder or hub page
MATCH_SCALE, MATCH_BIAS = "matching.scale", "matching.bias"  # tensors of a matcher, beside the model's own
FUSION_WEIGHT, FUSION_BIAS = "fusion.weight", "fusion.bias"  # of a matcher that judges fused features
DIGEST_CHARACTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model on its device, and all it takes to talk to it."""

    model: "torch.nn.Module"  # encode_image, encode_text; CoCa too: text_decoder
    preprocess: "Callable[[Image.Image], torch.Tensor]"  # picture -> [3, H, W], in `dtype`, on the CPU
    tokenize: "Callable[[Sequence[str]], torch.Tensor]"  # N texts -> LongTensor [N, L], on the CPU
    decode: Callable[[Iterable[int]], str]  # ids -> text, up to the first `eos`
    label: str  # "name/weights@digest", "+bf16" behind it where it is: goes beside every score
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
    fusion: "torch.nn.Linear | None" = None  # a matcher's p = sigmoid(fusion(model.fuse(patches, tokens)))
    tokenizer_file: Path | None = None  # of a model of ours; open_clip's bring theirs

    def text_lengths(self, tokens: "torch.Tensor") -> list[int]:
        """[N, L] -> for each text the length at which it may be encoded."""
        from lamella.weights.texts import text_lengths

        return text_lengths(self.model, tokens, self.eos)

    def encode_text(self, tokens: "torch.Tensor") -> "torch.Tensor":
        """[N, L] -> [N, D]; L is the model's context, or one of `text_lengths`."""
        from lamella.weights.texts import encode_text

        return encode_text(self.model, tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A model with its words, still on the CPU in fp32: `finish(precision, device)` makes it ready."""

    model: Any
    tokenize: Any
    decode: Any
    label: str
    specials: tuple[int, int, int]
    look: tuple[int, tuple[float, ...], tuple[float, ...]]
    match: tuple[float | None, float | None] = (None, None)
    fusion: Any = None  # a Linear of one output
    preprocess: Any = None  # open_clip's own transform; None: square and normalise
    tokenizer_file: Path | None = None

    def __call__(self, precision: str, device: str) -> Loaded:
        import torch

        from lamella.weights.pixels import normalise, square

        precision = pick_precision(precision, device)
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
            label=self.label if precision == "fp32" else f"{self.label}+{precision}",
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
            fusion=self.fusion and self.fusion.to(device=target, dtype=dtype).requires_grad_(False),
            tokenizer_file=self.tokenizer_file,
        )


def pick_device(device: str) -> "torch.device":
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise NoDevice(f"device={device}: no GPU that torch can use")
    return torch.device(device)


def weights_label(weights: str, role: str) -> str:
    """Paths by their last part: the place of a file on one machine does not belong to its identity."""
    return f"{BUNDLED}-{role}" if weights == BUNDLED else Path(weights).name
