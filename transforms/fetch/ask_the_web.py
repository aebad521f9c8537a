"""Links that no archive holds -> what the web, or an earlier run's index, answered for each, or a Rejection."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Alias, AliasKind, MediaKind
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.join import Group, Join, Keyed, as_it_is, by_key, by_url
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Violation, apply_rules
from lamella.transforms.base.spread import Spread
from lamella.transforms.fetch.captured import FetchResponse, base_of
from lamella.transforms.fetch.download import Downloader, DownloadRequest, as_record, bucket_of, policy_of, still_valid
from lamella.transforms.fetch.hops import HOP_RULES, Hop, latest_alias_first
from lamella.transforms.fetch.packs import Answer, best_answer, list_indexes, read_index
from lamella.transforms.fetch.shared import SharedAnswer, SharedAnswers, latest_first
from lamella.transforms.formats.urls import registered_domain
from lamella.transforms.media.store import MediaStore


class Asked(NamedTuple):
    captured: beam.PCollection  # FetchResponse
    refused: beam.PCollection  # Rejection


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page shows a picture smaller, and what the web has answered there."""

    alias: Alias
    known: Answer | None
    shared: tuple[SharedAnswer, ...] = ()


class AskTheWeb(beam.PTransform):
    """{"links" that no archive holds, "aliases"} -> what the web, or an earlier run's index, answered. A registered domain, one
    worker.

    Args:
        shared: where other runs' answers are kept; they come in as "shared".
    """

    def __init__(self, config: FetchConfig, store: MediaStore, *, asks: bool = True, shared: SharedAnswers | None = None):
        super().__init__()
        self._config, self._root, self._reading, self._asks = config, store.root, store.reading, asks
        self._shared = shared

    def expand(self, inputs):
        links = inputs["links"]
        known = (
            links.pipeline
            | beam.Create([self._root], reshuffle=False)
            | "ListIndexes" >> beam.FlatMap(list_indexes).with_output_types(str)
            | Spread(str)
            | "ReadIndexes" >> beam.FlatMap(read_index).with_output_types(Answer)
            | "StillValid" >> beam.Filter(still_valid, policy_of(self._config))
            | "AnswersByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, Answer])
            | "BestAnswer" >> beam.CombinePerKey(best_answer)
        )
        count = beam.pvalue.AsSingleton(links | beam.combiners.Count.Globally())
        answers, by = {"known": known}, dict[str, Keyed](known=as_it_is)
        if self._shared:
            answers["shared"], by["shared"] = inputs["shared"], by_key
        shown = {"aliases": partial(_by_smaller, self._config)} | by
        places = {"aliases": inputs["aliases"]} | answers | "Smaller" >> Join(shown, _at_place, tuple[str, Place])
        asked = (
            {"links": links, "places": places}
            | answers
            | "Remember" >> Join({"links": by_url, "places": as_it_is} | by, _remember, DownloadRequest)
        )
        either = FetchResponse | Rejection
        if self._asks:
            download = beam.ParDo(_Download(self._config, self._root, self._reading, self._shared)).with_output_types(either)
            in_buckets = beam.Map(_in_bucket, count).with_output_types(tuple[int, DownloadRequest])
            answered = asked | "ByBucket" >> in_buckets | beam.GroupByKey() | download
        else:
            answered = asked | beam.FlatMap(_recall, self._config).with_output_types(either)
        captured = answered | "Captured" >> beam.Filter(isinstance, FetchResponse).with_output_types(FetchResponse)
        refused = answered | "Refused" >> beam.Filter(isinstance, Rejection).with_output_types(Rejection)
        return Asked(captured, refused)


def _recall(link: DownloadRequest, config: FetchConfig) -> Iterable[FetchResponse | Rejection]:
    """What an earlier run was answered."""
    never = Violation(Reason.NOT_CAPTURED, detail="never asked for")
    yield as_record(link, link.known, config) if link.known else reject_media(link, never)


class _Download(beam.DoFn):
    """(bucket, its links) -> FetchResponse or Rejection."""

    def __init__(self, *given):
        self._given = given

    def setup(self):
        self._downloader = Downloader(*self._given)

    def teardown(self):
        self._downloader.close()

    def process(self, bucket):
        yield from self._downloader.download(bucket[1])


def _url(record) -> str:
    return record.url


def _by_smaller(config: FetchConfig, alias: Alias) -> Iterable[tuple[str, Alias]]:
    """Where a page shows a picture smaller, by the address that it shows: of the same registered domain, whose one worker keeps
    its turns."""
    if alias.kind is not AliasKind.SMALLER or registered_domain(alias.url) != registered_domain(alias.target):
        return ()
    left = apply_rules(HOP_RULES, Hop(alias.target, alias.url, "", ""), config)
    return () if left else ((alias.target, alias),)


def _at_place(address: str, group: Group) -> Iterator[tuple[str, Place]]:
    """What is known of the address, for each picture that is shown smaller there."""
    known, shared = group.first("known"), _shared(group)
    for alias in group["aliases"]:
        yield alias.url, Place(alias=alias, known=known, shared=shared)


def _remember(url: str, group: Group) -> Iterator[DownloadRequest]:
    shared = _shared(group)
    for link in group["links"]:
        place = min(group["places"], key=lambda place: latest_alias_first(place.alias), default=None)
        smaller = (
            {"smaller": place.alias.target, "smaller_known": place.known, "smaller_shared": place.shared}
            if place and link.kind is MediaKind.IMAGE
            else {}
        )
        yield DownloadRequest(**base_of(link), licence=link.licence, known=group.first("known"), shared=shared, **smaller)


def _shared(group: Group) -> tuple[SharedAnswer, ...]:
    return tuple(sorted(group["shared"], key=latest_first)) if "shared" in group.names else ()


def _in_bucket(link: DownloadRequest, links: int) -> tuple[int, DownloadRequest]:
    return bucket_of(link, links), link
