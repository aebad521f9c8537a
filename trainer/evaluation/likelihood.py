"""Prompts and all possible answers of each -> how likely each answer is: classification without writing."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lamella.schemas.errors import TrainingError
from lamella.trainer.core.world import ALONE, World
from lamella.trainer.evaluation.gallery import computing
from lamella.trainer.evaluation.generate import ROWS, AttentionMap, alike, check_length
from lamella.trainer.evaluation.prompts import Prompt, Reading
from lamella.trainer.flamingo.model import Flamingo


@torch.no_grad()
def likelihoods(
    model: Flamingo, asked: Sequence[Sequence[Prompt]], latents: Tensor | None, *, world: World = ALONE
) -> list[list[float]]:
    """For each question the mean log-probability of each of its answers' tokens.

    Args:
        model: in evaluation mode.
        asked: for each question the prompt with each answer written out, at least two; as many for all.
        latents: [K, R, D] of all pictures; None: the model is blind.
        world: its processes share the batches, and each gets all answers.

    What a question's prompts have in common is read once. Tokens that all of its answers begin with do not count.
    """
    readings = [[prompt.read(model.vocabulary) for prompt in prompts] for prompts in asked]
    check_length(model, [reading for row in readings for reading in row])
    if latents is None:
        readings = [[reading.blind() for reading in row] for row in readings]
    if len({len(row) for row in readings}) > 1 or any(len(row) < 2 for row in readings):
        raise TrainingError("choices: as many for each question, and at least two")
    common = [_common(row) for row in readings]
    out: dict[int, list[float]] = {}
    with computing(model):
        for places in world.shares(alike(common, max(1, ROWS // len(readings[0])) if readings else 1)):
            attention = AttentionMap(model, [common[place] for place in places], latents)
            rests = [reading.text[len(common[place]) :] for place in places for reading in readings[place]]
            found = iter(_means(attention, rests, len(readings[0]), model.vocabulary.pad))
            for place in places:
                out[place] = [next(found) for _ in readings[place]]
    return world.merged(out)


def _common(readings: Sequence[Reading]) -> Reading:
    """The longest beginning of all, short of the whole of any."""
    length = min(map(len, readings)) - 1
    first = readings[0].text
    while any(reading.text[:length] != first[:length] for reading in readings):
        length -= 1
    return Reading(first[:length], readings[0].phi[:length], readings[0].images)


def _means(attention: AttentionMap, rests: list[tuple[int, ...]], times: int, pad: int) -> list[float]:
    attention.repeat(times)
    device, longest = attention.logits.device, max(map(len, rests))
    tokens = torch.tensor([[*rest, *[pad] * (longest - len(rest))] for rest in rests], device=device)  # [rows, c]
    lengths = torch.tensor(list(map(len, rests)), device=device)
    logits = attention.logits[:, None]
    if longest > 1:
        logits = torch.cat([logits, attention.read(tokens[:, :-1])], 1)
    each = logits.log_softmax(-1).gather(2, tokens[..., None])[..., 0]  # [rows, c]
    there = torch.arange(longest, device=device) < lengths[:, None]
    return (each.masked_fill(~there, 0.0).sum(1) / lengths).tolist()
