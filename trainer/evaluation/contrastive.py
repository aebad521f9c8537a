"""Features, scores and captions of pairs that a model never saw -> a few numbers that say what it has learned."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lamella.weights import Loaded
from lamella.weights.pixels import normalise

CALIBRATION_STEPS = 50
CALIBRATION_RIDGE = 1e-9  # keeps the curve invertible where all scores are alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """A filter that calls a pair wrong below `threshold`: of those it calls wrong, and of those that are."""

    threshold: float
    precision: float
    recall: float


def separation(right: Sequence[float], wrong: Sequence[float], threshold: float) -> Separation:
    """How well `threshold` parts the scores of right pairs from those of wrong ones."""
    caught = sum(score < threshold for score in wrong)
    lost = sum(score < threshold for score in right)
    precision = caught / (caught + lost) if caught + lost else 0.0
    return Separation(threshold=threshold, precision=precision, recall=caught / len(wrong))


def best_separation(right: Sequence[float], wrong: Sequence[float]) -> Separation:
    """The threshold whose worse one of precision and recall is best, in the middle of its gap."""
    scores = sorted({*right, *wrong})
    between = [(low + high) / 2 for low, high in pairwise(scores)]
    tried = [separation(right, wrong, threshold) for threshold in between or scores]
    best = max(min(one.precision, one.recall) for one in tried)
    level = [one for one in tried if min(one.precision, one.recall) == best]
    return level[len(level) // 2]


def calibrated(right: Sequence[float], wrong: Sequence[float]) -> tuple[float, float]:
    """(scale, bias) of p = sigmoid(scale * cosine + bias) on pairs that were not trained on: Platt 1999, with his soft targets.

    Either class weighs the same, so that 0.5 is where they part.
    """
    cosine = np.array([*right, *wrong], dtype=np.float64)
    design = np.stack([cosine, np.ones_like(cosine)], axis=1)
    sizes = np.array([len(right)] * len(right) + [len(wrong)] * len(wrong))
    target = np.where(np.arange(len(cosine)) < len(right), (sizes + 1) / (sizes + 2), 1 / (sizes + 2))
    weight = 1 / sizes
    found = np.zeros(2)
    for _ in range(CALIBRATION_STEPS):  # Newton; two numbers and a convex loss
        p = 1 / (1 + np.exp(-design @ found))
        slope = design.T @ (weight * (p - target))
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + CALIBRATION_RIDGE * np.eye(2)
        found = found - np.linalg.solve(curve, slope)
    return float(found[0]), float(found[1])


def recall_at_1(images: Tensor, texts: Tensor) -> tuple[float, float]:  # [N, D], [N, D], normalised
    """Share of pictures whose own text is the nearest of all, and of texts whose own picture is."""
    cosine = images @ texts.T
    own = torch.arange(len(cosine), device=cosine.device)
    return (cosine.argmax(1) == own).float().mean().item(), (cosine.argmax(0) == own).float().mean().item()


def attribute_accuracy(captions: Sequence[str], attributes: Sequence[Iterable[str]]) -> float:
    """Share of captions in which every attribute of their scene is said, as a whole word or phrase."""
    said = [f" {' '.join(_words(caption))} " for caption in captions]
    hits = [all(f" {attribute} " in text for attribute in wanted) for text, wanted in zip(said, attributes, strict=True)]
    return sum(hits) / len(hits)


def word_f1(caption: str, truth: str) -> float:
    """Overlap of two texts as bags of words: a crude likeness, for where no attributes are known."""
    said, wanted = _words(caption), _words(truth)
    common = sum(min(said.count(word), wanted.count(word)) for word in set(said))
    return 2 * common / (len(said) + len(wanted)) if said or wanted else 1.0


def own_and_next(images: Tensor, texts: Tensor) -> tuple[list[float], list[float]]:  # [N, D], [N, D], normalised
    """Cosines of each picture with its own text and with its neighbour's: the right and the wrong pairs."""
    return (images * texts).sum(-1).tolist(), (images * texts.roll(1, dims=0)).sum(-1).tolist()


@torch.no_grad()
def embed(loaded: Loaded, images: Tensor, tokens: Tensor, batch: int = 64) -> tuple[Tensor, Tensor]:
    """Normalised features [N, D] of pictures (uint8 [N, S, S, 3]) and of texts (int64 [N, L])."""
    return embed_images(loaded, images, batch), embed_texts(loaded, tokens, batch)


@torch.no_grad()
def embed_images(loaded: Loaded, images: Tensor, batch: int = 64) -> Tensor:
    """Float32 [N, D] of length 1, of pictures uint8 [N, S, S, 3]."""
    model: Any = loaded.model
    return torch.cat([model.encode_image(_pixels(loaded, part), normalize=True).float() for part in images.split(batch)])


@torch.no_grad()
def embed_texts(loaded: Loaded, tokens: Tensor, batch: int = 64) -> Tensor:
    """Float32 [N, D] of length 1, of texts int64 [N, L]."""
    model: Any = loaded.model
    return torch.cat([model.encode_text(part.to(loaded.device), normalize=True).float() for part in tokens.split(batch)])


@torch.no_grad()
def greedy_captions(loaded: Loaded, images: Tensor, max_tokens: int, batch: int = 64) -> list[str]:
    """The likeliest token after each token, up to `<eos>`: no sampling, so that a score is a score of the model alone."""
    captions = []
    for part in images.split(batch):
        model: Any = loaded.model
        latent, seen = model._encode_image(_pixels(loaded, part))
        text = torch.full((len(part), 1), loaded.bos, dtype=torch.long, device=loaded.device)
        while text.shape[1] < max_tokens and not (text == loaded.eos).any(dim=1).all():
            out = model(None, text, image_latent=latent, image_embs=seen, output_labels=False)
            text = torch.cat([text, out["logits"][:, -1:].argmax(dim=-1)], dim=1)
        captions += [loaded.decode(row[1:].tolist()) for row in text]
    return captions


@torch.no_grad()
def captioning_loss(loaded: Loaded, images: Tensor, tokens: Tensor, batch: int = 64) -> float:
    """Cross-entropy, in nats a token, of texts (int64 [N, L]) beside their pictures (uint8 [N, S, S, 3])."""
    model: Any = loaded.model
    lost, words = 0.0, 0
    for part, texts in zip(images.split(batch), tokens.to(loaded.device).split(batch), strict=True):
        logits, labels = model(_pixels(loaded, part), texts)["logits"].float(), texts[:, 1:]
        lost += F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=loaded.pad, reduction="sum").item()
        words += int((labels != loaded.pad).sum())
    return lost / max(1, words)


@torch.no_grad()
def fused_logits(loaded: Loaded, images: Tensor, tokens: Tensor, batch: int = 64) -> list[float]:
    """The verdict of a matcher on fused features, on each picture (uint8 [N, S, S, 3]) with its text (int64 [N, L])."""
    model: Any = loaded.model
    head: Any = loaded.fusion
    found: list[float] = []
    for part, texts in zip(images.split(batch), tokens.split(batch), strict=True):
        _, patches = model._encode_image(_pixels(loaded, part))
        found += head(model.fuse(patches, texts.to(loaded.device))).float().squeeze(-1).tolist()
    return found


def calibrated_fusion(loaded: Loaded, right: tuple[Tensor, Tensor], wrong: tuple[Tensor, Tensor]) -> nn.Linear:
    """The head of a matcher with its verdict set anew on pairs that were not trained on, as `calibrated` does with cosines.

    Args:
        loaded: the matcher.
        right, wrong: pictures, uint8 [N, S, S, 3], and their texts, int64 [N, L].
    """
    scale, bias = calibrated(fused_logits(loaded, *right), fused_logits(loaded, *wrong))
    head = copy.deepcopy(loaded.fusion)
    assert head is not None
    with torch.no_grad():
        head.weight.mul_(scale)
        head.bias.mul_(scale).add_(bias)
    return head


def evaluate_pairs(loaded: Loaded, images: Tensor, texts: Sequence[str], captions: bool) -> dict[str, float]:
    """Scores on unseen pairs, of which the text of another picture is the wrong text.

    Args:
        loaded: the model.
        images: uint8 [N, S, S, 3].
        texts: their N texts.
        captions: also write captions and compare them with the texts.
    """
    tokens = loaded.tokenize(texts)
    seen, read = embed(loaded, images, tokens)
    by_picture, by_text = recall_at_1(seen, read)
    right, wrong = map(np.array, own_and_next(seen, read))
    scores = {"pairs": float(len(texts)), "text_recall_at_1": by_picture, "image_recall_at_1": by_text}
    if loaded.fusion is not None:
        right = 1 / (1 + np.exp(-np.array(fused_logits(loaded, images, tokens))))
        wrong = 1 / (1 + np.exp(-np.array(fused_logits(loaded, images, tokens.roll(1, dims=0)))))
        part = separation(right.tolist(), wrong.tolist(), 0.5)
    elif loaded.match_scale is not None and loaded.match_bias is not None:
        right, wrong = (1 / (1 + np.exp(-loaded.match_scale * c - loaded.match_bias)) for c in (right, wrong))
        part = separation(right.tolist(), wrong.tolist(), 0.5)
    else:
        part = best_separation(right.tolist(), wrong.tolist())
    scores |= {"threshold": part.threshold, "wrong_precision": part.precision, "wrong_recall": part.recall}
    if captions:
        written = greedy_captions(loaded, images, tokens.shape[1])
        scores["caption_word_f1"] = sum(map(word_f1, written, texts)) / len(texts)
    return scores


def _pixels(loaded: Loaded, images: Tensor) -> Tensor:
    return normalise(images.to(loaded.device), loaded.mean, loaded.std).to(loaded.dtype)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()
