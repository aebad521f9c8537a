"""Components and choice: exact on any graph and in any order, and linear in a bucket of many."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.schemas.config import DedupConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.base.union_find import UnionFind
from lamella.transforms.dedup.choose import choose_survivor, near_duplicates, same_address
from lamella.transforms.dedup.components import bridges_of_member, links_of_bucket
from lamella.transforms.dedup.signature import Fingerprint


def components(buckets: list[list[str]]) -> dict[str, str]:
    """(key -> root) as the stage finds them, without Beam."""
    heads: dict[str, list[str]] = {}
    for bucket in buckets:
        for member, head in links_of_bucket(bucket):
            heads.setdefault(member, []).append(head)
    union_find, nearest = UnionFind(), {}
    for member, found in heads.items():
        nearest[member], bridges = bridges_of_member(found)
        for bridge in bridges:
            union_find.join(*bridge)
    roots = dict(union_find.roots())
    return {member: roots.get(head, head) for member, head in nearest.items()}


def plain_components(buckets: list[list[str]]) -> dict[str, str]:
    """Spreads the smallest key until nothing changes."""
    labels = {key: key for bucket in buckets if len(set(bucket)) > 1 for key in bucket}
    changed = True
    while changed:
        changed = False
        for bucket in buckets:
            smallest = min((labels[key] for key in bucket if key in labels), default=None)
            for key in bucket:
                if key in labels and labels[key] != smallest:
                    labels[key], changed = smallest, True
    return labels


keys = st.integers(0, 30).map(lambda number: f"{number:02d}")
graphs = st.lists(st.lists(keys, min_size=1, max_size=5), max_size=25)


@settings(deadline=None)
@given(graphs, st.randoms(use_true_random=False))
def test_components_are_exact_in_any_order(buckets, random):
    expected = plain_components(buckets)
    assert components(buckets) == expected
    shuffled = [random.sample(bucket, len(bucket)) for bucket in random.sample(buckets, len(buckets))]
    assert components(shuffled) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(keys, keys), max_size=40), st.integers(0, 40))
def test_forests_absorb_each_other(edges, cut):
    whole, left, right = UnionFind(), UnionFind(), UnionFind()
    for edge in edges:
        whole.join(*edge)
    for edge in edges[:cut]:
        left.join(*edge)
    for edge in edges[cut:]:
        right.join(*edge)
    left.absorb(right)
    assert dict(left.roots()) == dict(whole.roots())


def test_a_bucket_of_many_is_a_star():
    bucket = [f"{number:05d}" for number in range(20_000, 0, -1)]
    links = list(links_of_bucket(bucket))
    assert len(links) == 20_000
    assert {head for _, head in links} == {"00001"}


@pytest.mark.parametrize("bucket", [["a"], ["a", "a"]])
def test_a_bucket_of_one_links_nothing(bucket):
    assert list(links_of_bucket(bucket)) == []


def test_a_long_chain_has_one_root():
    union_find = UnionFind()
    for number in range(100_000, 0, -1):
        union_find.join(f"{number:06d}", f"{number - 1:06d}")
    assert {root for _, root in union_find.roots()} == {"000000"}
    assert union_find.root("elsewhere") == "elsewhere"


def copy(key: str, time: str = "2025-11-01T00:00:00Z", sketch: bytes = b"\1\0\2\0") -> Fingerprint:
    return Fingerprint(key=key, url=f"https://a.example/{key}", address="", crawl_time=time, bands=(), sketch=sketch)


def test_the_survivor_does_not_depend_on_the_order():
    copies = [copy(key) for key in "abcdefgh"]
    found = choose_survivor(copies, DedupConfig())
    assert all(choose_survivor(copies[at:] + copies[:at], DedupConfig()) == found for at in range(8))


def test_the_latest_survives_and_the_hash_decides_between_equals():
    copies = [copy("a"), copy("b", "2025-11-03T00:00:00Z"), copy("c", "2025-11-02T00:00:00Z")]
    assert choose_survivor(copies, DedupConfig(survivor="latest")).key == "b"
    equals = [copy("a"), copy("b")]
    assert choose_survivor(equals, DedupConfig(survivor="latest")) == choose_survivor(equals, DedupConfig())


def test_a_row_for_each_page_of_an_address_but_the_survivor():
    copies = [copy("a"), copy("b", "2025-11-03T00:00:00Z", b"\1\0\3\0"), copy("c", sketch=b"")]
    rows = list(same_address(copies, DedupConfig(survivor="latest")))
    assert [(row.key, row.survivor, row.similarity, row.survivor_url) for row in rows] == [
        ("a", "b", 0.5, "https://a.example/b"),
        ("c", "b", 0.0, "https://a.example/b"),
    ]


def weeks(count: int, shared: int) -> list[Fingerprint]:
    """Issues of a newsletter: each shares that many of its ten parts with the next, the newest is the last."""
    step = 10 - shared
    return [
        copy(
            f"week{at:02d}", f"2025-11-{at + 1:02d}T00:00:00Z", np.arange(1 + at * step, 11 + at * step, dtype="<u2").tobytes()
        )
        for at in range(count)
    ]


def as_sets(prints: list[Fingerprint]) -> list[Fingerprint]:
    """The same, with minima in places of their own: a part that two share stands in the same place."""
    out = []
    for one in prints:
        minima = np.zeros(40, "<u2")
        for part in np.frombuffer(one.sketch, "<u2"):
            minima[part % 40] = part
        out.append(replace(one, sketch=minima.tobytes()))
    return out


@pytest.mark.parametrize("order", (1, -1))
def test_in_a_chain_each_copy_is_like_the_one_that_stays(order):
    config = DedupConfig(survivor="latest", min_similarity=0.85)  # of 40 minima: neighbours 0.9, the next but one 0.8
    chain = as_sets(weeks(6, 8))
    rows = {row.key: row for row in near_duplicates(chain[::order], config)}
    assert {key: row.survivor for key, row in rows.items()} == {"week04": "week05", "week02": "week03", "week00": "week01"}
    assert all(row.similarity == 0.9 and row.reason is Reason.NEAR_DUPLICATE for row in rows.values())


def test_copies_of_one_text_leave_but_for_one():
    copies = [copy(key, sketch=b"\1\0\2\0\3\0") for key in "abcdefgh"]
    rows = list(near_duplicates(copies, DedupConfig()))
    (survivor,) = {row.survivor for row in rows}
    assert sorted([survivor, *(row.key for row in rows)]) == list("abcdefgh")
    assert {row.similarity for row in rows} == {1.0}
