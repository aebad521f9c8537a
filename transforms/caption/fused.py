"""Pictures and texts -> match probabilities by fused features (ALBEF, Li et al. 2021; BLIP, Li et al. 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from PIL import Image

from lamella.transforms.caption.batches import chunks, filled_up, in_batches
from lamella.transforms.caption.coca import Fuser, HeldModel


@dataclass(frozen=True, slots=True)
class FusedMatcher(HeldModel):
    """A CoCa of ours whose weights carry a matching head: its decoder reads the text while it looks at the picture."""

    def probabilities(self, images: Sequence[Image.Image], asked: Sequence[tuple[int, str]]) -> list[float]:
        """For each (index of an image, text) the probability that they belong together, in batches of one shape."""
        if not asked:
            return []
        loaded, model = self.loaded, self._model
        head = cast(torch.nn.Linear, loaded.fusion)  # `models.load_matcher` takes this class for weights that have one
        with torch.inference_mode():
            seen = torch.cat([self._patches(images[part])[: len(images[part])] for part in chunks(len(images), self.batch)])

            def match(pairs: Sequence[tuple[int, str]]) -> list[float]:
                patches = seen[[index for index, _ in pairs]].to(loaded.device)  # [B, P, W]
                tokens = loaded.tokenize([text for _, text in pairs]).to(loaded.device)  # [B, L]
                return torch.sigmoid(head(model.fuse(patches, tokens)).float().squeeze(-1)).tolist()  # [B]

            return in_batches(match, asked, size=self.batch)

    @property
    def _model(self) -> Fuser:
        return cast(Fuser, self.loaded.model)

    def _patches(self, images: Sequence[Image.Image]) -> torch.Tensor:
        return self._model._encode_image(self.pixels(filled_up(images, self.batch)))[1].cpu()  # [B, P, W]
