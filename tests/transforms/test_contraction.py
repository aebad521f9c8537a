"""Rounds of contraction, with and without Beam: few keys are left, and components are those of a union-find."""

import itertools

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.contraction import chain, contracted, grid, keys_of, random_graph, random_tree, star
from lamella.transforms.base.contraction import Edge, claims, contract, later_first, rounds_for
from lamella.transforms.base.find_components import FindComponents
from lamella.transforms.base.union_find import UnionFind

RNG = np.random.default_rng(0)
MANY = 30_000
SMALL = {
    "chain": chain(range(300)),
    "chain in any order": chain(RNG.permutation(300)),
    "star": star(300, 150),
    "tree": random_tree(300, RNG.permutation(300), RNG),
    "random": random_graph(300, 250, RNG),
    "each edge a hundred times": chain(range(5)) * 100,
}


def roots_of(edges: list[Edge], rounds: int = 0) -> dict[str, str]:
    """(key -> smallest key of its component), by a union-find of what some rounds leave."""
    left, levels = set(edges), []
    for number in range(rounds):
        left, stands = contracted(left, number)
        levels.append(stands)
    roots = dict(UnionFind(left).roots())
    for stands in reversed(levels):
        roots = {key: roots.get(by, by) for key, by in stands.items()}
    smallest: dict[str, str] = {}
    for key, root in sorted(roots.items()):
        smallest.setdefault(root, key)
    return {key: smallest[root] for key, root in roots.items()}


@pytest.mark.parametrize("rounds", [1, 4])
@pytest.mark.parametrize("order", [np.arange(MANY), RNG.permutation(MANY)], ids=["in order", "in any order"])
def test_a_long_chain_is_one_component(order, rounds):
    edges = chain(order)
    roots = roots_of(edges, rounds)
    assert len(roots) == MANY
    assert set(roots.values()) == {"0000000"}


keys = st.integers(0, 30).map(lambda number: f"{number:02d}")
graphs = st.lists(st.tuples(keys, keys).filter(lambda edge: edge[0] != edge[1]), max_size=40)


@settings(deadline=None)
@given(graphs, st.integers(1, 5))
def test_components_are_those_of_a_union_find(edges, rounds):
    assert roots_of(edges, rounds) == roots_of(edges)


@pytest.mark.parametrize(
    ("edges", "most"),
    [
        (chain(range(20_000)), 0.11),  # less than half of the keys after each round
        (chain(RNG.permutation(20_000)), 0.11),
        (grid(100, np.arange(10_000)), 0.05),
        (random_tree(20_000, np.arange(20_000), RNG), 0.06),
        (random_graph(20_000, 20_000, RNG), 0.06),
    ],
    ids=["chain", "chain in any order", "grid", "tree", "random"],
)
def test_three_rounds_leave_few_keys_and_no_more_edges(edges, most):
    left, many = set(edges), len(keys_of(edges))
    for number in range(3):
        before = len(left)
        left, _ = contracted(left, number)
        assert len(left) <= before
    assert 0 < len(keys_of(left)) < most * many


@pytest.mark.parametrize("centre", [0, 10_000, 19_999])
def test_a_star_is_two_keys_at_once_and_none_then(centre):
    left, _ = contracted(star(20_000, centre), 0)
    assert len(left) <= 1
    assert contracted(left, 1)[0] == set()


def test_a_round_by_hand():
    first, second, third = sorted("abc", key=lambda key: [later_first((key, other), 0)[0] for other in "abc"].count(key))
    for edge in ((first, third), (third, first)):
        assert later_first(edge, 0) == (third, first)
    assert list(claims(third, [second, first], 0)) == [(third, first), (second, first), (first, first)]
    stands, edges = contract([third, first, second, first], 0)
    assert (stands, list(edges)) == (first, [(first, third), (first, second)])


@pytest.mark.parametrize(("documents", "rounds"), [(0, 0), (1 << 20, 0), (2 << 20, 1), (10_000_000, 4), (3_000_000_000, 6)])
def test_rounds_follow_from_the_size_and_a_laptop_has_none(documents, rounds):
    assert rounds_for(documents) == rounds


@pytest.mark.parametrize(("name", "rounds"), itertools.product(SMALL, (0, 1, 3)))
def test_through_beam_the_rows_are_the_same_for_all_rounds(name, rounds):
    edges = SMALL[name]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        edges_in = pipeline | beam.Create(edges, reshuffle=False).with_output_types(Edge)
        assert_that(edges_in | FindComponents(rounds), equal_to(list(roots_of(edges).items())))
