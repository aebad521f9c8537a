"""Copies by hash: what is near is found, whatever the order; who stays, and who leaves for what reason."""

import io
from dataclasses import replace
from itertools import combinations

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from fetch_media import captured, picture
from PIL import Image

from lamella.schemas.config import FetchConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.media import Media
from lamella.schemas.rejection import Reason
from lamella.transforms.base.union_find import UnionFind
from lamella.transforms.fetch.copies import (
    as_member,
    choose_one,
    copies_of,
    hashes_by_chunk,
    near_hashes,
    survivor_of,
)
from lamella.transforms.fetch.find_copies import FindCopies
from lamella.transforms.fetch.inspect import judge_bytes


def found_edges(hashes, distance):
    buckets = {}
    for phash in hashes:
        for chunk, value in hashes_by_chunk(phash, distance):
            buckets.setdefault(chunk, []).append(value)
    return [edge for bucket in buckets.values() for edge in near_hashes(bucket, distance)]


def planted(distance, count=60) -> list[str]:
    """Hashes, and for each one at exactly `distance` bits and one at one more."""
    rng, out = np.random.default_rng(distance), []
    for _ in range(count):
        value = int(rng.integers(0, 2**63)) * 2 + 1
        for flips in (0, distance, distance + 1):
            for bit in rng.choice(64, flips, replace=False):
                value ^= 1 << int(bit)
            out.append(f"{value:016x}")
    return out


@pytest.mark.parametrize("distance", [0, 1, 3, 5, 10, 20])
def test_no_near_pair_is_missed_and_no_far_one_taken(distance):
    hashes = planted(distance)
    brute = UnionFind()
    for left, right in combinations(sorted(set(hashes)), 2):
        if (int(left, 16) ^ int(right, 16)).bit_count() <= distance:
            brute.join(left, right)
    wanted = dict(brute.roots())
    found = dict(UnionFind(found_edges(hashes, distance)).roots())
    alone = {name for name, root in wanted.items() if list(wanted.values()).count(root) == 1}
    assert found == {name: root for name, root in wanted.items() if name not in alone}


def test_roots_do_not_depend_on_the_order_of_edges():
    edges = [("c", "d"), ("a", "b"), ("e", "f"), ("b", "c"), ("f", "g")]
    wanted = dict.fromkeys("abcd", "a") | dict.fromkeys("efg", "e")
    for order in (edges, edges[::-1], sorted(edges, key=lambda edge: edge[1][::-1])):
        assert dict(UnionFind(order).roots()) == wanted


def test_a_bucket_gives_a_forest_not_every_pair():
    hashes = [f"{1 << bit:016x}" for bit in range(40)]  # each two bits from each other
    assert len(near_hashes(hashes, 2)) == 39


def media(url="https://a.org/1.png", size=(100, 80), seed=0) -> Media:
    data = picture(seed, size)
    return judge_bytes(captured(data, url=url), data, FetchConfig())


def test_the_largest_stays_then_the_smallest_hash_then_the_first_url():
    small, large = media(size=(100, 80)), media(size=(200, 160))
    assert survivor_of([small, large]) is large
    twins = [media(url=f"https://{host}.org/1.png") for host in "cab"]
    assert survivor_of(twins).url == "https://a.org/1.png"
    one, other = media(seed=1), media(seed=2)
    assert survivor_of([one, other]).sha256 == min(one.sha256, other.sha256)


def looks(name: str, phash: int, shades, width: int = 100) -> Media:
    """A Media of four quarters, each of one shade."""
    cells = np.repeat(np.repeat(np.array(shades, np.uint8).reshape(2, 2), 8, axis=0), 8, axis=1)
    base = media()
    return replace(
        base,
        url=f"https://a.org/{name}",
        sha256=name,
        phash=f"{phash:016x}",
        width=width,
        thumbnail=np.repeat(cells, 3).tobytes(),
    )


def clustered(*pictures, **settings) -> dict[str, str]:
    """By name, the name of the one that stays."""
    return {one.sha256: cluster for cluster, one in copies_of(pictures, FetchConfig(**settings))}


def test_one_hash_is_one_picture_only_where_the_colours_agree():
    red, also_red, blue = (
        looks("red", 7, (9, 9, 200, 9), 300),
        looks("also-red", 7, (20, 5, 180, 9)),
        looks("blue", 7, (9, 200, 9, 9)),
    )
    assert clustered(red, also_red, blue) == {"red": "red", "also-red": "red", "blue": "blue"}
    assert clustered(red, also_red, blue, max_cell_difference=10) == {"red": "red", "also-red": "also-red", "blue": "blue"}
    assert clustered(red, also_red, blue, max_cell_difference=255) == dict.fromkeys(("red", "also-red", "blue"), "red")


@pytest.mark.parametrize("order", (1, -1))
def test_every_copy_is_close_to_the_one_that_stays(order):
    chain = [looks(f"step{at}", (1 << 4 * at) - 1, (60, 60, 60, 60), width=900 - at) for at in range(4)]
    assert clustered(*chain[::order]) == {"step0": "step0", "step1": "step0", "step2": "step2", "step3": "step2"}


@pytest.mark.parametrize("rounds", [0, 2])
def test_through_beam_survivors_are_the_same_for_all_rounds(rounds):
    chain = [looks(f"step{at}", (1 << 4 * at) - 1, (60, 60, 60, 60), width=900 - at) for at in range(16)]
    config = FetchConfig(phash_distance=4)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        inputs = {
            "documents": pipeline | "documents" >> beam.Create([], reshuffle=False).with_output_types(InterleavedDocument),
            "media": pipeline | "media" >> beam.Create(chain, reshuffle=False).with_output_types(Media),
        }
        found = inputs | FindCopies(config, rounds) | beam.Map(lambda member: (member.sha256, member.survivor))
        survivors = [(one.sha256, f"https://a.org/{cluster}") for cluster, one in copies_of(chain, config)]
        assert_that(found, equal_to(survivors))
    assert len(set(survivors)) == 16 and len({url for _, url in survivors}) == 8


def test_copies_of_one_file_are_one_cluster_and_the_largest_stays():
    large, small = looks("large", 3, (9, 90, 9, 90), 500), looks("small", 3, (9, 90, 9, 90), 200)
    again = replace(large, url="https://b.org/large")
    assert [cluster for cluster, _ in copies_of([small, large, again, large], FetchConfig())] == ["large"] * 4


def test_the_same_picture_at_other_sizes_is_a_copy_and_in_another_colour_is_none():
    sizes = [media(f"https://a.org/{width}", (width, width * 4 // 5), seed=3) for width in (640, 320, 200)]
    plain = picture(3, (320, 256))
    painted = Image.merge("RGB", Image.open(io.BytesIO(plain)).split()[::-1])
    out = io.BytesIO()
    painted.save(out, "PNG")
    other = judge_bytes(captured(out.getvalue(), url="https://a.org/other"), out.getvalue(), FetchConfig())
    found = {one.url: cluster for cluster, one in copies_of([*sizes, other], FetchConfig(phash_distance=64))}
    assert found == dict.fromkeys((one.url for one in sizes), sizes[0].sha256) | {other.url: other.sha256}


def test_boilerplate_copies_and_survivors():
    survivor, copy = media("https://b.org/1.png", (200, 160)), media("https://a.org/1.png")
    config = FetchConfig(max_documents=3)

    def chosen(picture, seen_in, config=config):
        (out,) = choose_one(as_member(picture, survivor, seen_in), config)
        return out

    kept = chosen(survivor, 3)
    assert (kept.documents, kept.cluster, kept.url) == (3, survivor.sha256, survivor.url)
    assert type(kept) is Media
    out = chosen(copy, 3)
    assert (out.reason, out.detail) == (Reason.DUPLICATE_IMAGE, "copy of https://b.org/1.png")
    for each in (survivor, copy):
        out = chosen(each, 4)
        assert (out.reason, out.says) == (Reason.REPEATED_IMAGE, "documents 4 > 3")
    kept = chosen(copy, 4, FetchConfig(max_documents=None, one_of_each=False))
    assert (kept.cluster, kept.documents) == (survivor.sha256, 4)
