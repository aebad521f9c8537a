"""A caption -> captions that say nearly the same and are wrong: one colour, number, size, place, shape or ground is changed.

A matcher that saw only captions of other pictures learns to look for one word that fits. Near misses differ by the one word
that does not fit (Yuksekgonul et al. 2023, "When and why vision-language models behave like bags-of-words").
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from lamella.schemas.keys import stable_int

# Words of one kind, each of which makes a caption wrong in the place of another. Of shapes, singular and plural apart.
KINDS: dict[str, tuple[str, ...]] = {
    "colour": ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey"),
    "count": ("two", "three", "four", "five", "six"),
    "size": ("small", "large"),
    "relation": ("above", "below", "to the left of", "to the right of"),
    "side": ("left", "right"),
    "shape": ("circle", "square", "triangle", "star", "heart", "cross", "diamond", "ring"),
    "shapes": ("circles", "squares", "triangles", "stars", "hearts", "crosses", "diamonds", "rings"),
    "ground": (
        *("a white background", "a plain white background", "a grey background", "a plain grey background"),
        *("a striped background", "a background with stripes", "a dotted background", "a background with dots"),
        *("a checkered background", "a background with checks", "a shaded background", "a background that fades"),
    ),
}
# Words that tell grounds apart, as one word each in the place of another. White and grey are colours too.
GROUND_WORDS = (("white", "grey", "striped", "dotted", "checkered", "shaded"), ("stripes", "dots", "checks"))
_OTHER_SPELLING = {"little": "small", "tiny": "small", "big": "large", "huge": "large", "gray": "grey", "beneath": "below"}
_OTHER_SPELLING |= {f"a plain {colour} background": f"a {colour} background" for colour in ("white", "grey")}
_OTHER_SPELLING |= {"a background with stripes": "a striped background", "a background with dots": "a dotted background"}
_OTHER_SPELLING |= {"a background with checks": "a checkered background", "a background that fades": "a shaded background"}
_KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}
_KIND_OF |= {word: _KIND_OF[same] for word, same in _OTHER_SPELLING.items()}
_PHRASES = "|".join(word for word in _KIND_OF if " " in word)
_WORD = re.compile(rf"\b(?:{_PHRASES})\b|[A-Za-z]+", re.IGNORECASE)
_MOTION = re.compile(r"\bfrom (?:the )?\w+ to (?:the )?\w+", re.IGNORECASE)  # which one frame of a clip does not tell


def near_misses(text: str, most: int, *parts: object) -> list[str]:
    """Up to `most` wrong captions, drawn by the hash of `parts` and of the text; fewer where it says less that can be changed.

    A word becomes another of its kind, never one that the caption has already: "a red ring above a blue one" does not become
    "a blue ring above a blue one", which might be true of another pair of words. Two different words of a kind may also change
    places. Upper case stays where it stood. A motion ("from left to right") is left alone: a matcher sees one frame of a clip.

    Each kind has its turn: there are ten colours and four relations, and a captioner is wrong about relations most.
    """
    found = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(_MOTION.sub(_blank, text))]
    said = [(start, end, word) for start, end, word in found if word.lower() in _KIND_OF]
    by_kind: dict[str, list[str]] = {}
    for kind, change in sorted({*_replaced(text, said), *_swapped(text, said)}):
        if change != text:
            by_kind.setdefault(kind, []).append(change)
    for kind, changes in by_kind.items():
        changes.sort(key=lambda change: stable_int(*parts, text, change))
        by_kind[kind] = changes[:most]
    kinds = sorted(by_kind, key=lambda kind: stable_int(*parts, text, kind))
    turns = (by_kind[kind][turn] for turn in range(most) for kind in kinds if turn < len(by_kind[kind]))
    return list(islice(turns, most))


def likely_misses(logits: Tensor, tokens: Tensor, kinds: Tensor, noise: Tensor) -> Tensor:
    """Wrong captions as a decoder would write them: in each one word of a kind is another, the likelier the better it fits.

    A near miss that is drawn blindly is soon too easy: a captioner is wrong where two colours, shapes or numbers look alike.

    Args:
        logits: of the token behind each one, [B, L - 1, V].
        tokens: of right captions, int64 [B, L].
        kinds: int64 [V], as `kinds_of` gives them.
        noise: uniform in (0, 1), [B, K, L - 1, V]: the draw (Gumbel-max), in proportion to the alternatives' probabilities.

    Returns:
        int64 [B, K, L]; of a caption without such a word, zeros alone.
    """
    other = other_words(tokens, kinds)
    scores = (logits.log_softmax(dim=-1)[:, None] - torch.log(-torch.log(noise))).masked_fill(~other[:, None], -torch.inf)
    changed = with_word(tokens, scores.flatten(2).argmax(dim=2), logits.shape[2])
    return changed * other.any(dim=(1, 2))[:, None, None]


def other_words(tokens: Tensor, kinds: Tensor) -> Tensor:  # [B, L], [V] -> bool [B, L - 1, V]
    """For each token behind the first the words of its kind that the caption does not have."""
    kind = kinds[tokens[:, 1:]]
    there = torch.zeros(len(tokens), len(kinds), dtype=torch.bool, device=tokens.device).scatter_(1, tokens, value=True)
    return (kinds[None, None] == kind[:, :, None]) & (kind > 0)[:, :, None] & ~there[:, None]


def with_word(tokens: Tensor, drawn: Tensor, size: int) -> Tensor:  # [B, L], [B, K] -> [B, K, L]
    """Captions with one token changed: `drawn` is place * size + token, of the places behind the first."""
    place, word = drawn // size + 1, drawn % size
    return tokens[:, None].expand(-1, drawn.shape[1], -1).clone().scatter_(2, place[..., None], word[..., None])


def kinds_of(
    tokenize: Callable[[Sequence[str]], Tensor],
    size: int,
    special: Sequence[int],
    of: Iterable[Sequence[str]] = tuple(KINDS.values()),
) -> Tensor:
    """int64 [V]: the number of the kind, among `of`, that a piece of the vocabulary is a word of, in lower and in upper case;
    0 where it is none, or half a word."""
    kinds = torch.zeros(size, dtype=torch.int64)
    forms = [[word for word in words if " " not in word] for words in of]
    for number, words in enumerate([*forms, *([word.capitalize() for word in words] for words in forms)], 1):
        for row in tokenize(words).tolist():
            pieces = [piece for piece in row if piece not in special]
            if len(pieces) == 1:
                kinds[pieces[0]] = number
    return kinds


def _replaced(text: str, said: list[tuple[int, int, str]]) -> Iterator[tuple[str, str]]:
    """(kind, caption): each word by each other of its kind."""
    there = {_plain(word) for _, _, word in said}
    for start, end, word in said:
        kind = _KIND_OF[word.lower()]
        for other in KINDS[kind]:
            if _plain(other) not in there:
                yield kind, text[:start] + _cased(other, word) + text[end:]


def _swapped(text: str, said: list[tuple[int, int, str]]) -> Iterator[tuple[str, str]]:
    """Two different words of a kind change places: "a red ring and a blue star" -> "a blue ring and a red star"."""
    for number, (start, end, word) in enumerate(said):
        for later_start, later_end, later in said[number + 1 :]:
            if _KIND_OF[word.lower()] == _KIND_OF[later.lower()] and _plain(word) != _plain(later):
                between = text[end:later_start]
                yield "swap", text[:start] + _cased(later, word) + between + _cased(word, later) + text[later_end:]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _plain(word: str) -> str:
    return _OTHER_SPELLING.get(word.lower(), word.lower())


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word.lower()
