"""FetchMedia: documents and what the archives hold -> Media, judged, one of each; every other link a Rejection.

Links meet the archives' media by URL; what is missing is asked for over HTTP where the configuration says so. Files are
inspected where they lie: refs, hashes and measurements cross the shuffles, bytes never do.
"""

from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam

from schemas.account import Door, Tally
from schemas.config import FetchConfig
from schemas.media import ArchiveMedia, Media, MediaKind, MediaLink
from schemas.rejection import Reason, Rejection, Stage, Unit
from transforms.fetch.address_rules import judge_link, rejected
from transforms.fetch.captured import CapturedLink, from_archive, latest
from transforms.fetch.copies import (
    Member,
    alone,
    choose_one,
    clusters,
    documents_of_cluster,
    hashes_by_chunk,
    media_by_root,
    members_of,
    near_hashes,
    survivor_of,
)
from transforms.fetch.harvest import AskedLink, Harvester, bucket_of, policy_of, still_valid
from transforms.fetch.hash_list import read_hashes
from transforms.fetch.inspect import inspect_media
from transforms.fetch.links import Mention, WantedLink, as_link, mentions_of, sum_mentions, urls_shown
from transforms.fetch.packs import Answer, best_answer, list_indexes, read_index
from transforms.step import Outcome, Step


class FetchMedia(beam.PTransform):
    """{"documents", "archived"} -> Outcome of Media; unit MEDIA, made = distinct links.

    Args:
        config: limits, manners, and whether the network is asked at all.
        root: the run's folder; packs lie in its `media/packs`, and relative paths of blobs are resolved against it.
    """

    def __init__(self, config: FetchConfig, root: str):
        super().__init__()
        self._config, self._root = config, root

    def expand(self, inputs):
        config, documents = self._config, inputs["documents"]
        links = documents | "FindLinks" >> _FindLinks(config)
        wanted = links | "JudgeLinks" >> Step(Stage.FETCH, judge_link, config, WantedLink, counts=_one, setup=_read_lists)

        found = {"links": wanted.kept, "archived": inputs["archived"]} | "LookInArchives" >> _LookInArchives()
        if config.http:
            asked = found.missing | "AskTheWeb" >> _AskTheWeb(config, self._root)
            captured, refused = (found.captured, asked.captured) | "Captured" >> beam.Flatten(), asked.refused
        else:
            captured, refused = found.captured, found.missing | "NotCaptured" >> beam.Map(rejected, Reason.NOT_CAPTURED)

        inspect = _Inspect(config, self._root)
        media = captured | "Spread" >> beam.Reshuffle() | "Inspect" >> inspect
        members = {"documents": documents, "media": media.kept} | "FindCopies" >> _FindCopies(config)
        chosen = members | "ChooseOne" >> Step(Stage.FETCH, choose_one, config, Media, counts=_one)

        rejections = (wanted.rejected, refused, media.rejected, chosen.rejected) | "Rejected" >> beam.Flatten()
        # Inside, links pass several doors. Outside they come into being once, and are kept once.
        made = wanted.tallies | "Made" >> beam.FlatMap(_relabelled, Door.IN, Door.MADE).with_output_types(Tally)
        kept = chosen.tallies | "Kept" >> beam.FlatMap(_relabelled, Door.KEPT, Door.KEPT).with_output_types(Tally)
        return Outcome(chosen.kept, rejections, (made, kept) | "Tallies" >> beam.Flatten())


class _FindLinks(beam.PTransform):
    """Documents -> WantedLink, one a URL."""

    def __init__(self, config: FetchConfig):
        super().__init__()
        self._config = config

    def expand(self, documents):
        return (
            documents
            | beam.FlatMap(mentions_of, self._config).with_output_types(tuple[str, Mention])
            | beam.CombinePerKey(sum_mentions)
            | beam.MapTuple(as_link).with_output_types(WantedLink)
        )


class _Found(NamedTuple):
    captured: beam.PCollection  # CapturedLink
    missing: beam.PCollection  # WantedLink


class _LookInArchives(beam.PTransform):
    """{"links", "archived"} -> links that an archive holds, with where; and links that none holds."""

    def expand(self, inputs):
        by_url = inputs["links"] | "LinksByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, WantedLink])
        archived = (
            inputs["archived"]
            | "ArchivedByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, ArchiveMedia])
            | "Latest" >> beam.CombinePerKey(latest)
        )
        joined = {"links": by_url, "archived": archived} | beam.CoGroupByKey()
        out = joined | beam.FlatMapTuple(_match).with_output_types(CapturedLink, missing=WantedLink).with_outputs(
            "missing", main="captured"
        )
        return _Found(out.captured, out.missing)


class _Asked(NamedTuple):
    captured: beam.PCollection  # CapturedLink
    refused: beam.PCollection  # Rejection


class _AskTheWeb(beam.PTransform):
    """Links that no archive holds -> what the web, or an earlier run's index, answered. A registered domain, one worker."""

    def __init__(self, config: FetchConfig, root: str):
        super().__init__()
        self._config, self._root = config, root

    def expand(self, links):
        known = (
            links.pipeline
            | beam.Create([self._root])
            | "ListIndexes" >> beam.FlatMap(list_indexes).with_output_types(str)
            | beam.Reshuffle()
            | "ReadIndexes" >> beam.FlatMap(read_index).with_output_types(Answer)
            | "StillValid" >> beam.Filter(still_valid, policy_of(self._config))
            | "AnswersByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, Answer])
            | "BestAnswer" >> beam.CombinePerKey(best_answer)
        )
        by_url = links | "LinksByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, WantedLink])
        count = beam.pvalue.AsSingleton(links | beam.combiners.Count.Globally())
        out = (
            {"links": by_url, "known": known}
            | beam.CoGroupByKey()
            | "Remember" >> beam.FlatMapTuple(_remember).with_output_types(AskedLink)
            | "ByBucket" >> beam.Map(_in_bucket, count).with_output_types(tuple[int, AskedLink])
            | beam.GroupByKey()
            | beam.ParDo(_Harvest(self._config, self._root))
            .with_output_types(CapturedLink, refused=Rejection)
            .with_outputs("refused", main="captured")
        )
        return _Asked(out.captured, out.refused)


class _Harvest(beam.DoFn):
    """(bucket, its links) -> CapturedLink, or a Rejection behind `refused`."""

    def __init__(self, config: FetchConfig, root: str):
        self._config, self._root = config, root

    def setup(self):
        self._harvester = Harvester(self._config, self._root)

    def teardown(self):
        self._harvester.close()

    def process(self, bucket):
        for record in self._harvester.harvest(bucket[1]):
            yield beam.pvalue.TaggedOutput("refused", record) if isinstance(record, Rejection) else record


class _Inspect(beam.PTransform):
    """CapturedLink -> Media, read and judged where it lies."""

    def __init__(self, config: FetchConfig, root: str):
        super().__init__()
        self._config, self._root = config, root

    def expand(self, captured):
        judge = _InspectIn(self._root)
        return captured | Step(Stage.FETCH, judge, self._config, Media, counts=_one, setup=_read_lists)


class _InspectIn:
    """`inspect_media` with the run's folder bound: a step's function takes a record and its config."""

    __name__ = "inspect_media"

    def __init__(self, root: str):
        self._root = root

    def __call__(self, link: CapturedLink, config: FetchConfig) -> Iterable[Media | Rejection]:
        return inspect_media(link, config, self._root)


class _FindCopies(beam.PTransform):
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
        """(cluster, Media): the cluster is a hash that all its copies agree on."""
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
            | "Clustered" >> beam.FlatMapTuple(media_by_root).with_output_types(tuple[str, Media])
        )


def _one(record: MediaLink | Media):
    return ((Unit.MEDIA, 1),)


def _read_lists(config: FetchConfig) -> None:
    read_hashes(config.unsafe_hashes)  # a list that cannot be read ends the run, before anything is looked at


def _relabelled(tally: Tally, door: Door, name: Door):
    if tally.door is door:
        yield Tally(stage=tally.stage, unit=tally.unit, door=name, count=tally.count)


def _url(record) -> str:
    return record.url


def _sha256(media: Media) -> str:
    return media.sha256


def _phash(media: Media) -> str:
    return media.phash


def _match(url: str, group: dict):
    archived = next(iter(group["archived"]), None)
    for link in group["links"]:
        yield from_archive(link, archived) if archived else beam.pvalue.TaggedOutput("missing", link)


def _remember(url: str, group: dict):
    known = next(iter(group["known"]), None)
    for link in group["links"]:
        yield AskedLink(url=link.url, kind=link.kind, documents=link.documents, known=known)


def _in_bucket(link: AskedLink, links: int) -> tuple[int, AskedLink]:
    return bucket_of(link, links), link


def _is_picture(media: Media) -> bool:
    return media.kind is MediaKind.IMAGE


def _is_no_picture(media: Media) -> bool:
    return media.kind is not MediaKind.IMAGE


def _near(bucket, distance: int):
    return near_hashes(bucket[1], distance)


def _roots(_: int, pairs):
    return clusters(pairs).items()


def _cluster_by_url(cluster: str, media: Media) -> tuple[str, str]:
    return media.url, cluster
