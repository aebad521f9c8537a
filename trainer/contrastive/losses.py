"""What is learned from a batch of pairs: features and logits in, four losses out.

Contrast (CLIP, Radford et al. 2021) and captioning (CoCa, Yu et al. 2022) train the encoders and the decoder. Matching
(BLIP, Li et al. 2022, 3.2) trains a verdict on one pair: each picture with its own text, and with the text of the batch
that it is most easily taken for; each text likewise. Right and wrong weigh the same, so that 0.5 is where they part.
Words (Joulin et al. 2016, "Learning Visual Features from Large Weakly Supervised Data") trains convolutional features
alone: which words stand in a picture's text is told from the strongest response to each.
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
        self.register_buffer("pieces", pieces, persistent=False)  # int64 [N]
        self.head = nn.Linear(width, len(pieces))
        nn.init.constant_(self.head.bias, RARE)

    def forward(self, features: Tensor) -> Tensor:  # [B, D] -> [B, N]
        return self.head(features)


def words_loss(logits: Tensor, tokens: Tensor, pieces: Tensor) -> Tensor:  # [B, N], [B, L], [N]
    """Binary cross-entropy of each piece's presence, summed over the pieces, averaged over the pictures."""
    there = (tokens[:, :, None] == pieces).any(dim=1).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, there, reduction="sum") / len(logits)


def contrastive_loss(cosine: Tensor, scale: Tensor) -> Tensor:  # [B, B], pictures by texts
    """Each picture picks its text among the batch's, and each text its picture."""
    logits = scale * cosine
    own = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def caption_loss(logits: Tensor, labels: Tensor, pad: int) -> Tensor:  # [B, L, V], [B, L]
    """Cross-entropy of the next token, averaged over tokens that are no padding."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=pad)


def matching_loss(cosine: Tensor, tokens: Tensor, matching: Matching) -> Tensor:  # [B, B], [B, L]
    """Binary cross-entropy on every true pair and on its hardest wrong ones.

    A pair of the batch whose texts are the same is no wrong pair, wherever its picture comes from.
    """
    same = (tokens[:, None] == tokens[None, :]).all(dim=-1)
    wrong = cosine.masked_fill(same, -1.0)
    negatives = torch.cat([wrong.max(dim=1).values, wrong.max(dim=0).values])
    right = F.softplus(-matching(cosine.diagonal())).mean()
    return (right + F.softplus(matching(negatives)).mean()) / 2
