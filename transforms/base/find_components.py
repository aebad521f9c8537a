"""FindComponents: edges between keys -> each key with the smallest key of its connected component."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from lamella.transforms.base.contraction import Edge, claims, contract, later_first
from lamella.transforms.base.join import Group, Join, as_it_is
from lamella.transforms.base.union_find import UnionFind

_HELD = 1 << 13  # pairs of a bundle that are known to have gone by


class FindComponents(beam.PTransform):
    """Edges between two keys each -> (key, root) of every key: the root is the smallest key of its component.

    One worker holds a union-find, about 200 bytes a key. Rounds of contraction before it leave it fewer keys
    (`transforms.base.contraction`); each costs three shuffles, and all together one more, which names the roots. The output
    is the same for any number of rounds.
    """

    def __init__(self, rounds: int = 0):
        super().__init__()
        self._rounds = rounds

    def expand(self, edges: beam.PCollection[Edge]):
        stands: list[beam.PCollection] = []  # by round: (key, the key that stands for it)
        for number in range(self._rounds):
            contracted = edges | f"Contract {number}" >> _Contract(number)
            edges = contracted.edges
            stands.append(contracted.stands)
        roots = (
            edges
            | "Together" >> beam.WithKeys(0).with_output_types(tuple[int, Edge])
            | "Components" >> beam.CombinePerKey(_JoinComponents())
            | "Roots" >> beam.FlatMapTuple(_roots).with_output_types(Edge)
        )
        for number in reversed(range(self._rounds)):
            level = {"stands": stands[number], "roots": roots}
            roots = level | f"Roots {number}" >> Join({"stands": _swapped, "roots": as_it_is}, _root, Edge)
        return {"roots": roots} | "Name" >> Join({"roots": _swapped}, _named, Edge) if self._rounds else roots


class _Contract(beam.PTransform):
    """Edges -> `edges` between fewer keys, and `stands`: each key with the one that stands for it."""

    def __init__(self, number: int):
        super().__init__()
        self._number = number

    def expand(self, edges):
        return (
            edges
            | "Later" >> beam.Map(later_first, self._number).with_output_types(Edge)
            | "NewEdges" >> beam.ParDo(_Unrepeated()).with_output_types(Edge)
            | "ByLater" >> beam.GroupByKey()
            | "Claims" >> beam.FlatMap(_claims, self._number).with_output_types(Edge)
            | "NewClaims" >> beam.ParDo(_Unrepeated()).with_output_types(Edge)
            | "ByClaimed" >> beam.GroupByKey()
            | "Star"
            >> beam.FlatMap(_contracted, self._number).with_output_types(Edge, stands=Edge).with_outputs("stands", main="edges")
        )


class _Unrepeated(beam.DoFn):
    """Pairs -> the same pairs, fewer of them twice: a million copies bridge the same two heads.

    Each goes on at least once, whatever their order, so that what is computed again is the same set.
    """

    def start_bundle(self):
        self._held: set[Edge] = set()

    def process(self, pair):
        if pair in self._held:
            return
        if len(self._held) == _HELD:
            self._held.clear()
        self._held.add(pair)
        yield pair


class _JoinComponents(beam.CombineFn):
    def create_accumulator(self):
        return UnionFind()

    def add_input(self, union_find, edge):
        union_find.join(*edge)
        return union_find

    def merge_accumulators(self, forests):
        merged = UnionFind()
        for union_find in forests:
            merged.absorb(union_find)
        return merged

    def extract_output(self, union_find):
        return union_find


def _claims(group: tuple[str, Iterable[str]], number: int) -> Iterator[Edge]:
    return claims(*group, number)


def _contracted(group: tuple[str, Iterable[str]], number: int) -> Iterator[Any]:
    key, claimed = group
    stands, edges = contract(claimed, number)
    yield beam.pvalue.TaggedOutput("stands", (key, stands))
    yield from edges


def _roots(_: int, union_find: UnionFind) -> Iterable[Edge]:
    return union_find.roots()


def _swapped(pair: Edge) -> Iterable[Edge]:
    key, by = pair
    return ((by, key),)


def _root(stands: str, found: Group) -> Iterable[Edge]:
    """(key, root) of each key that one stands for: it is the root itself where no edge of it was left."""
    root = found.first("roots", stands)
    return ((key, root) for key in found["stands"])


def _named(_: str, found: Group) -> Iterable[Edge]:
    """(key, smallest key) of each key of one root. Iterates twice, holds nothing."""
    smallest = min(found["roots"])
    return ((key, smallest) for key in found["roots"])
