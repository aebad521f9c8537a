"""Documents in; their links out, with where the web holds each that no archive does, or a Rejection."""

from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam

from lamella.schemas.config import FetchConfig
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Violation
from lamella.transforms.base.spread import Spread
from lamella.transforms.fetch.captured import FetchResponse
from lamella.transforms.fetch.download import Downloader, DownloadRequest, as_record, bucket_of, policy_of, still_valid
from lamella.transforms.fetch.links import (
    FetchRequest,
    Mention,
    as_link,
    shown_by,
    sum_mentions,
    wanted_by,
)
from lamella.transforms.fetch.packs import Answer, best_answer, list_indexes, read_index
from lamella.transforms.media.store import MediaStore


class FindLinks(beam.PTransform):
    """{"documents", "candidates"} -> FetchRequest, one a URL."""

    def __init__(self, config: FetchConfig):
        super().__init__()
        self._config = config

    def expand(self, inputs):
        documents, candidates = inputs["documents"], inputs["candidates"]
        mentions = (
            documents | "ShownBy" >> beam.FlatMap(shown_by, self._config).with_output_types(tuple[str, Mention]),
            candidates | "WantedBy" >> beam.FlatMap(wanted_by, self._config).with_output_types(tuple[str, Mention]),
        )
        return (
            mentions
            | "Mentions" >> beam.Flatten()
            | beam.CombinePerKey(sum_mentions)
            | beam.MapTuple(as_link).with_output_types(FetchRequest)
        )


class Asked(NamedTuple):
    captured: beam.PCollection  # FetchResponse
    refused: beam.PCollection  # Rejection


class AskTheWeb(beam.PTransform):
    """Links that no archive holds -> what the web, or an earlier run's index, answered. A registered domain, one worker."""

    def __init__(self, config: FetchConfig, store: MediaStore, *, asks: bool = True):
        super().__init__()
        self._config, self._root, self._reading, self._asks = config, store.root, store.reading, asks

    def expand(self, links):
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
        by_url = links | "LinksByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, FetchRequest])
        count = beam.pvalue.AsSingleton(links | beam.combiners.Count.Globally())
        asked = (
            {"links": by_url, "known": known}
            | beam.CoGroupByKey()
            | "Remember" >> beam.FlatMapTuple(_remember).with_output_types(DownloadRequest)
        )
        either = FetchResponse | Rejection
        if self._asks:
            download = beam.ParDo(_Download(self._config, self._root, self._reading)).with_output_types(either)
            in_buckets = beam.Map(_in_bucket, count).with_output_types(tuple[int, DownloadRequest])
            answered = asked | "ByBucket" >> in_buckets | beam.GroupByKey() | download
        else:
            answered = asked | beam.FlatMap(_recall).with_output_types(either)
        captured = answered | "Captured" >> beam.Filter(isinstance, FetchResponse).with_output_types(FetchResponse)
        refused = answered | "Refused" >> beam.Filter(isinstance, Rejection).with_output_types(Rejection)
        return Asked(captured, refused)


def _recall(link: DownloadRequest) -> Iterable[FetchResponse | Rejection]:
    """What an earlier run was answered."""
    never = Violation(Reason.NOT_CAPTURED, detail="never asked for")
    yield as_record(link, link.known) if link.known else reject_media(link, never)


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


def _remember(url: str, group: dict):
    known = next(iter(group["known"]), None)
    for link in group["links"]:
        yield DownloadRequest(url=link.url, kind=link.kind, documents=link.documents, licence=link.licence, known=known)


def _in_bucket(link: DownloadRequest, links: int) -> tuple[int, DownloadRequest]:
    return bucket_of(link, links), link
