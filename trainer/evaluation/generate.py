"""Prompts and the latents of their pictures -> texts: greedy or beam search over a cache, many prompts at once.

Prompts of one length are read together, so nothing is padded, and a prompt's text does not depend on its neighbours. New tokens
attend to one picture, the prompt's last: steps after the first carry only the latents of that picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lamella.schemas.errors import TrainingError
from lamella.trainer.core.world import ALONE, World
from lamella.trainer.evaluation.gallery import computing, encode_pictures, open_pictures
from lamella.trainer.evaluation.prompts import Prompt, Reading, parse_prompt
from lamella.trainer.flamingo.lm import longest_row
from lamella.trainer.flamingo.model import Flamingo, load

ROWS = 64  # of a batch, beams counted


class TooLong(TrainingError):
    """A prompt that has no place in the language model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How a text is written. `beams` 1 is greedy; [P] writes captions and answers with 3."""

    beams: int = 1
    max_tokens: int = 32
    length_power: float = 1.0  # a beam's log-probability is divided by its length to this power (Wu et al. 2016); 0: by 1


@torch.no_grad()
def generate(
    model: Flamingo, prompts: Sequence[Prompt], latents: Tensor | None, decoding: Decoding, *, world: World = ALONE
) -> list[str]:
    """The text that follows each prompt, up to `<EOC>`.

    Args:
        model: in evaluation mode.
        prompts: their images are rows of `latents`.
        latents: [K, R, D] of all pictures; None: the model is blind, and phi is 0 everywhere.
        decoding: beams and lengths.
        world: its processes share the batches, and each gets all texts.

    Raises:
        TooLong: a prompt is longer than what the language model can read.
    """
    readings = [prompt.read(model.vocabulary) for prompt in prompts]
    check_length(model, readings, decoding.max_tokens)
    if latents is None:
        readings = [reading.blind() for reading in readings]
    texts: dict[int, str] = {}
    with computing(model):
        for places in world.shares(alike(readings, max(1, ROWS // decoding.beams))):
            rows = _write(model, [readings[place] for place in places], latents, decoding)
            texts |= {place: model.vocabulary.decode(row) for place, row in zip(places, rows, strict=True)}
    return world.merged(texts)


def generate_text(
    checkpoint: Path,
    images: Sequence[Path],
    prompt: str,
    *,
    beams: int = 3,
    max_tokens: int = 32,
    language: str | None = None,
) -> str:
    """What a trained model writes after pictures and text.

    Raises:
        TrainingError: no such model or picture, or another number of `<image>` than of pictures.
    """
    parsed = parse_prompt(prompt, len(images))
    for image in images:  # before the model is loaded, which takes a while
        if not image.is_file():
            raise TrainingError(f"image={image}: no such file")
    model = load(Path(checkpoint), language=language)
    latents = encode_pictures(model, open_pictures(images, model.image_px)) if images else None
    return generate(model, [parsed], latents, Decoding(beams=beams, max_tokens=max_tokens))[0]


def check_length(model: Flamingo, readings: Sequence[Reading], more: int = 0) -> None:
    """Raises TooLong where a reading, and so many tokens more, have no place in the language model."""
    longest, there = longest_row(model.language), max(map(len, readings), default=0)
    if longest and there + max(0, more - 1) > longest:  # the last token is written, and not read
        written = f" and {more} more" if more else ""
        raise TooLong(f"prompt: {there} tokens{written}; the language model knows {longest} positions")


def alike(readings: Sequence[Reading], most: int) -> Iterator[list[int]]:
    """Places of readings of one length, at most `most` at a time."""
    by_length: dict[int, list[int]] = {}
    for place, reading in enumerate(readings):
        by_length.setdefault(len(reading), []).append(place)
    for _, places in sorted(by_length.items()):
        yield from (places[start : start + most] for start in range(0, len(places), most))


class AttentionMap:
    """A batch of readings, read once: the cache after them, and what their next tokens attend to.

    Attributes:
        cache: of `rows` rows.
        logits: float32 [rows, V], of the token that follows each reading.
    """

    def __init__(self, model: Flamingo, readings: Sequence[Reading], latents: Tensor | None):
        from transformers import DynamicCache

        device = next(model.parameters()).device
        text = torch.tensor([reading.text for reading in readings], device=device)  # [B, l]
        phi = torch.tensor([reading.phi for reading in readings], device=device)
        seen = [image for reading in readings for image in reading.images]
        counts = torch.tensor([len(reading.images) for reading in readings], device=device)
        self._model, self.cache = model, DynamicCache()
        there = latents if latents is not None and seen else None
        out = model.read(text, phi, None if there is None else there[seen], counts, cache=self.cache)
        self.logits = out[:, -1].float()
        last = [reading.attends_to for reading in readings]
        self._attends = torch.tensor([image is not None for image in last], device=device).long()  # [B]: 0 or 1
        self._latents = None if there is None else there[[image for image in last if image is not None]]

    def repeat(self, times: int) -> None:
        """Each row `times` times, one after another."""
        self.cache.batch_repeat_interleave(times)
        self.logits = self.logits.repeat_interleave(times, 0)
        self._attends = self._attends.repeat_interleave(times)
        if self._latents is not None:
            self._latents = self._latents.repeat_interleave(times, 0)

    def reorder(self, rows: Tensor) -> None:
        """Row i becomes what row `rows[i]` was. Rows may only take the place of rows that attend to the same picture."""
        self.cache.reorder_cache(rows)  # pyright: ignore[reportArgumentType]

    def read(self, text: Tensor) -> Tensor:  # [rows, l] -> [rows, l, V]
        """Float32 logits after l more tokens, which the cache takes in."""
        phi = self._attends[:, None].expand_as(text)
        return self._model.read(text, phi, self._latents, self._attends, cache=self.cache).float()


def _write(model: Flamingo, readings: list[Reading], latents: Tensor | None, decoding: Decoding) -> list[list[int]]:
    """New tokens of each reading, all of one length, the ending `<EOC>` among them."""
    attention = AttentionMap(model, readings, latents)
    return _greedy(attention, model, decoding) if decoding.beams == 1 else _beams(attention, model, decoding)


def _log_probabilities(model: Flamingo, logits: Tensor) -> Tensor:  # [rows, V]
    words = model.vocabulary
    logits = logits.clone()
    logits[:, [words.bos, words.image, words.pad]] = -torch.inf  # never written
    return logits.log_softmax(-1)


def _ended(model: Flamingo, tokens: Tensor) -> Tensor:
    return (tokens == model.vocabulary.eoc) | (tokens == model.vocabulary.eos)


def _greedy(attention: AttentionMap, model: Flamingo, decoding: Decoding) -> list[list[int]]:
    scores, written = _log_probabilities(model, attention.logits), []
    done = torch.zeros(len(scores), dtype=torch.bool, device=scores.device)
    for _ in range(decoding.max_tokens):
        token = torch.where(done, model.vocabulary.eoc, scores.argmax(-1))
        written.append(token)
        done |= _ended(model, token)
        if done.all() or len(written) == decoding.max_tokens:
            break
        scores = _log_probabilities(model, attention.read(token[:, None])[:, -1])
    return torch.stack(written, 1).tolist()


def _beams(attention: AttentionMap, model: Flamingo, decoding: Decoding) -> list[list[int]]:
    """The best of `beams` hypotheses a row; a finished one competes with those that may yet be written."""
    beams, rows = decoding.beams, len(attention.logits)
    attention.repeat(beams)
    device = attention.logits.device
    first = torch.arange(rows, device=device)[:, None] * beams  # [B, 1]: number of a row's first beam
    written = torch.zeros(rows, beams, 0, dtype=torch.long, device=device)
    sums = torch.full((rows, beams), -torch.inf, device=device)
    sums[:, 0] = 0.0  # all beams are one at first
    best: list[tuple[float, list[int]]] = [(-torch.inf, [])] * rows
    going = torch.ones(rows, 1, dtype=torch.bool, device=device)
    scores = _log_probabilities(model, attention.logits).unflatten(0, (rows, beams))
    for length in range(1, decoding.max_tokens + 1):
        size = scores.shape[-1]
        # Each beam may end in two ways, `<EOC>` and `<EOS>`: of so many, `beams` are left that go on.
        top = (sums[..., None] + scores).flatten(1).topk(min(3 * beams, beams * size))
        source, token = top.indices // size, top.indices % size  # [B, 3 * beams]
        ended, last = _ended(model, token), length == decoding.max_tokens
        longer = torch.cat([written.gather(1, source[..., None].expand(-1, -1, length - 1)), token[..., None]], -1)
        for row, place in ((ended | last) & going & top.values.isfinite()).nonzero().tolist():
            score = top.values[row, place].item() / length**decoding.length_power
            if score > best[row][0]:
                best[row] = (score, longer[row, place].tolist())
        kept = top.values.masked_fill(ended, -torch.inf).topk(beams)  # [B, beams]
        sums = kept.values
        going &= _may_win(sums, best, length**decoding.length_power)
        if last or not going.any():
            break
        written = longer.gather(1, kept.indices[..., None].expand(-1, -1, length))
        attention.reorder((first + source.gather(1, kept.indices)).flatten())
        scores = _log_probabilities(model, attention.read(written[..., -1].reshape(-1, 1))[:, -1]).unflatten(0, (rows, beams))
    return [tokens for _, tokens in best]


def _may_win(sums: Tensor, best: list[tuple[float, list[int]]], divisor: float) -> Tensor:  # [B, beams] -> bool [B, 1]
    """Whether a row's best unfinished beam is ahead of its best finished one; from behind few catch up."""
    return sums.max(-1, keepdim=True).values / divisor > sums.new_tensor([[score] for score, _ in best])
