"""Features and logits of a batch -> four losses.

Contrast (CLIP, Radford et al. 2021) and captioning (CoCa, Yu et al. 2022) train the encoders and the decoder. Matching
(BLIP, Li et al. 2022, 3.2) trains a verdict on one pair: each picture with its own text, and with the text of the batch
that it is most easily taken for; each text likewise. Right and wrong weigh the same, so that 0.5 is where they part.
Words (Joulin et al. 2016, "Learning Visual Features from Large Weakly Supervised Data") trains convolutional features
alone: which words stand in a picture's text is told from the strongest response to each.

With a momentum encoder (ALBEF, Li et al. 2021) contrast is also with the pairs of its queue, towards softer targets, and
`fused_matching_loss` judges features in which picture and text have met.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RARE = -4.0  # a word's first logit: most words stand in no text


class Matching(nn.Module):
    """p(a picture and a text match) = sigmoid(scale * cosine + bias); both are learned (SigLIP, Zhai et al. 2023)."""

    def __init__(self, scale: float, bias: float):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(float(scale)))
        self.bias = nn.Parameter(torch.tensor(float(bias)))

    def forward(self, cosine: Tensor) -> Tensor:
        """Logits."""
        return self.scale * cosine + self.bias


class Words(nn.Module):
    """For each piece of a list, the logit that it stands in the text of a picture with these features."""

    def __init__(self, width: int, pieces: Tensor):
        super().__init__()
        self.pieces: Tensor
        self.register_buffer("pieces", pieces, persistent=False)  # int64 [N]
        self.head = nn.Linear(width, len(pieces))
        nn.init.constant_(self.head.bias, RARE)

    def forward(self, features: Tensor) -> Tensor:  # [B, D] -> [B, N]
        return self.head(features)


def words_loss(logits: Tensor, tokens: Tensor, pieces: Tensor) -> Tensor:  # [B, N], [B, L], [N]
    """Binary cross-entropy of each piece's presence, summed over the pieces, averaged over the pictures."""
    there = (tokens[:, :, None] == pieces).any(dim=1).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, there, reduction="sum") / len(logits)


def contrastive_loss(by_image: Tensor, by_text: Tensor, scale: Tensor, first: int = 0) -> Tensor:
    """Each picture picks its text among all texts, and each text its picture.

    Args:
        by_image: cosines [B, N] of B pictures with all N texts.
        by_text: cosines [B, N] of their texts with all N pictures.
        scale: of the cosines, [].
        first: number of the first of the B pairs among the N.
    """
    own = torch.arange(len(by_image), device=by_image.device) + first
    return (F.cross_entropy(scale * by_image, own) + F.cross_entropy(scale * by_text, own)) / 2


def soft_contrast(cosine: Tensor, slow: Tensor, own: Tensor, same: Tensor, *, scale: Tensor, alpha: float) -> Tensor:
    """Cross-entropy of each row's candidates against its own one, softened by how the slow encoder sees them (ALBEF, 3.4).

    Args:
        cosine: [B, N] of B pictures (or texts) with N candidates of the slow encoder.
        slow: the same of the slow encoder's own B; no gradient.
        own: [B], the number of each row's own candidate.
        same: bool [B, N]: candidates with the same text, which are neither right nor wrong; the own one is not meant.
        scale: of the cosines, [].
        alpha: weight of the slow encoder's view; 0: the label alone.
    """
    rows = torch.arange(len(cosine), device=cosine.device)
    same = same.clone()
    same[rows, own] = False
    logits = (scale * cosine).masked_fill(same, -torch.inf)
    target = F.one_hot(own, cosine.shape[1]).to(cosine.dtype)
    if alpha:
        view = (scale.detach() * slow).masked_fill(same, -torch.inf).softmax(dim=1)
        target = (1 - alpha) * target + alpha * view
    return -(target * logits.log_softmax(dim=1).masked_fill(same, 0.0)).sum(dim=1).mean()


def hard_negatives(cosine: Tensor, same: Tensor, scale: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """For each row a wrong candidate, the likelier the more it looks right: drawn in proportion to exp(scale * cosine).

    Args:
        cosine: [B, N] with all candidates.
        same: bool [B, N]: candidates that are not wrong.
        scale: [].
        noise: uniform in (0, 1), [B, N]: the draw (Gumbel-max).

    Returns:
        (numbers [B], bool [B]: whether there is any wrong one).
    """
    gumbel = -torch.log(-torch.log(noise))
    drawn = (scale * cosine + gumbel).masked_fill(same, -torch.inf)
    return drawn.argmax(dim=1), ~same.all(dim=1)


def fused_matching_loss(right: Tensor, wrong: Tensor, there: Tensor) -> Tensor:  # logits [B], [N], bool [N]
    """Binary cross-entropy; right and wrong weigh the same. Wrong ones that are not `there` do not count."""
    wrongs = (F.softplus(wrong) * there).sum() / there.sum().clamp(min=1)
    return (F.softplus(-right).mean() + wrongs) / 2


def caption_loss(logits: Tensor, labels: Tensor, pad: int) -> Tensor:  # [B, L, V], [B, L]
    """Cross-entropy of the next token, averaged over tokens that are no padding."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=pad)


def matching_loss(by_image: Tensor, by_text: Tensor, tokens: Tensor, first: int, *, matching: Matching) -> Tensor:
    """Binary cross-entropy on every true pair and on its hardest wrong ones.

    A pair whose texts are the same is no wrong pair, wherever its picture comes from.

    Args:
        by_image, by_text, first: as for `contrastive_loss`.
        tokens: of all texts, int64 [N, L].
        matching: cosine -> logit.
    """
    rows = torch.arange(len(by_image), device=by_image.device)
    same = (tokens[rows + first, None] == tokens[None, :]).all(dim=-1)  # [B, N]
    negatives = torch.cat([cosine.masked_fill(same, -1.0).max(dim=1).values for cosine in (by_image, by_text)])
    right = F.softplus(-matching(by_image[rows, rows + first])).mean()
    return (right + F.softplus(matching(negatives)).mean()) / 2
