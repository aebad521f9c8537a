"""A decoder's logits -> captions' tokens: nucleus sampling (Holtzman et al. 2020) whose draws are hashes of keys.

The same picture gets the same caption in every run and on every machine that computes the same logits, whatever is in its
batch.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lamella.schemas.config import CaptionConfig
from lamella.schemas.keys import stable_fraction

if TYPE_CHECKING:
    import torch


_LIKELIEST = 1024  # tokens that are sorted first; all are, where a nucleus is wider: which changes no token, only the time


class Specials(NamedTuple):
    bos: int
    eos: int
    pad: int


class Decoder(NamedTuple):
    """What sampling needs of a model that has seen N pictures."""

    next_logits: "Callable[[torch.Tensor], torch.Tensor]"  # tokens [N, L] -> logits of the next token [N, V]
    specials: Specials
    context: int  # tokens that the model can look at


class Said(NamedTuple):
    """The tokens of a caption, without special ones."""

    tokens: list[int]
    ended: bool  # by the model itself, and not by a limit


def sample(decoder: Decoder, keys: Sequence[str], config: CaptionConfig) -> list[Said]:
    """One caption a picture, by nucleus sampling.

    Args:
        keys: of the N pictures; hashed with the step, they are the draws.
        config: `top_p`, `repetition_penalty`, and `min_tokens` to `max_tokens` without special ones. A model's context
            may end a caption earlier.
    """
    import torch

    specials = decoder.specials
    most = longest(decoder, config)
    said: list[list[int]] = [[] for _ in keys]
    ended = [False] * len(keys)  # such rows are computed with the others: logits must not depend on how many go on
    tokens = torch.full((len(keys), 1), specials.bos, dtype=torch.long)  # [N, L]
    with torch.inference_mode():
        for step in range(most + 1):  # the last one tells whether the caption would have ended there
            logits = next_logits(decoder, tokens, config)
            draws = torch.tensor([stable_fraction(key, step) for key in keys], dtype=torch.double)
            drawn = nucleus(logits, config.top_p, draws)
            tokens = torch.cat([tokens, drawn[:, None]], dim=1)
            for row, token in enumerate(drawn.tolist()):
                ended[row] = ended[row] or token == specials.eos
                if not ended[row] and step < most:
                    said[row].append(token)
            if all(ended):
                break
    return [Said(*one) for one in zip(said, ended, strict=True)]


def longest(decoder: Decoder, config: CaptionConfig) -> int:
    """Tokens of the longest caption, without special ones."""
    return min(config.max_tokens, decoder.context - 1)


def next_logits(decoder: Decoder, tokens: "torch.Tensor", config: CaptionConfig) -> "torch.Tensor":
    """[N, L] -> [N, V], float64: penalised, and without the tokens that cannot follow."""
    import torch

    specials = decoder.specials
    logits = decoder.next_logits(tokens).double()
    logits = _penalised(logits, tokens[:, 1:].to(logits.device), config.repetition_penalty)
    logits[:, sorted({specials.bos, specials.pad} - {specials.eos})] = -torch.inf
    if tokens.shape[1] - 1 < config.min_tokens:
        logits[:, specials.eos] = -torch.inf
    return logits


def nucleus(logits: "torch.Tensor", top_p: float, draws: "torch.Tensor") -> "torch.Tensor":
    """One token a row: the inverse distribution function, at `draws`, of the fewest tokens that hold `top_p` together.

    Args:
        logits: [N, V], float64.
        top_p: 1.0 takes all tokens, 0+ the likeliest alone.
        draws: [N] in [0, 1).

    Returns:
        [N] token ids. Tokens of equal probability stand in the order of their ids.
    """
    import torch

    kinds = logits.shape[-1]
    total = logits.logsumexp(dim=-1, keepdim=True)
    values, ids = logits.topk(min(_LIKELIEST, kinds), dim=-1)
    if ((values - total).exp().sum(dim=-1) < top_p).any():
        values, ids = logits.topk(kinds, dim=-1)
    ids, by_id = ids.cpu().sort(dim=-1)
    values = (values - total).cpu().gather(1, by_id)
    values, by_value = values.sort(dim=-1, descending=True, stable=True)

    probabilities = values.exp()
    before = probabilities.cumsum(dim=-1) - probabilities
    kept = torch.where(before < top_p, probabilities, 0.0)
    sums = kept.cumsum(dim=-1)
    place = torch.searchsorted(sums, (draws * sums[:, -1])[:, None], right=True)
    place = place.clamp(max=(kept > 0).sum(dim=-1, keepdim=True) - 1)
    return ids.gather(1, by_value.gather(1, place))[:, 0]


def _penalised(logits: "torch.Tensor", said: "torch.Tensor", penalty: float) -> "torch.Tensor":
    """Tokens that were said already become less likely (CTRL, Keskar et al. 2019, section 4.1)."""
    import torch

    old = logits.gather(1, said)
    return logits.scatter(1, said, torch.where(old > 0, old / penalty, old * penalty))
