"""A decoder's logits -> the tokens of the likeliest captions, by beam search: nothing is drawn.

They are plainer than captions of a nucleus, which BLIP (section 4.2) found to be the better training data, though noisier.
"""

from lamella.schemas.config import CaptionConfig
from lamella.transforms.caption.generate import Decoder, Said, longest, next_logits


def beam(decoder: Decoder, pictures: int, config: CaptionConfig) -> list[Said]:
    """One caption for each of N pictures: of those that ended, the one with the highest mean log-probability of a token.

    Each picture holds `config.beams` open captions, which the decoder sees one after the other, so that its batches keep their
    shape. Where none has ended at the limit, the likeliest open one is given, as not ended.
    """
    import torch

    width, most = config.beams, longest(decoder, config)
    best: list[tuple[float, list[int]] | None] = [None] * pictures  # mean log-probability and tokens, of what has ended
    found = [False] * pictures  # such pictures are computed with the others, and change no more
    tokens = torch.full((width, pictures, 1), decoder.specials.bos, dtype=torch.long)  # [B, N, L]
    sums = torch.full((width, pictures), -torch.inf, dtype=torch.double)  # of log-probabilities
    sums[0] = 0.0  # all begin alike: one is enough
    with torch.inference_mode():
        for step in range(most + 1):
            logits = torch.stack([next_logits(decoder, open_, config).cpu() for open_ in tokens])  # [B, N, V]
            totals = sums[:, :, None] + logits.log_softmax(dim=-1)
            least = totals.transpose(0, 1).flatten(1).topk(width, dim=1).values[:, -1]  # [N]: what the beam still holds
            ends = totals[:, :, decoder.specials.eos]  # [B, N]
            _end(best, found, tokens, torch.where(ends >= least, ends / (step + 1), -torch.inf))
            found = _decided(best, found, sums, step)
            if step == most or all(found):
                break
            totals[:, :, decoder.specials.eos] = -torch.inf
            by_picture = totals.transpose(0, 1).flatten(1)  # [N, B * V]
            sums, chosen = by_picture.topk(width, dim=1)
            which, token = chosen // totals.shape[-1], chosen % totals.shape[-1]  # [N, B]
            went = tokens.transpose(0, 1).gather(1, which[:, :, None].expand(-1, -1, tokens.shape[-1]))
            tokens = torch.cat([went, token[:, :, None]], dim=2).transpose(0, 1)
            sums = sums.transpose(0, 1)
    likeliest = sums.argmax(dim=0).tolist()
    return [
        Said(ended[1], True) if ended else Said(tokens[likeliest[row], row, 1:].tolist(), False)
        for row, ended in enumerate(best)
    ]


def _end(best: list, found: list[bool], tokens, means) -> None:
    """Notes the captions that would end here and are better than what has ended before. `means`: [B, N]."""
    values, which = means.max(dim=0)
    for row, (value, at) in enumerate(zip(values.tolist(), which.tolist(), strict=True)):
        if not found[row] and value > (best[row][0] if best[row] else float("-inf")):
            best[row] = (value, tokens[at, row, 1:].tolist())


def _decided(best: list, found: list[bool], sums, step: int) -> list[bool]:
    """For each picture, whether no open caption is as likely, a token, as what has ended: the usual rule of stopping."""
    open_ = (sums.max(dim=0).values / max(step, 1)).tolist()
    return [known or (ended is not None and ended[0] >= value) for known, ended, value in zip(found, best, open_, strict=True)]
