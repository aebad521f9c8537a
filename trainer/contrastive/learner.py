"""A model and the heads that are trained beside it, in; the losses of a batch of pairs out."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lamella.schemas.errors import TrainingError
from lamella.trainer.contrastive.config import ContrastiveConfig
from lamella.trainer.contrastive.losses import Matching, Words, caption_loss, contrastive_loss, matching_loss, words_loss
from lamella.trainer.core.optimizer import Group
from lamella.trainer.core.world import World
from lamella.weights import Loaded
from lamella.weights.pixels import normalise


class Learner(nn.Module):
    """Encoders, decoder and heads as one function of a batch, so that one compilation holds them; and their losses.

    Args:
        loaded: the model as it is before the first step.
        config: which losses there are.
        world: whose processes share the batch: contrast and matching are over all of their pairs.

    Raises:
        TrainingError: a loss asks for a part that the model lacks.
    """

    def __init__(self, loaded: Loaded, config: ContrastiveConfig, world: World | None = None):
        super().__init__()
        if config.caption_weight and not hasattr(loaded.model, "text_decoder"):
            raise TrainingError(f"caption_weight={config.caption_weight}: {config.model} has no decoder; set it to 0")
        self.model = loaded.model.requires_grad_(True).train()
        scale, bias = loaded.match_scale, loaded.match_bias
        first = (config.match_scale, config.match_bias) if scale is None or bias is None else (scale, bias)
        self.matching = Matching(*first) if config.match_weight else None
        self.words = _words(loaded, config) if config.words_weight else None
        self._world = world or World(device=loaded.device)
        self._config, self._look, self.pad = config, (loaded.mean, loaded.std), loaded.pad

    def forward(self, images: Tensor, tokens: Tensor) -> dict[str, Tensor]:  # uint8 [B, S, S, 3], int64 [B, L]
        """What the losses are made of: `words` [B, N], `logits` [B, L - 1, V], `seen` and `read` [B, D], normalised."""
        config, pixels, found = self._config, normalise(images, *self._look), {}
        if self.words:
            found["words"] = self.words(self.model.look(pixels))
        if config.caption_weight:
            out = self.model(pixels, tokens)
            found |= {"logits": out["logits"], "seen": out["image_features"], "read": out["text_features"]}
        elif config.contrastive_weight or self.matching:
            found["seen"] = self.model.encode_image(pixels, normalize=True)
            found["read"] = self.model.encode_text(tokens, normalize=True)
        return found

    def losses(self, found: Mapping[str, Tensor], tokens: Tensor) -> dict[str, Tensor]:
        """Each loss of this process's part of a batch, []; the mean over all processes is the loss of the whole batch."""
        config, world, losses = self._config, self._world, {}
        if self.words:
            losses["words"] = words_loss(found["words"].float(), tokens, self.words.pieces)
        if config.caption_weight:
            labels = tokens[:, 1:]  # [B, L - 1]
            losses["caption"] = caption_loss(found["logits"].float(), labels, self.pad) * self._share(labels)
        if config.contrastive_weight or self.matching:
            seen, read = found["seen"].float(), found["read"].float()  # [B, D], of this process
            first = world.rank * len(seen)
            by_image = seen @ world.all_rows(read).T  # [B, world * B]: its pictures by all texts
            by_text = read @ world.all_rows(seen).T  # and its texts by all pictures
            if config.contrastive_weight:
                scale = self.model.logit_scale.float().exp()
                losses["contrastive"] = contrastive_loss(by_image, by_text, scale, first)
            if self.matching:
                all_tokens = world.all_rows(tokens)  # [world * B, L]
                losses["match"] = matching_loss(by_image, by_text, all_tokens, first, self.matching)
        return losses

    def _share(self, labels: Tensor) -> float:
        """This process's tokens over the mean of all: what makes the mean of means the mean over the tokens of all."""
        if self._world.size == 1:
            return 1.0
        own = float((labels != self.pad).sum())
        return own * self._world.size / self._world.sums([own])[0]

    def group_of(self, name: str) -> Group:
        """How a parameter is updated: gains, biases, embeddings and temperatures do not decay, a verdict moves fast."""
        if name.startswith("matching."):
            return Group(rate_scale=self._config.match_rate_scale)
        plain = self.get_parameter(name).ndim < 2 or "embedding" in name
        return Group() if plain else Group(weight_decay=self._config.weight_decay)


def _words(loaded: Loaded, config: ContrastiveConfig) -> Words:
    """The head for the pieces of `config.words`, or for the whole vocabulary."""
    stem = getattr(getattr(loaded.model, "visual", None), "stem", None)
    if not isinstance(stem, list):
        raise TrainingError(f"words_weight={config.words_weight}: {config.model} has no convolutional stem; set it to 0")
    special = torch.tensor([loaded.bos, loaded.eos, loaded.pad])
    pieces = loaded.tokenize(config.words).unique() if config.words else torch.arange(config.max_vocabulary)
    return Words(stem[-1], pieces[~torch.isin(pieces, special)])
