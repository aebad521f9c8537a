"""A link and its answer: a FetchResponse says where the bytes are and what the server said of their use; a FetchedFile says
which bytes they are; an InspectedFile says what was measured on them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from lamella.schemas.media import ArchiveMedia, BlobRef, MediaLink
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.media.inspection import Inspection


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResponse(MediaLink):
    blob: BlobRef
    source: str  # "archive" or "http"
    robots_header: str = ""
    tdm_reservation: str = ""
    robots_txt: str = ""  # the verdict that stood when it was asked for
    truncated: bool = False
    through: tuple[str, ...] = ()  # addresses that redirects of an archive led through, to the last
    said: str = ""  # ISO time of the response


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile(FetchResponse):
    """A picture or clip that is of its kind, and that nothing speaks against before it is decoded."""

    sha256: str
    bytes: int


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedFile(FetchedFile):
    inspection: Inspection


def from_archive(link: MediaLink, found: ArchiveMedia, through: tuple[str, ...] = ()) -> FetchResponse:
    """The link with its response of an archive."""
    return FetchResponse(
        **base_of(link),
        blob=found.blob,
        source="archive",
        robots_header=found.robots_header,
        tdm_reservation=found.tdm_reservation,
        truncated=found.truncated,
        through=through,
        said=found.crawl_time,
    )


def latest(captures: Iterable[ArchiveMedia]) -> ArchiveMedia:
    """Of several captures of one URL the last; of the same moment the first by path and offset."""
    return min(captures, key=latest_first)


def latest_first(found: ArchiveMedia) -> tuple:
    """Sorts captures as `latest` takes them."""
    return descending(found.crawl_time), found.blob.path, found.blob.offset


def base_of(link: MediaLink, kind: type[MediaLink] = MediaLink) -> dict:
    """The fields that a link has as a `kind`, for a record that adds to it."""
    return {field.name: getattr(link, field.name) for field in fields(kind)}


def descending(text: str) -> tuple[int, ...]:
    """Sorts ISO times from last to first; an empty time is the oldest."""
    return (*(-ord(character) for character in text), 1)
