"""Pictures and a true caption of each -> how far a captioner doubts each, and the wrong caption that it finds likeliest."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from PIL import Image

from lamella.trainer.contrastive.near_misses import GROUND_WORDS, kinds_of, other_words, with_word
from lamella.weights import Loaded


class Doubt(NamedTuple):
    """`probability` of the likeliest other word of a kind (`near_misses.KINDS`) or ground, and the caption that says it."""

    probability: float
    tempting: str


def doubts(loaded: Loaded, images: Sequence[Image.Image], captions: Sequence[str]) -> list[Doubt]:
    """One look a picture, where to write captions until one is false takes hundreds."""
    model: Any = loaded.model
    tokens = loaded.tokenize(captions)  # [N, L]
    pixels = torch.stack([loaded.preprocess(image) for image in images]).to(loaded.device)
    with torch.inference_mode():
        probabilities = model(pixels, tokens.to(loaded.device))["logits"].float().softmax(dim=-1).cpu()  # [N, L - 1, V]
    size = probabilities.shape[2]
    special = (loaded.bos, loaded.eos, loaded.pad)
    other = other_words(tokens, kinds_of(loaded.tokenize, size, special))
    other |= other_words(tokens, kinds_of(loaded.tokenize, size, special, GROUND_WORDS))
    likeliest, drawn = probabilities.masked_fill(~other, 0.0).flatten(1).max(dim=1)  # [N]
    wrong = with_word(tokens, drawn[:, None], size)[:, 0]
    return [Doubt(value, loaded.decode(row[1:].tolist())) for value, row in zip(likeliest.tolist(), wrong, strict=True)]
