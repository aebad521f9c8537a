"""Joins of keys -> connected components, whose roots do not depend on the order of the joins."""

from collections.abc import Iterable, Iterator


class UnionFind:
    """Union-find over keys, whose roots are the smallest key of each tree, whatever the order of the joins."""

    def __init__(self, joins: Iterable[tuple[str, str]] = ()):
        self._parents: dict[str, str] = {}
        for pair in joins:
            self.join(*pair)

    def join(self, one: str, other: str) -> bool:
        """Makes two trees one; False where they were."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low
        return low != high

    def root(self, key: str) -> str:
        """The smallest key that is joined with this one; the key itself where none is."""
        parents = self._parents
        parent = parents.setdefault(key, key)
        while parent != key:
            parents[key] = parents[parent]  # halves the path, so that trees stay flat
            key = parents[key]
            parent = parents[key]
        return key

    def absorb(self, other: "UnionFind") -> None:
        for key, parent in other._parents.items():
            self.join(key, parent)

    def roots(self) -> Iterator[tuple[str, str]]:
        """(key, root) of every key that was joined."""
        for key in list(self._parents):
            yield key, self.root(key)
