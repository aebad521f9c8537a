"""Media in, each with the survivor of its copies out: what looks alike is one cluster, joined across the whole web."""

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media, MediaKind
from lamella.transforms.fetch.copies import (
    Member,
    alone,
    clusters,
    copies_of,
    documents_of_cluster,
    hashes_by_chunk,
    media_by_root,
    members_of,
    near_hashes,
    survivor_of,
)
from lamella.transforms.fetch.links import urls_shown


class FindCopies(beam.PTransform):
    """{"documents", "media"} -> Member: every Media with its cluster's survivor, and the documents that show any copy.

    Only pictures are clustered (Flamingo deduplicates no videos); every other Media is its own survivor.
    """

    def __init__(self, config: FetchConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        media = inputs["media"]
        pictures = media | "Pictures" >> beam.Filter(_is_picture).with_output_types(Media)
        others = media | "Others" >> beam.Filter(_is_no_picture).with_output_types(Media)
        clustered = self._clustered(pictures)

        survivors = clustered | "Survivors" >> beam.CombinePerKey(survivor_of)
        cluster_by_url = clustered | "ClusterByUrl" >> beam.MapTuple(_cluster_by_url).with_output_types(tuple[str, str])
        shown = inputs["documents"] | "ShownIn" >> beam.FlatMap(urls_shown).with_output_types(tuple[str, str])
        seen_in = (
            {"cluster": cluster_by_url, "documents": shown}
            | "JoinDocuments" >> beam.CoGroupByKey()
            | "DocumentsOfClusters" >> beam.FlatMapTuple(documents_of_cluster).with_output_types(tuple[str, str])
            | beam.Distinct()
            | beam.combiners.Count.PerKey()
        )
        members = (
            {"media": clustered, "survivor": survivors, "seen_in": seen_in}
            | "JoinClusters" >> beam.CoGroupByKey()
            | "Members" >> beam.FlatMapTuple(members_of).with_output_types(Member)
        )
        unclustered = others | "Alone" >> beam.Map(alone).with_output_types(Member)
        return (members, unclustered) | beam.Flatten()

    def _clustered(self, pictures):
        """(cluster, Media): the cluster is the hash of the bytes of the copy that stays."""
        distance = self._config.phash_distance
        if distance is None:
            return pictures | "BySha" >> beam.WithKeys(_sha256).with_output_types(tuple[str, Media])
        by_hash = pictures | "ByHash" >> beam.WithKeys(_phash).with_output_types(tuple[str, Media])
        roots = (
            by_hash
            | beam.Keys()
            | "DistinctHashes" >> beam.Distinct()
            | "Chunks" >> beam.FlatMap(hashes_by_chunk, distance).with_output_types(tuple[tuple[int, int], str])
            | "SameChunk" >> beam.GroupByKey()
            | "Near" >> beam.FlatMap(_near, distance).with_output_types(tuple[str, str])
            # One worker joins them all: pairs of near hashes are few beside pictures, and a forest of them is fewer.
            | "Together" >> beam.WithKeys(0).with_output_types(tuple[int, tuple[str, str]])
            | "AllPairs" >> beam.GroupByKey()
            | "Components" >> beam.FlatMapTuple(_roots).with_output_types(tuple[str, str])
        )
        return (
            {"media": by_hash, "root": roots}
            | "JoinRoots" >> beam.CoGroupByKey()
            | "ByRoot" >> beam.FlatMapTuple(media_by_root).with_output_types(tuple[str, Media])
            | "Component" >> beam.GroupByKey()
            | "Clustered" >> beam.FlatMap(_copies, self._config).with_output_types(tuple[str, Media])
        )


def _sha256(media: Media) -> str:
    return media.sha256


def _phash(media: Media) -> str:
    return media.phash


def _is_picture(media: Media) -> bool:
    return media.kind is MediaKind.IMAGE


def _is_no_picture(media: Media) -> bool:
    return media.kind is not MediaKind.IMAGE


def _near(bucket, distance: int):
    return near_hashes(bucket[1], distance)


def _roots(_: int, pairs):
    return clusters(pairs).items()


def _copies(component, config: FetchConfig):
    return copies_of(component[1], config)


def _cluster_by_url(cluster: str, media: Media) -> tuple[str, str]:
    return media.url, cluster
