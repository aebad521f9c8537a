"""Media and where their bytes are: a BlobRef names bytes in place, a Media adds what was measured on them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lamella.schemas.quick_pickle import quick_pickle


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    TRACK = "track"  # WebVTT text of a video


class Container(StrEnum):
    """How a blob's bytes are wrapped where they lie."""

    WARC = "warc"  # a whole WARC record lies there, gzipped or plain; the blob is its decoded HTTP body
    RAW = "raw"  # the blob itself lies there (a member of a tar pack)


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class BlobRef:
    """Bytes in place. Read with `transforms.base.blobs.read_blob`."""

    path: str  # archive, as the input glob named it; or a pack, relative to the run's folder
    offset: int
    length: int
    container: Container


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveMedia:
    """A media response found in an archive, not yet inspected; or a file in which a site speaks of its use."""

    url: str  # canonical
    blob: BlobRef
    mime: str  # as the server said
    crawl_time: str = ""
    robots_header: str = ""
    tdm_reservation: str = ""
    truncated: bool = False
    digest: str = ""  # of the payload, as the crawler says: "sha1:" and hex digits; revisits name it
    record_id: str = ""  # WARC-Record-ID; revisits name it too


class AliasKind(StrEnum):
    REDIRECT = "redirect"  # the server sent the crawler on
    REVISIT = "revisit"  # the crawler had these bytes already, and stored a reference to them
    SMALLER = "smaller"  # a page shows the picture smaller at the target, and leads to it or offers it at the address


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """What has its bytes elsewhere: a response of an archive, at the address that it leads to or in an earlier record; a
    picture that a page shows, at another address of it."""

    url: str  # canonical
    kind: AliasKind
    archive: str  # path, as the input glob named it
    offset: int  # of its record, or the page's
    target: str = ""  # canonical URL; "" for a revisit that names none
    crawl_time: str = ""
    target_time: str = ""  # of a revisit: when its target was crawled
    digest: str = ""  # of a revisit: of the payload
    record_id: str = ""  # of a revisit: of the record that it refers to
    robots_header: str = ""
    tdm_reservation: str = ""


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLink:
    """A media URL that documents refer to, once for all of them."""

    url: str  # canonical
    kind: MediaKind
    documents: int  # how many documents refer to it


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class PixelMeasure:
    """What a function of `transforms.media.picture_rules` found on a picture."""

    name: str  # the function's
    value: float


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What a track shows for a while."""

    start_s: float  # on the video's clock
    end_s: float
    text: str  # without tags; its lines as they stand


class Addressed(Protocol):
    """What has the address of a media file: a link, a redirect, a Media."""

    @property
    def url(self) -> str: ...


Octets = bytes  # a Media has a field of the type's name


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A media file that was found, inspected and judged usable."""

    url: str  # canonical; the key of the media table
    kind: MediaKind
    blob: BlobRef
    sha256: str  # of the blob's bytes
    mime: str  # by the bytes, not by the server's word
    bytes: int
    width: int  # px, after EXIF orientation
    height: int  # px
    source: str  # "archive" or "http"
    documents: int = 1  # documents that refer to this picture or to a copy of it
    cluster: str = ""  # the same for exact and perceptual copies; the survivor's sha256
    phash: str = ""  # 64 bits, hex; of the first frame where it is a video
    thumbnail: Octets = b""  # 16 x 16 cells of RGB, row by row; of the first frame where it is a video
    phash_version: str = ""  # algorithm and library, since versions of Pillow change hashes
    pixels: tuple[PixelMeasure, ...] = ()  # of the first frame where it is a video
    duration_s: float = 0.0  # videos only
    fps: float = 0.0  # videos only
    cues: tuple[Cue, ...] = ()  # tracks only, in the file's order
    robots_evidence: str = ""  # the opt-out decision's evidence: headers and robots.txt verdict

    @property
    def measured(self) -> dict[str, float]:
        """Value by the name of its measure."""
        return {measure.name: measure.value for measure in self.pixels}
