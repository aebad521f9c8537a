"""Signatures: shingles by hand, estimates against datasketch and the truth, and keys that never change."""

import pytest

from lamella.schemas.config import DedupConfig
from lamella.schemas.document import InterleavedDocument, TextNode
from lamella.schemas.page import Provenance
from lamella.transforms.dedup.signature import fingerprint, shingles, similarity

CONFIG = DedupConfig()
ALPHABET = "abcdefghijklmnopqrst"
WORDS = [first + second for first in ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu"] for second in ALPHABET]


def document(text: str, key: str = "k", url: str = "https://a.example/") -> InterleavedDocument:
    provenance = Provenance(archive="a", offset=0, length=1, crawl_time="2025-11-01T00:00:00Z")
    return InterleavedDocument(key=key, url=url, nodes=(TextNode(text=text, position=0),), provenance=provenance)


def test_shingles_by_hand():
    assert shingles("The cat, the CAT sat.", 2) == ["the cat", "cat the", "the cat", "cat sat"]
    assert shingles("one two", 3) == []
    assert shingles("", 1) == []


def test_chinese_shingles_are_as_long_as_the_words():
    """Five words of 1.6 characters are eight characters."""
    assert shingles("一二三四五六七八九", 5) == ["一 二 三 四 五 六 七 八", "二 三 四 五 六 七 八 九"]


def overlapping(shared: float) -> tuple[str, str]:
    """Two texts of 600 words, whose first part is the same."""
    common = [WORDS[(at * 7 + at // 200) % 200] + str(at) for at in range(int(600 * shared))]
    one = common + [f"one{at}" for at in range(600 - len(common))]
    other = common + [f"other{at}" for at in range(600 - len(common))]
    return " ".join(one), " ".join(other)


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.6, 0.8, 0.95, 1.0])
def test_similarity_is_the_jaccard_similarity(shared):
    from datasketch import MinHash  # with scipy, which no other file wants

    one, other = overlapping(shared)
    left, right = set(shingles(one, 5)), set(shingles(other, 5))
    truth = len(left & right) / len(left | right)
    found = similarity(fingerprint(document(one), CONFIG), fingerprint(document(other), CONFIG))
    oracles = []
    for text in (left, right):
        oracle = MinHash(num_perm=112)
        oracle.update_batch([shingle.encode() for shingle in text])
        oracles.append(oracle)
    # 112 permutations: a standard error of at most 0.047
    assert found == pytest.approx(truth, abs=0.14)
    assert found == pytest.approx(oracles[0].jaccard(oracles[1]), abs=0.2)


def test_how_often_an_ngram_is_there_does_not_count():
    once, often = "one two three four five six", "one two three four five six " * 3
    assert set(shingles(often, 2)) == {*shingles(once, 2), "six one"}
    config = DedupConfig(shingle_words=1)
    assert fingerprint(document(once), config).bands == fingerprint(document(often), config).bands


def test_equal_texts_share_all_bands_and_others_none():
    one, other = overlapping(0.0)
    first, second = fingerprint(document(one), CONFIG), fingerprint(document(one.upper()), CONFIG)
    assert first.bands == second.bands and len(set(first.bands)) == 14
    assert not set(first.bands) & set(fingerprint(document(other), CONFIG).bands)


def test_bands_find_what_their_formula_says():
    """At Jaccard 0.9, 14 bands of 8 rows miss one pair in 4,000; at 0.3 they find one in 1,100."""
    near = [overlapping(0.95), overlapping(0.97)]
    far = [overlapping(0.3), overlapping(0.4)]
    assert all(meet(*pair) for pair in near)
    assert not any(meet(*pair) for pair in far)


def meet(one: str, other: str) -> bool:
    return not set(fingerprint(document(one), CONFIG).bands).isdisjoint(fingerprint(document(other), CONFIG).bands)


def test_bands_and_rows_are_the_configs():
    found = fingerprint(document("one two three four five six"), DedupConfig(bands=3, rows=2, shingle_words=2))
    assert (len(found.bands), len(found.sketch)) == (3, 3 * 2 * 2)


@pytest.mark.parametrize("text", ["", "four words are few", "!!! ... ???"])
def test_a_text_of_few_words_is_near_to_none(text):
    found = fingerprint(document(text), CONFIG)
    assert (found.bands, found.sketch) == ((), b"")
    assert similarity(found, found) == 0.0


def test_a_document_without_its_text():
    found = fingerprint(document("a b c d e f \ud800", url="HTTPS://A.example:443/x?utm_source=m#f"), CONFIG)
    assert (found.key, found.url) == ("k", "HTTPS://A.example:443/x?utm_source=m#f")
    assert (found.address, found.crawl_time) == ("https://a.example/x", "2025-11-01T00:00:00Z")
    assert fingerprint(document("a b c d e f"), CONFIG.model_copy(update={"by_text": False})).bands == ()


def test_signatures_never_change():
    """Another library's hash would be another choice of duplicates: a run that goes on would contradict itself."""
    found = fingerprint(document("the quick brown fox jumps over the lazy dog"), CONFIG)
    assert found.bands[0].hex() == "ef7042e739515e47"
    assert found.sketch[:8].hex() == "12e4d2c0530484a1"
