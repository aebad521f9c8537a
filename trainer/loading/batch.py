"""What the model reads: a Batch of one dataset, with text and phi in rows, and the images that the rows name."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lamella.schemas.pair import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """B rows of L tokens, and the M images that they attend to.

    A row is one sampled sequence or, packed, several: `document` tells them apart, and phi and attention stay inside.
    Images are ragged: those of row 0 in order, then those of row 1. A row with two images thus costs two, and not N.
    """

    dataset: Dataset
    text: Tensor  # int64 [B, L], padded at the end
    phi: Tensor  # int64 [B, L]: the row's image that a token may attend to, from 1; 0: none
    loss_mask: Tensor  # bool [B, L]: the tokens to be predicted from those before them; never the first of a document
    document: Tensor  # int64 [B, L]: which of the row's documents, from 1; 0: padding
    position: Tensor  # int64 [B, L]: from 0 in each document
    images: Tensor  # uint8 [M, T, H, W, 3]
    image_counts: Tensor  # int64 [B]: images of each row; they sum up to M
    frame_counts: Tensor  # int64 [M]: real frames of each image or clip, from 1; no latent attends to the others
    keys: tuple[str, ...]  # of the samples, in the order in which they were drawn
    damaged: tuple[str, ...] = ()  # samples that stood in that order and were replaced: what is wrong with each

    @property
    def packed(self) -> bool:
        """Whether rows hold several documents, which must not see each other."""
        return len(self.keys) > len(self.text)

    def padded_images(self) -> tuple[Tensor, Tensor]:
        """The paper's layout: images [B, N, T, H, W, 3], zeros where a row has fewer than N, and bool [B, N] where not."""
        rows, most = len(self.text), max(1, int(self.image_counts.max()))
        there = torch.arange(most, device=self.image_counts.device) < self.image_counts[:, None]  # [B, N]
        padded = self.images.new_zeros(rows, most, *self.images.shape[1:])
        padded[there] = self.images
        return padded, there

    def to(self, device: torch.device) -> "Batch":
        """On `device`; from pinned memory the copy runs beside the training."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        return self._each(Tensor.pin_memory)

    def _each(self, change) -> "Batch":
        tensors = {name: getattr(self, name) for name in _TENSORS}
        return replace(self, **{name: change(tensor) for name, tensor in tensors.items()})


_TENSORS = ("text", "phi", "loss_mask", "document", "position", "images", "image_counts", "frame_counts")
