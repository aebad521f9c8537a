"""JoinMedia: records and what fetch found in, each record beside all that is known of its media, out.

Two joins. By URL: media go to the keys of the records that need them, so that no text passes by a hot URL. By key: what was
found goes to its record. Media are refs and measurements here, never bytes.
"""

from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam

from lamella.schemas.media import Media
from lamella.schemas.rejection import Rejection

Found = tuple[Media | Rejection, ...]


class JoinMedia(beam.PTransform):
    """{"records", "media", "unusable"} -> one output a record; `unusable` are fetch's Rejections of media.

    Args:
        urls_of: a record -> the URLs that it needs media for.
        joined: a record and what was found, in any order -> the output.
        takes: the type of the records, which have a `key`.
        gives: the type of the outputs.
    """

    def __init__(self, urls_of: Callable[[Any], Iterable[str]], joined: Callable[[Any, Found], Any], takes: type, gives: type):
        super().__init__()
        self._urls_of, self._joined, self._takes, self._gives = urls_of, joined, takes, gives

    def expand(self, inputs):
        records = inputs["records"]
        needed = records | "UrlsNeeded" >> beam.FlatMap(_needed, self._urls_of).with_output_types(tuple[str, str])
        media = inputs["media"] | "MediaByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, Media])
        unusable = inputs["unusable"] | "UnusableByUrl" >> beam.WithKeys(_url).with_output_types(tuple[str, Rejection])
        found = (
            {"needed": needed, "media": media, "unusable": unusable}
            | "JoinByUrl" >> beam.CoGroupByKey()
            | "FoundByKey" >> beam.FlatMapTuple(_found).with_output_types(tuple[str, Media | Rejection])
        )
        by_key = records | "ByKey" >> beam.WithKeys(_key).with_output_types(tuple[str, self._takes])
        return (
            {"records": by_key, "found": found}
            | "JoinByKey" >> beam.CoGroupByKey()
            | "Joined" >> beam.FlatMap(_joined, self._joined).with_output_types(self._gives)
        )


def _url(record: Media | Rejection) -> str:
    return record.url


def _key(record: Any) -> str:
    return record.key


def _needed(record: Any, urls_of: Callable[[Any], Iterable[str]]):
    for url in urls_of(record):
        yield url, record.key


def _found(url: str, group: dict):
    answers = [*group["media"], *group["unusable"]]  # a handful: fetch makes one record a URL
    if answers:
        for key in group["needed"]:
            for answer in answers:
                yield key, answer


def _joined(grouped: tuple[str, dict], joined: Callable[[Any, Found], Any]):
    _, group = grouped
    found = tuple(group["found"])
    for record in group["records"]:
        yield joined(record, found)
