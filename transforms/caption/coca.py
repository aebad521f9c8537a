"""Pictures -> captions by CoCa (Yu et al. 2022); pictures and texts -> match probabilities by any model with two encoders."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from lamella.schemas.config import CaptionConfig, ModelConfig
from lamella.transforms.caption.batches import chunks, filled_up, in_batches
from lamella.transforms.caption.generate import Decoder, Specials
from lamella.transforms.caption.search import write_captions
from lamella.weights import Loaded, WeightsMissing, load


class TwoEncoders(Protocol):
    """A CLIP, or the part of a CoCa that is one."""

    logit_scale: Tensor

    def encode_image(self, images: Tensor) -> Tensor: ...  # [N, 3, H, W] -> [N, D]
    def encode_text(self, tokens: Tensor) -> Tensor: ...  # [N, L] -> [N, D]


class Writer(Protocol):
    """What open_clip's CoCa and ours have beside the two encoders."""

    context_length: int

    def text_decoder(self, seen: Tensor, said: Tensor) -> Tensor: ...  # [N, P, W], [N, L, W] -> [N, L, V]
    def _encode_image(self, images: Tensor) -> tuple[Tensor, Tensor]: ...  # -> [N, D], [N, P, W]
    def _encode_text(self, tokens: Tensor) -> tuple[Tensor, Tensor]: ...  # -> [N, D], [N, L, W]


class Fuser(Writer, Protocol):
    """A CoCa of ours that a matching head was trained on."""

    def fuse(self, patches: Tensor, tokens: Tensor) -> Tensor: ...  # [N, P, W], [N, L] -> [N, W]


@dataclass(frozen=True, slots=True)
class HeldModel:
    """A loaded model, and how many pictures or texts it takes at once."""

    loaded: Loaded
    batch: int

    @property
    def label(self) -> str:
        return self.loaded.label

    @property
    def image_size(self) -> int:
        return self.loaded.image_size

    def pixels(self, images: Sequence[Image.Image]) -> Tensor:
        """[N, 3, H, W], where the model is."""
        return torch.stack([self.loaded.preprocess(image) for image in images]).to(self.loaded.device)


@dataclass(frozen=True, slots=True)
class CocaCaptioner(HeldModel):
    """A CoCa of ours or of open_clip. Its own `generate` is not used: it asks for an older transformers, and is random."""

    @classmethod
    def load(cls, config: ModelConfig) -> "CocaCaptioner":
        loaded = load(config.name, config.weights, role="captioner", precision=config.precision, device=config.device)
        if not hasattr(loaded.model, "text_decoder"):
            raise WeightsMissing(config.name, config.weights, "this model has no text decoder and writes no captions")
        return cls(loaded, config.batch)

    def captions(self, images: Sequence[Image.Image], keys: Sequence[str], config: CaptionConfig) -> list[str]:
        return in_batches(partial(self._captions, config), images, keys, size=self.batch)

    def _captions(self, config: CaptionConfig, images: Sequence[Image.Image], keys: Sequence[str]) -> list[str]:
        model, device = cast(Writer, self.loaded.model), self.loaded.device
        with torch.inference_mode():
            _, seen = model._encode_image(self.pixels(images))  # [N, P, W]; once, not at every token

        def next_logits(tokens: Tensor) -> Tensor:  # [N, L] -> [N, V]
            _, said = model._encode_text(tokens.to(device))  # [N, L, W]
            return model.text_decoder(seen, said)[:, -1]

        specials = Specials(self.loaded.bos, self.loaded.eos, self.loaded.pad)
        decoder = Decoder(next_logits, specials, model.context_length)
        return write_captions(decoder, keys, config, self.loaded.decode)


@dataclass(frozen=True, slots=True)
class ContrastiveMatcher(HeldModel):
    """The probability that a text belongs to a picture, from their cosine similarity.

    Weights that carry a calibration give sigmoid(scale * cosine + bias). Others, as they come from open_clip, were never
    asked for a probability: they choose between the text and no text at all, by their own temperature, which is
    sigmoid(temperature * (cosine - cosine of the empty text)).
    """

    def probabilities(self, images: Sequence[Image.Image], asked: Sequence[tuple[int, str]]) -> list[float]:
        if not asked:
            return []
        with torch.inference_mode():
            seen = self._embedded(images, self._encode_images)  # [N, D]
            said = self._embedded([text for _, text in asked], self._encode_texts)  # [A, D]
            which = torch.tensor([index for index, _ in asked])
            cosine = (seen[which] * said).sum(dim=-1)  # [A]
            if self.loaded.match_scale is not None and self.loaded.match_bias is not None:
                logits = self.loaded.match_scale * cosine + self.loaded.match_bias
            else:
                nothing = (seen[which] * self._embedded([""], self._encode_texts)).sum(dim=-1)
                logits = self._encoders.logit_scale.float().exp().cpu() * (cosine - nothing)
            return torch.sigmoid(logits).tolist()

    @property
    def _encoders(self) -> TwoEncoders:
        return cast(TwoEncoders, self.loaded.model)

    def _embedded(self, items: Sequence, encode) -> Tensor:
        """[N, D] of length 1, in batches of one shape: an answer does not depend on its neighbours."""
        parts = [
            F.normalize(encode(filled_up(items[part], self.batch)).float(), dim=-1)[: len(items[part])].cpu()
            for part in chunks(len(items), self.batch)
        ]
        return torch.cat(parts)

    def _encode_images(self, images: Sequence[Image.Image]) -> Tensor:
        return self._encoders.encode_image(self.pixels(images))

    def _encode_texts(self, texts: Sequence[str]) -> Tensor:
        return self._encoders.encode_text(self.loaded.tokenize(texts).to(self.loaded.device))
