"""BLIP's captioner and its image-text matching head (CapFilt, Li et al. 2022), through transformers.

`weights` is a hub id or a folder, such as Salesforce/blip-image-captioning-base and Salesforce/blip-itm-base-coco; only
safetensors are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lamella.schemas.config import CaptionConfig, ModelConfig
from lamella.transforms.caption.batches import chunks, filled_up, in_batches
from lamella.transforms.caption.generate import Decoder, Specials
from lamella.transforms.caption.search import write_captions
from lamella.weights import WeightsMissing
from lamella.weights.loader import pick_device
from lamella.weights.pixels import normalise
from lamella.weights.precision import pick_precision
from lamella.weights.vetting import UnsafeModel, vet_transformers

_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # BLIP's, which are CLIP's
_DIGEST_BYTES = 6
_LENGTHS = (16, 32, 64, 128)  # tokens of a text, padded; longer ones have the model's own


@dataclass(frozen=True, slots=True)
class _Blip:
    """A model and its tokenizer on their device."""

    model: Any
    tokenizer: Any
    label: str
    batch: int

    @classmethod
    def load(cls, config: ModelConfig):
        import transformers

        kind = getattr(transformers, cls.kind())
        precision = pick_precision(config.precision, config.device)
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        try:
            vet_transformers(config.weights)
            model = kind.from_pretrained(config.weights, use_safetensors=True, trust_remote_code=False)
            tokenizer = transformers.AutoTokenizer.from_pretrained(config.weights, trust_remote_code=False)
        except UnsafeModel:
            raise
        except (OSError, ValueError, RuntimeError) as error:
            raise WeightsMissing(config.name, config.weights, str(error)) from error
        label = f"{config.name}/{Path(config.weights).name}@{_digest(model)}{'' if precision == 'fp32' else f'+{precision}'}"
        model = model.to(device=pick_device(config.device), dtype=dtype).eval().requires_grad_(False)
        return cls(model, tokenizer, label, config.batch)

    @classmethod
    def kind(cls) -> str:
        raise NotImplementedError

    @property
    def image_size(self) -> int:
        return self.model.config.vision_config.image_size

    def _see(self, images: Sequence[Image.Image]) -> Tensor:
        """[N, patches + 1, W]: every picture squeezed to the model's square, as BLIP was trained."""
        size = (self.image_size, self.image_size)
        squares = np.stack([np.asarray(image.resize(size, Image.Resampling.BICUBIC)) for image in images])
        pixels = normalise(torch.from_numpy(squares), _MEAN, _STD).to(self.model.device, self.model.dtype)
        return self.model.vision_model(pixel_values=pixels).last_hidden_state


class BlipCaptioner(_Blip):
    """Writes captions by the same sampling as CoCa's, so that they depend on nothing but the picture."""

    __slots__ = ()

    @classmethod
    def kind(cls) -> str:
        return "BlipForConditionalGeneration"

    def captions(self, images: Sequence[Image.Image], keys: Sequence[str], config: CaptionConfig) -> list[str]:
        return in_batches(partial(self._captions, config), images, keys, size=self.batch)

    def _captions(self, config: CaptionConfig, images: Sequence[Image.Image], keys: Sequence[str]) -> list[str]:
        text = self.model.config.text_config
        with torch.inference_mode():
            seen = self._see(images)

        def next_logits(tokens: Tensor) -> Tensor:  # [N, L] -> [N, V]
            tokens = tokens.to(self.model.device)
            out = self.model.text_decoder(
                input_ids=tokens, attention_mask=torch.ones_like(tokens), encoder_hidden_states=seen, use_cache=False
            )
            return out.logits[:, -1]

        specials = Specials(text.bos_token_id, text.sep_token_id, text.pad_token_id)
        decoder = Decoder(next_logits, specials, text.max_position_embeddings)
        return write_captions(decoder, keys, config, self._decode)

    def _decode(self, tokens: list[int]) -> str:
        return " ".join(self.tokenizer.decode(tokens, skip_special_tokens=True).split())


class BlipMatcher(_Blip):
    """The matching head reads text and picture together, which a cosine of two embeddings cannot."""

    __slots__ = ()

    @classmethod
    def kind(cls) -> str:
        return "BlipForImageTextRetrieval"

    def probabilities(self, images: Sequence[Image.Image], asked: Sequence[tuple[int, str]]) -> list[float]:
        if not asked:
            return []
        found = [0.0] * len(asked)
        longest = self.model.config.text_config.max_position_embeddings
        lengths = [_length(words, longest) for words in self.tokenizer([text for _, text in asked])["input_ids"]]
        with torch.inference_mode():
            parts = chunks(len(images), self.batch)
            seen = torch.cat([self._see(filled_up(images[part], self.batch))[: len(images[part])] for part in parts])
            for length in sorted(set(lengths)):
                rows = [row for row, its in enumerate(lengths) if its == length]
                for part in chunks(len(rows), self.batch):
                    chosen = filled_up(rows[part], self.batch)
                    match = self._matched(seen[[asked[row][0] for row in chosen]], [asked[row][1] for row in chosen], length)
                    for row, probability in zip(rows[part], match, strict=False):
                        found[row] = probability
        return found

    def _matched(self, seen: Tensor, texts: Sequence[str], length: int) -> list[float]:
        """[A, P, W] beside A texts, padded or cut to `length` tokens -> A probabilities."""
        words = self.tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
        read = self.model.text_encoder(
            input_ids=words["input_ids"].to(self.model.device),
            attention_mask=words["attention_mask"].to(self.model.device),
            encoder_hidden_states=seen,
        ).last_hidden_state  # [A, length, W]
        return torch.softmax(self.model.itm_head(read[:, 0]).float(), dim=-1)[:, 1].tolist()


def _length(words: Sequence[int], longest: int) -> int:
    """Tokens that a text is padded to, by itself and not by its neighbours."""
    return min(next((length for length in _LENGTHS if len(words) <= length), longest), longest)


def _digest(model: Any) -> str:
    """Of all parameters' bytes, in the order of their names."""
    total = blake2b(digest_size=_DIGEST_BYTES)
    for key, tensor in sorted(model.state_dict().items()):
        total.update(key.encode())
        total.update(tensor.detach().contiguous().view(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()
