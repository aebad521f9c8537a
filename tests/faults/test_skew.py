"""Hot keys, without pages: a logo on every page, one alt on a third of all images, hashes that all share a chunk, a bucket of
25,000 documents. What is compared is counted, and what is held is measured; nothing is timed."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from lamella.schemas.config import PairConfig
from lamella.schemas.keys import stable_int
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.pair import CaptionSource, Dataset, ImageTextPair
from lamella.transforms.base import find_components
from lamella.transforms.base.contraction import claims, contract
from lamella.transforms.base.join import Group
from lamella.transforms.base.union_find import UnionFind
from lamella.transforms.dedup.components import links_of_bucket
from lamella.transforms.fetch import copies, find_copies
from lamella.transforms.pair import stage as pairs

MANY = 25_000
MOST_BYTES = 1 << 20  # held at once; so many records are ten times that
LOGO = Media(
    url="https://a.example/logo.png",
    kind=MediaKind.IMAGE,
    blob=BlobRef(path="p.tar", offset=0, length=1, container=Container.RAW),
    sha256="logo",
    mime="image/png",
    bytes=1,
    width=300,
    height=300,
    source="http",
)
PAIR = ImageTextPair(
    key="", dataset=Dataset.ALIGN, document="", page_url="", media=LOGO, text="our logo in red", source=CaptionSource.ALT
)


class Streamed:
    """Values as an engine streams those of one key: made anew for each reader."""

    def __init__(self, *kinds: Callable[[], Iterable[Any]]):
        self._kinds = kinds

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        for kind, values in enumerate(self._kinds):
            yield from ((kind, value) for value in values())


def group(**kinds: Callable[[], Iterable[Any]]) -> Group:
    return Group(Streamed(*kinds.values()), {name: number for number, name in enumerate(kinds)})


def count(outputs: Iterable[Any]) -> int:
    """How many there are; fails where making them holds more than MOST_BYTES."""
    tracemalloc.start()
    try:
        made = sum(1 for _ in outputs)
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    return made


@pytest.mark.parametrize(
    "outputs",
    [
        lambda: pairs._copies(
            PairConfig(), "", group(pairs=lambda: (replace(PAIR, key=f"{n:032x}") for n in range(MANY)), image_alts=lambda: [1])
        ),
        lambda: pairs._shared(("alt", "our logo"), group(alts=lambda: (f"{n:032x}" for n in range(MANY)))),
        lambda: pairs._shared(("token", "logo"), group(rare=lambda: [True], beyond=lambda: (f"{n:032x}" for n in range(MANY)))),
        lambda: pairs._alts_of_image("logo", group(shown=lambda: (f"{n:032x}" for n in range(MANY)))),
        lambda: find_copies._members(
            "logo",
            group(
                clustered=lambda: (replace(LOGO, url=f"https://a.example/{n}.png") for n in range(MANY)),
                seen_in=lambda: (f"{n:032x}" for n in range(MANY)),
                others=lambda: (),
            ),
        ),
        lambda: find_copies._documents(
            LOGO.url, group(clustered=lambda: ["logo"], documents=lambda: (f"{n:032x}" for n in range(MANY)))
        ),
    ],
    ids=[
        "copies of a pair",
        "images of an alt",
        "alts of a token",
        "alts of a picture",
        "copies of a picture",
        "documents of a picture",
    ],
)
def test_a_hot_key_is_streamed(outputs):
    assert count(outputs()) == MANY


class Keys:
    """Keys as an engine streams those of one group: made anew for each reader."""

    def __iter__(self) -> Iterator[str]:
        return (f"{n:032x}" for n in range(MANY))


def test_a_bucket_of_documents_becomes_a_star():
    assert count(links_of_bucket(Keys())) == MANY


def test_a_head_that_many_bridge_to_is_streamed():
    assert count(claims("head", Keys(), 0)) == MANY + 1
    _, edges = contract(Keys(), 0)
    assert count(edges) == MANY - 1
    assert count(find_components._root("head", group(stands=Keys, roots=lambda: ["root"]))) == MANY
    assert count(find_components._named("root", group(roots=Keys))) == MANY


@pytest.fixture
def compared(monkeypatch):
    """Pairs of hashes that were compared."""
    counts = []

    def ones(values, ones=copies._ones):
        counts.append(len(values))
        return ones(values)

    monkeypatch.setattr(copies, "_ones", ones)
    return counts


def test_hashes_that_all_share_a_chunk_are_not_compared_each_with_each(compared):
    """20,000 hashes with one chunk in common are 200 million pairs; the near ones among them are found all the same."""
    low = (1 << 54) - 1
    hashes = [stable_int("hash", n) & low for n in range(20_000)]
    planted = [(one, one ^ (1 << n % 54) ^ (1 << (n * 7 + 1) % 54)) for n, one in enumerate(hashes[:50])]
    names = [f"{value:016x}" for value in (*hashes, *(near for _, near in planted))]
    edges = copies.near_hashes(names, 5)
    forest = UnionFind(edges)
    assert all(forest.root(f"{one:016x}") == forest.root(f"{near:016x}") for one, near in planted)
    assert sum(compared) < len(names) ** 2 / 2 / 50


def test_hashes_that_are_all_near_one_are_one_at_once(compared):
    """Flat pictures: 2,000 hashes within two bits of one."""
    near = {0} | {1 << a | 1 << b for a in range(64) for b in range(a)}
    assert len(copies.near_hashes([f"{value:016x}" for value in near], 2)) == len(near) - 1
    assert sum(compared) < len(near) ** 2 / 8
