"""A model and the heads that are trained with it -> the losses of a batch of pairs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lamella.schemas.errors import TrainingError
from lamella.schemas.keys import stable_int
from lamella.trainer.contrastive.config import ContrastiveConfig
from lamella.trainer.contrastive.losses import (
    Matching,
    Words,
    caption_loss,
    contrastive_loss,
    fused_matching_loss,
    hard_negatives,
    matching_loss,
    soft_contrast,
    words_loss,
)
from lamella.trainer.contrastive.momentum import MomentumEncoder, Views
from lamella.trainer.contrastive.near_misses import kinds_of, likely_misses
from lamella.trainer.core.optimizer import Group
from lamella.trainer.core.world import World
from lamella.weights import Loaded
from lamella.weights.coca import EVIDENCE
from lamella.weights.pixels import normalise

# Where a new matcher's verdict starts: what each of EVIDENCE is worth, and what speaks for a text without any against it.
FIRST_TRUST, FIRST_DOUBT = (0.2, 1.0, 0.5), 3.0


class Inputs(NamedTuple):
    """This process's part of a batch, on its device."""

    images: Tensor  # uint8 [B, S, S, 3]
    tokens: Tensor  # int64 [B, l], l at most L
    near: Tensor  # int64 [B, K, L]: near misses; <pad> alone where there is none
    step: int  # updates made before


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
        self.model: Any = loaded.model.requires_grad_(True).train()
        for key in ("caption_weight", "itm_weight", "queue", "distillation"):
            if getattr(config, key) and not hasattr(self.model, "text_decoder" if key == "caption_weight" else "fuse"):
                lacks = "has no decoder" if key == "caption_weight" else "is no CoCa of ours"
                raise TrainingError(f"{key}={getattr(config, key)}: {config.model} {lacks}; set it to 0")
        if config.likely_misses and not (config.caption_weight and config.itm_weight):
            raise TrainingError(f"likely_misses={config.likely_misses}: wants caption_weight and itm_weight above 0")
        if config.distillation and not config.queue:
            raise TrainingError(f"distillation={config.distillation}: queue=0; the slow encoder needs a queue")
        if config.freeze_stem:
            _freeze_stem(self.model, config)
        scale, bias = loaded.match_scale, loaded.match_bias
        first = (config.match_scale, config.match_bias) if scale is None or bias is None else (scale, bias)
        self.matching = Matching(*first) if config.match_weight else None
        self.fusion = _fusion(loaded) if config.itm_weight else None
        self.kinds = _kinds(loaded, config) if config.likely_misses else None
        self.words = _words(loaded, config) if config.words_weight else None
        self.momentum = MomentumEncoder(self.model, config.momentum, config.queue) if config.queue else None
        self._world = world or World(device=loaded.device)
        self._config, self._look, self.pad = config, (loaded.mean, loaded.std), loaded.pad

    def forward(self, images: Tensor, tokens: Tensor) -> dict[str, Tensor]:  # uint8 [B, S, S, 3], int64 [B, L]
        """What the losses are made of: `words` [B, N], `logits` [B, L - 1, V]; `seen`, `read` [B, D], normalised; `patches`."""
        config, pixels, found = self._config, normalise(images, *self._look), {}
        if self.words:
            found["words"] = self.words(self.model.look(pixels))
        given = {}
        if self.fusion:  # of our own CoCa: pictures are encoded once for all that is made of them
            found["seen"], found["patches"] = self.model._encode_image(pixels)
            given = {"image_latent": found["seen"], "image_embs": found["patches"]}
        if config.caption_weight:
            out = self.model(pixels, tokens, **given)
            found |= {"logits": out["logits"], "seen": out["image_features"], "read": out["text_features"]}
        elif config.contrastive_weight or self.matching or self.fusion:
            found["read"] = self.model.encode_text(tokens, normalize=True)
            if not given:
                found["seen"] = self.model.encode_image(pixels, normalize=True)
        return found

    def losses(self, found: Mapping[str, Tensor], batch: Inputs) -> dict[str, Tensor]:
        """Each loss of this process's part of a batch, []; the mean over all processes is the loss of the whole batch."""
        config, world, losses, tokens = self._config, self._world, {}, batch.tokens
        if self.words:
            losses["words"] = words_loss(found["words"].float(), tokens, self.words.pieces)
        if config.caption_weight:
            labels = tokens[:, 1:]  # [B, L - 1]
            losses["caption"] = caption_loss(found["logits"].float(), labels, self.pad) * self._share(labels)
        if not (config.contrastive_weight or self.matching or self.fusion):
            return losses
        seen, read = found["seen"].float(), found["read"].float()  # [B, D], of this process
        first, scale = world.rank * len(seen), self.model.logit_scale.float().exp()
        if self.matching or (config.contrastive_weight and not self.momentum):
            by_image = seen @ world.all_rows(read).T  # [B, world * B]: its pictures by all texts
            by_text = read @ world.all_rows(seen).T  # and its texts by all pictures
            if config.contrastive_weight and not self.momentum:
                losses["contrastive"] = contrastive_loss(by_image, by_text, scale, first)
            if self.matching:
                all_tokens = world.all_rows(tokens)  # [world * B, L]
                losses["match"] = matching_loss(by_image, by_text, all_tokens, first, matching=self.matching)
        views = None
        if self.momentum:
            views = self.momentum.encode(normalise(batch.images, *self._look), tokens)
            if config.contrastive_weight:
                losses["contrastive"] = self._contrast_with_queue(seen, read, views, batch)
        if self.fusion:
            batch = batch._replace(near=self._with_likely_misses(found, batch))
            losses["itm"] = self._fused_matching(found["patches"], (seen.detach(), read.detach()), batch, scale.detach())
        if self.momentum and views:
            self.momentum.put(Views(*map(world.all_rows, views)), self._whole(world.all_rows(self._whole(tokens))))
        return losses

    def updated(self) -> None:
        """After an update of the weights: the slow encoder follows."""
        if self.momentum:
            self.momentum.follow(self.model)

    def _contrast_with_queue(self, seen: Tensor, read: Tensor, views: Views, batch: Inputs) -> Tensor:
        """Contrast with the slow encoder's vectors of the whole batch and of the queue: N = world * B + Q candidates."""
        config, world, queue = self._config, self._world, self.momentum
        assert queue
        filled, scale = queue.filled, self.model.logit_scale.float().exp()
        own = torch.arange(len(seen), device=seen.device) + world.rank * len(seen)
        tokens = torch.cat([self._whole(world.all_rows(self._whole(batch.tokens))), queue.tokens[:filled]])  # [N, L]
        same = (self._whole(batch.tokens)[:, None] == tokens[None]).all(dim=-1)  # [B, N]
        alpha = config.distillation * min(1.0, batch.step / max(1, config.distillation_warmup_steps))
        losses = []
        for fast, slow, other, kept in ((seen, views.seen, views.read, queue.read), (read, views.read, views.seen, queue.seen)):
            candidates = torch.cat([world.all_rows(other), kept[:filled]])  # [N, D]
            losses.append(soft_contrast(fast @ candidates.T, slow @ candidates.T, own, same, scale=scale, alpha=alpha))
        return (losses[0] + losses[1]) / 2

    def _fused_matching(self, patches: Tensor, vectors: tuple[Tensor, Tensor], batch: Inputs, scale: Tensor) -> Tensor:
        """The verdict on each true pair, on a hard wrong text and a hard wrong picture for it, and on its near misses."""
        seen, read = vectors  # [B, D]
        queue, filled = self.momentum, self.momentum.filled if self.momentum else 0
        own = self._whole(batch.tokens)  # [B, L]
        texts, pictures, read_all, seen_all = own, patches, read, seen
        if queue and filled:
            texts = torch.cat([own, queue.tokens[:filled]])  # [N, L]
            pictures = torch.cat([patches, queue.patches[:filled].to(patches.dtype)])  # [N, P, W]
            read_all, seen_all = torch.cat([read, queue.read[:filled]]), torch.cat([seen, queue.seen[:filled]])  # [N, D]
        same = (own[:, None] == texts[None]).all(dim=-1)  # [B, N]
        rng = torch.Generator(own.device).manual_seed(
            stable_int(self._config.seed, "negatives", batch.step, self._world.rank) >> 1
        )
        noise = torch.rand(2, *same.shape, generator=rng, device=own.device).clamp(1e-6, 1 - 1e-6)
        wrong_text, any_text = hard_negatives(seen @ read_all.T, same, scale, noise[0])
        wrong_picture, any_picture = hard_negatives(read @ seen_all.T, same, scale, noise[1])
        near = self._whole(batch.near.flatten(0, 1)) if batch.near.numel() else own[:0]  # [B * K, L]
        times = len(near) // max(1, len(own))
        all_texts = torch.cat([own, texts[wrong_text], own, near])  # [(3 + K) * B, L]
        all_pictures = torch.cat([patches, patches, pictures[wrong_picture], patches.repeat_interleave(times, 0)])
        longest = int((all_texts != self.pad).any(dim=0).sum())
        fused = self.model.fuse(all_pictures.to(patches.dtype), all_texts[:, :longest])  # [(3 + K) * B, W]
        assert self.fusion
        right, wrong = self.fusion(fused).float().squeeze(-1).split([len(own), len(all_texts) - len(own)])
        there = torch.cat([any_text, any_picture, (near != self.pad).any(dim=1)])
        return fused_matching_loss(right, wrong, there)

    def _with_likely_misses(self, found: Mapping[str, Tensor], batch: Inputs) -> Tensor:
        """Near misses, int64 [B, K, L], and behind them those that the decoder is tempted to say."""
        if self.kinds is None:
            return batch.near
        logits, most = found["logits"].detach().float(), self._config.likely_misses
        noise = self._noise("likely misses", batch.step, (len(logits), most, *logits.shape[1:])).to(logits.device)
        likely = likely_misses(logits, batch.tokens, self.kinds.to(logits.device), noise)
        near = self._whole(batch.near.flatten(0, 1)).unflatten(0, batch.near.shape[:2]) if batch.near.numel() else None
        likely = self._whole(likely.flatten(0, 1)).unflatten(0, likely.shape[:2])
        return likely if near is None else torch.cat([near, likely], dim=1)

    def _noise(self, what: str, step: int, shape: tuple[int, ...]) -> Tensor:
        """Uniform in (0, 1), of this step and process."""
        rng = torch.Generator().manual_seed(stable_int(self._config.seed, what, step, self._world.rank) >> 1)
        return torch.rand(shape, generator=rng).clamp(1e-6, 1 - 1e-6)

    def _whole(self, tokens: Tensor) -> Tensor:  # [N, l] -> [N, L]
        """As long as the context: the queue holds texts of one length."""
        return F.pad(tokens, (0, self.model.context_length - tokens.shape[1]), value=self.pad)

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
        if name == "model.visual.positional_embedding":
            return Group(rate_scale=self._config.position_rate_scale)
        plain = self.get_parameter(name).ndim < 2 or "embedding" in name
        return Group() if plain else Group(weight_decay=self._config.weight_decay)


def _freeze_stem(model: Any, config: ContrastiveConfig) -> None:
    """Neither its weights nor its running statistics change."""
    if not isinstance(getattr(getattr(model, "visual", None), "stem", None), list):
        raise TrainingError(f"freeze_stem={config.freeze_stem}: {config.model} has no convolutional stem")
    model.visual.conv1.requires_grad_(False).eval()


def _fusion(loaded: Loaded) -> nn.Linear:
    """The head that judges fused features; the one that the weights brought, if they did."""
    model: Any = loaded.model
    head = nn.Linear(model.fused_width, 1)
    if loaded.fusion is not None:
        head.load_state_dict(loaded.fusion.state_dict())
        return head
    with torch.no_grad():  # evidence counts from the first step: the word that is farthest behind speaks against a text
        head.weight[0, -len(EVIDENCE) :] = torch.tensor(FIRST_TRUST)
        head.bias.fill_(FIRST_DOUBT)
    return head


def _kinds(loaded: Loaded, config: ContrastiveConfig) -> Tensor:
    """int64 [V]. Raises TrainingError where the words of no kind are pieces of the vocabulary."""
    model: Any = loaded.model
    size = model.text_decoder.text_projection.shape[1]
    kinds = kinds_of(loaded.tokenize, size, (loaded.bos, loaded.eos, loaded.pad))
    if not kinds.any():
        raise TrainingError(f"likely_misses={config.likely_misses}: no word of any kind is one piece of this vocabulary")
    return kinds


def _words(loaded: Loaded, config: ContrastiveConfig) -> Words:
    """The head for the pieces of `config.words`, or for the whole vocabulary."""
    stem = getattr(getattr(loaded.model, "visual", None), "stem", None)
    if not isinstance(stem, list):
        raise TrainingError(f"words_weight={config.words_weight}: {config.model} has no convolutional stem; set it to 0")
    special = torch.tensor([loaded.bos, loaded.eos, loaded.pad])
    pieces = loaded.tokenize(config.words).unique() if config.words else torch.arange(config.max_vocabulary)
    return Words(stem[-1], pieces[~torch.isin(pieces, special)])
