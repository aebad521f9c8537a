"""Records and what fetch found -> each record beside all that is known of its media.

Two joins, for all kinds of records together. By URL: media go to the keys of the records that need them, so no text passes by a
hot URL. By key: what was found goes to its record. Media are refs and measurements here, never bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam

from lamella.schemas.media import Media
from lamella.schemas.rejection import Rejection, Unit
from lamella.transforms.base.join import Group, Join, as_it_is, by_url

Found = tuple[Media | Rejection, ...]
Key = tuple[int, str]  # number of the kind of record, and the record's key


class MediaUser(NamedTuple):
    """A kind of records that need media."""

    urls_of: Callable[[Any], Iterable[str]]  # a record -> the URLs that it needs media for
    joined: Callable[[Any, Found], Any]  # a record and what was found, in any order -> the output
    gives: type  # of the outputs


class JoinMedia(beam.PTransform):
    """{name: records, "media", "unusable"} -> {name: an output a record}; `unusable` are fetch's Rejections, those of media.

    Args:
        users: by name, what the records are, which have a `key`.
    """

    def __init__(self, users: Mapping[str, MediaUser]):
        super().__init__()
        self._users = users

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        users = list(self._users.values())
        needed = {name: partial(_needed, number, user.urls_of) for number, (name, user) in enumerate(self._users.items())}
        by_address = {**needed, "media": by_url, "unusable": _of_media}
        found = inputs | "ByUrl" >> Join(by_address, partial(_found, tuple(needed)), tuple[Key, Media | Rejection])
        keyed = {name: partial(_by_key, number) for number, name in enumerate(self._users)}
        records = {name: inputs[name] for name in self._users}
        outputs = {name: user.gives for name, user in self._users.items()}
        handed = partial(_handed, [user.joined for user in users], tuple(outputs))
        join = Join({**keyed, "found": as_it_is}, handed, Any, outputs=outputs, by=Key)
        out = {**records, "found": found} | "ByKey" >> join
        return {name: out[name] for name in self._users}


def _needed(number: int, urls_of: Callable[[Any], Iterable[str]], record: Any) -> Iterator[tuple[str, Key]]:
    for url in urls_of(record):
        yield url, (number, record.key)


def _of_media(gone: Rejection) -> Iterable[tuple[str, Rejection]]:
    return ((gone.url, gone),) if gone.unit is Unit.MEDIA else ()


def _found(names: Iterable[str], url: str, group: Group) -> Iterator[tuple[Key, Media | Rejection]]:
    answers = [*group["media"], *group["unusable"]]  # a handful: fetch makes one record a URL
    if answers:
        for name in names:
            for key in group[name]:
                for answer in answers:
                    yield key, answer


def _by_key(number: int, record: Any) -> Iterable[tuple[Key, Any]]:
    return (((number, record.key), record),)


def _handed(joined: list[Callable], names: tuple[str, ...], key: Key, group: Group) -> Iterator[beam.pvalue.TaggedOutput]:
    name, found = names[key[0]], tuple(group["found"])
    for record in group[name]:
        yield beam.pvalue.TaggedOutput(name, joined[key[0]](record, found))
