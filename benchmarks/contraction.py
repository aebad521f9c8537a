"""Graphs -> a table of what share of their keys and edges each round of contraction leaves.

    python -m benchmarks.contraction [--rounds 6]

Names of keys are in order along a graph, or in any order. The rounds are the product's own functions, without Beam.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from lamella.transforms.base.contraction import Edge, claims, contract, later_first


def contracted(edges: Iterable[Edge], number: int) -> tuple[set[Edge], dict[str, str]]:
    """One round: the edges that are left, each once; and for each key of `edges` the one that stands for it."""
    neighbours, claimed = defaultdict(set), defaultdict(set)
    for edge in edges:
        later, first = later_first(edge, number)
        neighbours[later].add(first)
    for later, earlier in neighbours.items():
        for key, claim in claims(later, earlier, number):
            claimed[key].add(claim)
    left, stands = set(), {}
    for key, some in claimed.items():
        stands[key], star = contract(some, number)
        left.update(star)
    return left, stands


def keys_of(edges: Iterable[Edge]) -> set[str]:
    return {key for edge in edges for key in edge}


def chain(keys: Iterable[int]) -> list[Edge]:
    return [(_key(one), _key(next_one)) for one, next_one in pairwise(keys)]


def star(keys: int, centre: int) -> list[Edge]:
    return [(_key(centre), _key(key)) for key in range(keys) if key != centre]


def grid(side: int, order: np.ndarray) -> list[Edge]:
    """A square whose neighbours are joined; `order` names its places, row by row."""
    lines = order.reshape(side, side)
    return [edge for line in (*lines, *lines.T) for edge in chain(line)]


def random_graph(keys: int, edges: int, rng: np.random.Generator) -> list[Edge]:
    ends = rng.integers(0, keys, (edges, 2))
    return [(_key(one), _key(other)) for one, other in ends if one != other]


def random_tree(keys: int, order: np.ndarray, rng: np.random.Generator) -> list[Edge]:
    """Each place hangs on one of those before it; `order` names the places."""
    return [(_key(order[at]), _key(order[int(at * rng.random())])) for at in range(1, keys)]


def graphs(rng: np.random.Generator) -> Iterator[tuple[str, list[Edge]]]:
    many, side = 100_000, 316
    yield f"chain of {many:,}, in order", chain(range(many))
    yield f"chain of {many:,}, in any order", chain(rng.permutation(many))
    yield f"star of {many:,} about its smallest key", star(many, 0)
    yield f"star of {many:,} about its largest key", star(many, many - 1)
    yield f"grid of {side} x {side}, in order", grid(side, np.arange(side * side))
    yield f"grid of {side} x {side}, in any order", grid(side, rng.permutation(side * side))
    yield f"tree of {many:,}, in any order", random_tree(many, rng.permutation(many), rng)
    for keys in (2_000_000, 1_000_000, 500_000):
        yield f"10^6 random edges between {keys:,}", random_graph(keys, 1_000_000, rng)


def _key(number: int) -> str:
    return f"{number:07d}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    rounds = parser.parse_args().rounds
    print("| graph | keys, edges |" + "".join(f" {number + 1} |" for number in range(rounds)))
    print("|---|---|" + "---|" * rounds)
    for name, edges in graphs(np.random.default_rng(0)):
        left, (keys, many) = set(edges), (len(keys_of(edges)), len(set(edges)))
        print(f"| {name} | {keys:,}, {many:,} |", end="", flush=True)
        for number in range(rounds):
            left, _ = contracted(left, number)
            print(f" {len(keys_of(left)) / keys:.1%}, {len(left) / many:.1%} |", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
