"""Buckets of documents -> the connected components that they form: exact, whatever the order and however large.

All members of a bucket are copies of each other, and so are the members of buckets that share one. Three steps keep what
has to be in one place small:

1. A bucket becomes a star: each member is linked to the bucket's head, its smallest key. No pairs are ever formed, so a
   bucket of a million costs a million links.
2. A member of several buckets belongs to the smallest of its heads, and bridges the others to it. Copies that agree in
   all their bands have one head and bridge nothing.
3. The bridges alone are joined, by `transforms.base.find_components`, which says what one worker holds of them.
"""

from collections.abc import Iterable, Iterator


def links_of_bucket(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(member, head) for every member of a bucket with two keys or more, its head included. Iterates twice, holds nothing."""
    head = min(keys)
    others = False
    for key in keys:
        if key != head:
            others = True
            yield key, head
    if others:
        yield head, head


def bridges_of_member(heads: Iterable[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The smallest of a member's heads, and the bridges (smallest, other) to the others."""
    smallest, *others = sorted(set(heads))
    return smallest, tuple((smallest, other) for other in others)
