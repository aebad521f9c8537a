"""Every media record of the real archives is inspected without a crash; known copies are found to be copies."""

import json
from collections import Counter

import pytest
from store_world import store_at

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.schemas.media import ArchiveMedia, Media, MediaKind, MediaLink
from lamella.schemas.rejection import Reason
from lamella.transforms.base.union_find import UnionFind
from lamella.transforms.fetch.captured import FetchedFile, from_archive
from lamella.transforms.fetch.copies import hashes_by_chunk, near_hashes
from lamella.transforms.fetch.inspect import judge_bytes, read_media
from lamella.transforms.read.archive import read_archive

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def archived(real_data) -> list[ArchiveMedia]:
    archives = sorted((real_data / "web").glob("*.warc.gz"))
    return [out for path in archives for out in read_archive(str(path), ReadConfig()) if isinstance(out, ArchiveMedia)]


@pytest.fixture(scope="module")
def inspected(archived) -> list:
    out = []
    for found in archived:
        kind = MediaKind.VIDEO if found.mime.startswith("video/") else MediaKind.IMAGE
        link = MediaLink(url=found.url, kind=kind, documents=1)
        (file,) = read_media(from_archive(link, found), FetchConfig(), store_at(""))
        out.append(judge_bytes(file, store_at("").bytes(file.blob)) if isinstance(file, FetchedFile) else file)
    return out


def test_every_record_is_judged(archived, inspected):
    assert len(archived) == len(inspected) == 1916
    counts = Counter("kept" if isinstance(out, Media) else out.reason for out in inspected)
    # The archives hold 65 SVG; every other file is whole, so that nothing may be called broken.
    assert counts[Reason.FORMAT_NOT_SUPPORTED] == 65
    assert set(counts) == {
        "kept",
        Reason.FORMAT_NOT_SUPPORTED,
        Reason.IMAGE_TOO_SMALL,
        Reason.ODD_ASPECT,
        Reason.SINGLE_COLOUR,
        Reason.ODD_DURATION,
    }
    assert counts["kept"] > 1500


def test_known_copies_are_one_cluster(inspected, real_data):
    pictures = {out.url: out.phash for out in inspected if isinstance(out, Media) and out.kind is MediaKind.IMAGE}
    buckets: dict = {}
    for phash in set(pictures.values()):
        for chunk, value in hashes_by_chunk(phash, FetchConfig().phash_distance):
            buckets.setdefault(chunk, []).append(value)
    distance = FetchConfig().phash_distance
    forest = UnionFind(edge for bucket in buckets.values() for edge in near_hashes(bucket, distance))
    known = 0
    for line in (real_data / "image_dups.jsonl").read_text().splitlines():
        copies = [pictures[url] for url in json.loads(line)["urls"] if url in pictures]
        known += len(copies) > 1
        assert len({forest.root(phash) for phash in copies}) <= 1
    assert known == 29
