"""Media -> each with the survivor of its copies: similar pictures of the whole web are one cluster."""

from collections.abc import Iterable, Iterator

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media, MediaKind
from lamella.transforms.base.contraction import Edge
from lamella.transforms.base.distinct import DistinctKeys
from lamella.transforms.base.find_components import FindComponents
from lamella.transforms.base.join import Group, Join, as_it_is
from lamella.transforms.fetch.copies import (
    Member,
    alone,
    as_member,
    best_first,
    copies_of,
    hashes_by_chunk,
    near_hashes,
)
from lamella.transforms.fetch.links import urls_shown


class FindCopies(beam.PTransform):
    """{"documents", "media"} -> Member: every Media with its cluster's survivor, and the documents that show any copy.

    Only pictures are clustered (Flamingo deduplicates no videos); every other Media is its own survivor.

    Args:
        rounds: of contraction, ahead of the union-find of near hashes that one worker holds; no output depends on them.
    """

    def __init__(self, config: FetchConfig, rounds: int = 0):
        super().__init__()
        self._config, self._rounds = config, rounds

    def expand(self, inputs):
        media = inputs["media"]
        clustered = self._clustered(media)
        shown = {"clustered": clustered, "documents": inputs["documents"]}
        in_documents = Join({"clustered": _cluster_by_url, "documents": urls_shown}, _documents, tuple[str, str])
        seen_in = shown | "SeenIn" >> in_documents
        together = {"clustered": clustered, "seen_in": seen_in, "others": media}
        return together | "Members" >> Join({"clustered": as_it_is, "seen_in": as_it_is, "others": _other}, _members, Member)

    def _clustered(self, media):
        """(cluster, Media): the cluster is the hash of the bytes of the copy that stays."""
        distance = self._config.phash_distance
        if distance is None:
            return media | "BySha" >> beam.FlatMap(_by_sha).with_output_types(tuple[str, Media])
        near = (
            media
            | "Chunks" >> beam.FlatMap(_by_chunk, distance).with_output_types(tuple[tuple[int, int], str])
            # A logo's hash is that of millions of pictures: of those that a worker sees, one goes on.
            | "SameChunk" >> beam.CombinePerKey(_Distinct())
            | "Near" >> beam.FlatMap(_near, distance).with_output_types(Edge)
            | FindComponents(self._rounds)
        )
        components = {"media": media, "root": near} | "Roots" >> Join(
            {"media": _by_hash, "root": as_it_is}, _media_by_root, tuple[str, Media]
        )
        return (
            components
            | "Component" >> beam.GroupByKey()
            | "Clustered" >> beam.FlatMap(_copies, self._config).with_output_types(tuple[str, Media])
        )


def _by_sha(media: Media) -> Iterable[tuple[str, Media]]:
    return ((media.sha256, media),) if _is_picture(media) else ()


def _by_hash(media: Media) -> Iterable[tuple[str, Media]]:
    return ((media.phash, media),) if _is_picture(media) else ()


def _by_chunk(media: Media, distance: int) -> Iterable[tuple[tuple[int, int], str]]:
    return hashes_by_chunk(media.phash, distance) if _is_picture(media) else ()


class _Distinct(beam.CombineFn):
    """Hashes -> each once: all of a chunk are compared in one worker anyway."""

    def create_accumulator(self) -> set[str]:
        return set()

    def add_input(self, accumulator: set[str], element: str) -> set[str]:
        accumulator.add(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[set[str]]) -> set[str]:
        return set().union(*accumulators)

    def extract_output(self, accumulator: set[str]) -> list[str]:
        return sorted(accumulator)


def _other(media: Media) -> Iterable[tuple[str, Media]]:
    """What is not clustered stands under its address, alone: no hash looks like one."""
    return () if _is_picture(media) else ((media.url, media),)


def _is_picture(media: Media) -> bool:
    return media.kind is MediaKind.IMAGE


def _near(bucket: tuple[tuple[int, int], Iterable[str]], distance: int) -> Iterable[Edge]:
    return near_hashes(bucket[1], distance)


def _media_by_root(phash: str, found: Group) -> Iterable[tuple[str, Media]]:
    """(its component, Media): a hash without a near one is its own component."""
    root = found.first("root", phash)
    return ((root, media) for media in found["media"])


def _copies(component: tuple[str, Iterable[Media]], config: FetchConfig) -> Iterable[tuple[str, Media]]:
    return copies_of(component[1], config)


def _cluster_by_url(clustered: tuple[str, Media]) -> Iterable[tuple[str, str]]:
    cluster, media = clustered
    return ((media.url, cluster),)


def _documents(url: str, found: Group) -> Iterable[tuple[str, str]]:
    """(cluster, document key), for each document that shows the address."""
    return ((cluster, document) for cluster in found["clustered"] for document in found["documents"])


def _members(cluster: str, found: Group) -> Iterator[Member]:
    """The members of a cluster, or what is alone. Iterates several times, holds nothing."""
    seen_in = len(DistinctKeys(found["seen_in"]))  # none shows what candidates alone refer to
    survivor: Media | None = min(found["clustered"], key=best_first, default=None)
    if survivor:
        for media in found["clustered"]:
            yield as_member(media, survivor, seen_in)
    for media in found["others"]:
        yield alone(media)
