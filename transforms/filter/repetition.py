"""Tokens or characters -> the shares that repeat: the measures of Gopher (Rae et al. 2021, A1.1) and of OBELICS.

An n-gram that occurs twice starts with an (n-1)-gram that does. So the n-grams of each length are counted only where
shorter ones repeated, which leaves few, and all lengths together cost about one sort of the text.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np

# Gopher's own limits, table A1: share of a text's characters, for each n.
TOP_NGRAM_LIMITS = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE_NGRAM_LIMITS = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}

CHARACTER_NGRAM = 10  # OBELICS
WORD_NGRAM = 5  # OBELICS

_FEW = 128  # occurrences
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying keeps all bits


class Repeats(NamedTuple):
    """What repeats among parts of a text: share of the parts, and share of the text's characters."""

    parts: float
    characters: float


class RepeatedNgrams(NamedTuple):
    """The n-grams of one length that occur more than once: where each occurrence starts, and which n-gram it is."""

    n: int
    starts: list[int]  # of the occurrences, rising
    names: list[int]  # of the occurrences; from 0
    counts: list[int]  # by name; 2 or more


class NgramCharacters(NamedTuple):
    """Gopher's two n-gram measures; 1.0 is Gopher's own limit."""

    top: float
    duplicate: float


def repeated_parts(parts: Sequence[str], characters: int) -> Repeats:
    """The share of parts (lines, paragraphs) that repeat an earlier one, and the share of the characters in them."""
    first = set(parts)
    if len(first) == len(parts):
        return Repeats(0.0, 0.0)
    repeated = sum(map(len, parts)) - sum(map(len, first))
    return Repeats((len(parts) - len(first)) / len(parts), repeated / max(1, characters))


def ngram_characters(ids: np.ndarray, lengths: np.ndarray, characters: int) -> NgramCharacters:
    """Both measures of a text's tokens.

    Args:
        ids: int64 [N], equal for equal tokens.
        lengths: int64 [N], letters of each token.
        characters: of the whole text.

    `top` is the worst of the most frequent 2-, 3- and 4-grams: its length, spaces counted, times its count, as a share
    of the characters, over its own limit. Of equally frequent ones the first is taken, as datatrove does; an n-gram that
    occurs once repeats nothing. `duplicate` is the worst of the duplicated 5- to 10-grams, as shares over their limits.
    """
    ends = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    top = duplicate = 0.0
    for found in repeated_ngrams(ids, max(DUPLICATE_NGRAM_LIMITS)):
        if limit := TOP_NGRAM_LIMITS.get(found.n):
            most = max(found.counts)
            start = next(start for start, name in zip(*found[1:3], strict=True) if found.counts[name] == most)
            mass = (int(ends[start + found.n] - ends[start]) + found.n - 1) * most
            top = max(top, mass / max(1, characters) / limit)
        elif limit := DUPLICATE_NGRAM_LIMITS.get(found.n):
            duplicate = max(duplicate, _stepped_over(found, ends) / max(1, characters) / limit)
    return NgramCharacters(top, duplicate)


def word_repetition(ids: np.ndarray) -> float:
    """The share of word 5-grams, by occurrence, that occur more than once (OBELICS). `ids`: int64 [N], of the words."""
    repeated = 0
    for found in repeated_ngrams(ids, WORD_NGRAM):
        if found.n == WORD_NGRAM:
            repeated = len(found.starts)
    return repeated / max(1, len(ids) - WORD_NGRAM + 1)


def character_repetition(points: np.ndarray) -> float:
    """The share of the most repeated character 10-grams: the top sqrt(kinds) of those that occur twice (OBELICS).

    `points`: uint32 [N], the text's code points. The 10-grams are compared by a hash of 64 bits: by chance, two of a text
    of a million characters share one once in 10 ** 7 texts.
    """
    if len(points) < CHARACTER_NGRAM:
        return 0.0
    ones = points.astype(np.uint64)
    twos = (ones[:-1] << np.uint64(32)) | ones[1:]
    fours = _joined(twos[:-2], twos[2:])
    eights = _joined(fours[:-4], fours[4:])
    ordered = np.sort(_joined(eights[:-2], twos[8:]))
    first = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1  # where a run of equal ones starts, but for the first run
    if len(first) + 1 == len(ordered):
        return 0.0
    counts = np.diff(np.concatenate(([0], first, [len(ordered)])))
    repeated = np.sort(counts[counts > 1])[::-1]
    return float(repeated[: isqrt(len(counts))].sum() / len(ordered))


def repeated_ngrams(ids: np.ndarray, longest: int) -> Iterator[RepeatedNgrams]:
    """The repeated n-grams for n from 2 to `longest`, while there are any. Exact: nothing is hashed.

    `ids`: int64 [N], from 0, below 2 ** 31.
    """
    starts, names = np.arange(len(ids)), ids
    kinds = int(ids.max(initial=0)) + 1
    for n in range(2, longest + 1):
        inside = starts <= len(ids) - n
        starts = starts[inside]
        if len(starts) < 2:
            return
        keys = names[inside] * kinds + ids[starts + n - 1]
        ordered, order = _sorted(keys)
        first = np.ones(len(keys), bool)
        np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
        runs = np.flatnonzero(first)
        counts = np.empty(len(runs), np.int64)
        counts[:-1] = runs[1:] - runs[:-1]
        counts[-1] = len(keys) - runs[-1]
        twice = counts > 1
        if not twice.any():
            return
        ranks = np.empty(len(keys), np.int64)
        ranks[order] = np.cumsum(first) - 1
        repeated = twice[ranks]
        starts, names = starts[repeated], (np.cumsum(twice) - 1)[ranks[repeated]]
        found = RepeatedNgrams(n, starts.tolist(), names.tolist(), counts[twice].tolist())
        yield found
        if len(starts) <= _FEW:
            yield from _longer(found, ids, longest)
            return


def _longer(found: RepeatedNgrams, ids: np.ndarray, longest: int) -> Iterator[RepeatedNgrams]:
    """The same for the n above `found.n`, one by one: of a few occurrences that is faster than arrays are."""
    for n in range(found.n + 1, longest + 1):
        groups: dict[tuple[int, int], list[int]] = {}
        inside = bisect_right(found.starts, len(ids) - n)
        last = ids[np.array(found.starts[:inside], np.int64) + n - 1].tolist()
        for start, name, token in zip(found.starts, found.names, last, strict=False):
            groups.setdefault((name, token), []).append(start)
        repeated = [group for group in groups.values() if len(group) > 1]
        if not repeated:
            return
        occurrences = sorted((start, name) for name, group in enumerate(repeated) for start in group)
        starts, names = map(list, zip(*occurrences, strict=True))
        found = RepeatedNgrams(n, starts, names, list(map(len, repeated)))
        yield found


def _sorted(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keys in order, and where each stood. Sorting key and place as one number is several times faster than argsort."""
    bits = len(keys).bit_length()
    if int(keys.max()).bit_length() + bits > 63:
        order = np.argsort(keys, kind="stable")
        return keys[order], order
    packed = np.sort((keys << bits) | np.arange(len(keys)))
    return packed >> bits, packed & ((1 << bits) - 1)


def _stepped_over(found: RepeatedNgrams, ends: np.ndarray) -> int:
    """Characters inside duplicates, none twice: reading from the left, an n-gram seen before is counted and stepped over."""
    characters, free, seen = 0, 0, set()
    for start, name in zip(found.starts, found.names, strict=True):
        if start < free:
            continue
        if name in seen:
            characters, free = characters + int(ends[start + found.n] - ends[start]), start + found.n
        else:
            seen.add(name)
    return characters


def _joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    mixed = left * _MIX
    mixed ^= mixed >> np.uint64(32)
    return mixed * _MIX + right
