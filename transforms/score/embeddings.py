"""Pictures and texts -> their embeddings, computed once for a model: unit vectors of a CLIP (Radford et al. 2021), in fp16.

Batches have one shape, whatever is in them: the last one is filled up, and texts of similar length share a batch. So an
embedding is the same to the bit, whatever stands beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lamella.schemas.config import ModelConfig
from lamella.schemas.keys import stable_key
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason
from lamella.transforms.base.memory import Request
from lamella.transforms.media.frames import Frame, Unseen, read_frame
from lamella.transforms.media.store import MediaStore

if TYPE_CHECKING:
    import torch

    from lamella.weights import Loaded

# Times what the model sees: larger pictures are reduced to this, others see the model's own filter alone. Reduced twice on the
# way from 640 x 480 to 224, scores of a ViT-B/32 of random weights were 0.006 off; from the full size they are open_clip's.
_GAP = 4
_TEXT_BATCHES = 16  # of texts are taken at once, so that few of their lengths leave a batch half full


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """A picture's or a text's unit vector, or why the picture cannot be seen."""

    key: str
    model: str  # label of model and weights
    vector: bytes = b""  # [D] fp16
    unseen: Reason | None = None
    detail: str = ""

    @property
    def values(self) -> np.ndarray:
        """[D] float64, of length 1."""
        stored = np.frombuffer(self.vector, np.float16).astype(np.float64)
        return stored / np.linalg.norm(stored)


def picture_key(frame: Frame) -> str:
    return f"picture {frame.key}"


def text_key(text: str) -> str:
    return f"text {stable_key(text)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Embeddings:
    """What both measures have: a model, and what it is known by."""

    model: ModelConfig
    identity: str

    @property
    def answer(self) -> type:
        return Embedding

    def load(self) -> "Loaded":
        from lamella.weights import load
        from lamella.weights.blocks import for_embeddings

        model = self.model
        loaded = load(model.name, model.weights, role="scorer", precision=model.precision, device=model.device)
        return replace(loaded, model=for_embeddings(loaded.model))

    def _embedded(self, encode: Any, batch: "torch.Tensor") -> list[bytes]:
        """[N, ...], N at most a batch -> N vectors. The batch is filled up with its last row."""
        import torch

        if self.model.threads:
            torch.set_num_threads(self.model.threads)  # here: it is a property of the thread that computes
        rows = len(batch)
        if rows < self.model.batch:
            batch = torch.cat([batch, batch[-1:].expand(self.model.batch - rows, *batch.shape[1:])])
        with torch.inference_mode():
            unit = torch.nn.functional.normalize(encode(batch).float(), dim=-1)
        return [row.tobytes() for row in unit[:rows].half().cpu().numpy()]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureEmbeddings(_Embeddings):
    """Requests of Views -> Embeddings."""

    store: MediaStore

    @property
    def name(self) -> str:
        return "pictures"

    @property
    def lot(self) -> int:
        return self.model.batch

    def measure(self, requests: Sequence[Request], model: "Loaded") -> Iterable[Embedding]:
        """Raises BlobError if a picture's bytes cannot be read."""
        import torch

        seen, tensors = [], []
        for request in requests:
            try:
                image = read_frame(request.what, self.store, _GAP * model.image_size)
            except Unseen as error:
                yield Embedding(key=request.key, model=model.label, unseen=error.reason, detail=error.detail)
            else:
                seen.append(request.key)
                tensors.append(model.preprocess(image))
        if seen:
            batch = torch.stack(tensors).to(model.device)  # [N, 3, H, W]
            for key, vector in zip(seen, self._embedded(model.model.encode_image, batch), strict=True):
                yield Embedding(key=key, model=model.label, vector=vector)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEmbeddings(_Embeddings):
    """Requests of texts -> Embeddings. A text longer than the model's context is cut by its tokenizer."""

    @property
    def name(self) -> str:
        return "texts"

    @property
    def lot(self) -> int:
        return self.model.batch * _TEXT_BATCHES

    def measure(self, requests: Sequence[Request], model: "Loaded") -> Iterable[Embedding]:
        tokens = model.tokenize([request.what for request in requests])  # [N, L]
        by_length: dict[int, list[int]] = defaultdict(list)
        for row, length in enumerate(model.text_lengths(tokens)):
            by_length[length].append(row)
        for length, rows in sorted(by_length.items()):
            for start in range(0, len(rows), self.model.batch):
                chosen = rows[start : start + self.model.batch]
                batch = tokens[chosen, :length].to(model.device)  # [B, length]
                for row, vector in zip(chosen, self._embedded(model.encode_text, batch), strict=True):
                    yield Embedding(key=requests[row].key, model=model.label, vector=vector)
