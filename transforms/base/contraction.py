"""Edges between keys -> fewer edges between fewer keys, and who stands for each key: one round of contraction.

Each round orders the keys anew, by hash. A key looks at its neighbours that come before it, and claims the first of them for
itself and for all the others (`claims`; the small star of Kiveris et al. 2014, Connected Components in MapReduce and Beyond).
The first of the claims on a key stands for it from then on, and is joined with the other claims (`contract`). A key that
nobody claimed is gone: keys are merged as in Łącki et al. 2018 (Connected Components at Scale via Local Contractions).

Components stay the same: of two neighbours the later one makes its claim on both, and all claims on a key are joined. So any
number of rounds is exact. There are never more edges than before. Of the graphs that were tried a chain shrinks the least: each
round leaves 47 % of its keys, whatever their names (`benchmarks/contraction.py`).
"""

from collections.abc import Iterable, Iterator
from functools import partial

from lamella.schemas.keys import stable_key

Edge = tuple[str, str]

_HELD = 1 << 20  # keys that a union-find in one worker may have: some 200 MB
_MOST_ROUNDS = 6  # of three shuffles each; a hundredth of the keys is left then, or less


def rounds_for(keys: int) -> int:
    """Rounds after which a union-find of so many keys is small enough for one worker, if each leaves half; six at most."""
    return min(_MOST_ROUNDS, (max(keys - 1, 0) // _HELD).bit_length())


def later_first(edge: Edge, number: int) -> Edge:
    """The two keys of an edge, by their order in round `number`."""
    first, later = sorted(edge, key=partial(_place, number))
    return later, first


def claims(later: str, earlier: Iterable[str], number: int) -> Iterator[Edge]:
    """(key, claim) for a key and each of its neighbours that come before it. Iterates twice, holds nothing."""
    claim = _first(earlier, number)
    yield later, claim
    for key in earlier:
        yield key, claim


def contract(claimed: Iterable[str], number: int) -> tuple[str, Iterator[Edge]]:
    """The one of the claims on a key that stands for it, and edges from it to the others. Iterates twice, holds nothing."""
    first = _first(claimed, number)
    return first, ((first, other) for other in claimed if other != first)


def _first(keys: Iterable[str], number: int) -> str:
    return min(keys, key=partial(_place, number))


def _place(number: int, key: str) -> tuple[str, str]:
    return stable_key("round", number, key), key
