"""A sample's header -> one training sequence: its tokens, phi, targets, and the images that it needs.

    <BOS> text <EOC> <image> text <EOC> <image> text <EOC> <EOS>

Alayrac et al. 2022, A.3.1 and A.3.2. What the paper leaves open: text nodes that follow one another are parted by a line
break; an `<EOC>` has the phi of the text that it closes, 0 where it closes none; under previous phi an `<image>` attends
to itself; of images beyond the first N only `<image>` goes, so that `<EOC>` still parts their texts, which attend to nothing;
a pair that is too long loses its end and not its image.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from lamella.schemas.keys import stable_fraction, stable_int
from lamella.schemas.sample import BadSample
from lamella.trainer.loading.tokenizer import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One sampled sequence of l tokens. `images` are numbers of the sample's images, from 0; phi counts these from 1."""

    tokens: np.ndarray  # int64 [l]
    phi: np.ndarray  # int64 [l]
    loss: np.ndarray  # bool [l]
    images: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How a sequence is cut from its document: `tokens` from `roll` % (number of starts), the first `images` images."""

    tokens: int
    images: int
    roll: int = 0
    following: bool = False  # phi by the next image, not by the previous one


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Probabilities of the two coins, and where they come from."""

    seed: int
    next_image: float
    leading_space: float


def cut_of(tokens: int, images: int, chances: Chances, parts: tuple[object, ...]) -> Cut:
    """The cut that follows by hash from the seed and `parts`, which name the draw."""
    following = stable_fraction(chances.seed, "next", *parts) < chances.next_image
    return Cut(tokens=tokens, images=images, roll=stable_int(chances.seed, "start", *parts), following=following)


def pair_text(text: str, chances: Chances, parts: tuple[object, ...]) -> str:
    """The caption, led by a space with probability `leading_space`."""
    return f" {text}" if stable_fraction(chances.seed, "space", *parts) < chances.leading_space else text


def document_sequence(header: dict[str, Any], vocabulary: Vocabulary, cut: Cut) -> Sequence:
    """A sequence of an interleaved document.

    Raises:
        BadSample: a header that lacks a field, or whose fields contradict one another.
    """
    texts, phis, images = _nodes(header, cut.following)
    encoded = iter(vocabulary.encode(["\n", *(text for text in texts if text is not None)]))
    line_break = next(encoded)
    image, eoc = [vocabulary.image], [vocabulary.eoc]
    runs, run_phi, counts = [[vocabulary.bos]], [0], [False]
    at_image: list[int] = []  # the run of each `<image>`
    closing, after_text = 0, False

    def add(run: list[int], phi: int, counted: bool) -> None:
        runs.append(run)
        run_phi.append(phi)
        counts.append(counted)

    for text, phi in zip(texts, phis, strict=True):
        if text is None:
            if len(runs) > 1:
                add(eoc, closing, True)
            at_image.append(len(runs))
            add(image, 0 if cut.following else len(at_image), False)
            closing, after_text = 0, False
        else:
            if after_text:
                add(line_break, phi, True)
            add(next(encoded), phi, True)
            closing, after_text = phi, True
    add(eoc, closing, True)
    add([vocabulary.eos], 0, False)
    lengths = np.fromiter(map(len, runs), dtype=np.int64, count=len(runs))
    return _window(_joined(runs, run_phi, counts, images), (np.cumsum(lengths) - lengths)[at_image], cut)


def _joined(runs: list[list[int]], phi: list[int], counts: list[bool], images: int) -> Sequence:
    """Runs of tokens, each with one phi and one say in the loss, end to end."""
    lengths = np.fromiter(map(len, runs), dtype=np.int64, count=len(runs))
    return Sequence(
        tokens=np.fromiter(chain.from_iterable(runs), dtype=np.int64, count=int(lengths.sum())),
        phi=np.repeat(np.array(phi, dtype=np.int64), lengths),
        loss=np.repeat(np.array(counts), lengths),
        images=tuple(range(images)),
    )


def pair_sequence(text: Any, vocabulary: Vocabulary, tokens: int) -> Sequence:
    """The sequence of one image or clip and its caption, of at most `tokens` tokens. Raises BadSample."""
    if not isinstance(text, str):
        raise BadSample("json: the text is no string")
    (ids,) = vocabulary.encode([text])
    row = np.array([vocabulary.bos, vocabulary.image, *ids, vocabulary.eoc, vocabulary.eos], dtype=np.int64)
    phi, loss = np.ones(len(row), dtype=np.int64), np.ones(len(row), dtype=bool)
    phi[0] = phi[-1] = 0
    loss[:2] = loss[-1] = False
    return Sequence(tokens=row[:tokens], phi=phi[:tokens], loss=loss[:tokens], images=(0,) if tokens > 1 else ())


def _nodes(header: dict[str, Any], following: bool) -> tuple[list[str | None], list[int], int]:
    """Texts (None for an image), phi of each, and the number of images; checked, as a header may say anything."""
    try:
        texts, indices = header["texts"], header["image_index"]
        phis, images = header["next" if following else "previous"], len(header["images"])
    except (KeyError, TypeError) as error:
        raise BadSample(f"json: {type(error).__name__}: {error}") from error
    if not all(isinstance(column, list) for column in (texts, indices, phis)) or not len(texts) == len(indices) == len(phis):
        raise BadSample("json: texts, image_index and phi are not lists of one length")
    if [index for index in indices if index is not None] != list(range(images)):
        raise BadSample("json: image_index does not count the images")
    for text, index, phi in zip(texts, indices, phis, strict=True):
        if (text is None) == (index is None) or not isinstance(text, str | None):
            raise BadSample("json: a node is neither text nor image")
        if type(phi) is not int or not 0 <= phi <= images:
            raise BadSample(f"json: phi={phi!r} of {images} images")
    return texts, phis, images


def _window(whole: Sequence, at_image: np.ndarray, cut: Cut) -> Sequence:
    """`cut.tokens` tokens of the document; beyond the first few, `<image>` goes and its text stays; phi is counted anew."""
    length = len(whole.tokens)
    start = cut.roll % (length - cut.tokens + 1) if length > cut.tokens else 0
    end = min(length, start + cut.tokens)
    tokens, phi, loss = whole.tokens[start:end], whole.phi[start:end], whole.loss[start:end].copy()
    loss[0] = False
    first, last = np.searchsorted(at_image, (start, end)).tolist()  # images first..last-1 lie in the window
    kept = min(last, first + cut.images)
    new = np.zeros(len(at_image) + 1, dtype=np.int64)
    new[first + 1 : kept + 1] = np.arange(1, kept - first + 1)
    phi = new[phi]
    if kept < last:
        gone = at_image[kept:last] - start
        there = np.ones(end - start, dtype=bool)
        there[gone] = False  # the `<EOC>` before it stays: the texts of two images are not one chunk
        tokens, phi, loss = tokens[there], phi[there], loss[there]
    return Sequence(tokens=tokens, phi=phi, loss=loss, images=tuple(range(first, kept)))
