"""A captured link -> its file; an inspected file -> Media; or, at either step, a Rejection.

Cheap before expensive: what the server said, the length, the first bytes, the hash list; then the Inspection, which is made
once for the same bytes, and the rules on it. What a file is comes before what it is worth.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.schemas.media import Media, MediaKind
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.base.memory import Request
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Violation, apply_rules
from lamella.transforms.fetch.captured import FetchedFile, FetchResponse, InspectedFile, base_of
from lamella.transforms.fetch.embedded_rights import credentials_opt_out, embedded_opt_out
from lamella.transforms.fetch.hash_list import listed_file
from lamella.transforms.fetch.opt_out import evidence
from lamella.transforms.fetch.rules import (
    CAPTURE_RULES,
    SIZE_RULES,
    VIDEO_RULES,
    WEIGHT_RULES,
    Size,
    Weight,
)
from lamella.transforms.fetch.tracks import BadTrack, looks_like_track, track_cues
from lamella.transforms.fetch.unsafe import judge_safety
from lamella.transforms.media.clips import video_mime
from lamella.transforms.media.inspection import Inspection, Inspections, MediaFile
from lamella.transforms.media.other_formats import SEEN_BYTES, rare_format, unsupported_format
from lamella.transforms.media.picture_rules import IMAGE_RULES
from lamella.transforms.media.pixels import BadImage, looks_like_image
from lamella.transforms.media.store import MediaStore

HEAD_BYTES = SEEN_BYTES  # enough to tell every type we take, or know by name

_WRONG_KIND = {
    MediaKind.IMAGE: Reason.NOT_AN_IMAGE,
    MediaKind.VIDEO: Reason.NOT_A_VIDEO,
    MediaKind.TRACK: Reason.NOT_A_TRACK,
}


def read_media(link: FetchResponse, config: FetchConfig, store: MediaStore) -> Iterable[FetchedFile | Media | Rejection]:
    """Reads the link's bytes from the store. A track is a Media at once; a picture or a clip is to be inspected.

    Raises OSError where the store fails: that is no fault of the picture.
    """
    if violation := apply_rules(CAPTURE_RULES, link, config):
        yield reject_media(link, violation, link.said)
        return
    try:
        data = store.bytes(link.blob)
    except BlobError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from error
        reason = getattr(error.__cause__, "reason", Reason.DAMAGED_RECORD)
        yield reject_media(link, Violation(reason, detail=str(error)))
        return
    yield know_file(link, data, config)


def know_file(link: FetchResponse, data: bytes, config: FetchConfig) -> FetchedFile | Media | Rejection:
    """What the bytes say before anything is decoded; of a track, all."""
    digest = sha256(data).hexdigest()
    try:
        if violation := _known_at_once(link, data, digest, config):
            return reject_media(link, violation, link.said)
        if link.kind is MediaKind.TRACK:
            return _track(link, data, digest, config)
    except BadImage as error:
        return reject_media(link, error.violation)
    except BadTrack as error:
        return reject_media(link, Violation(Reason.NOT_A_TRACK, detail=str(error)))
    return FetchedFile(**base_of(link, FetchResponse), sha256=digest, bytes=len(data))


def asked_of(file: FetchedFile) -> Iterator[tuple[Request, FetchedFile]]:
    """What is to be inspected, and what waits for it."""
    subject = MediaFile(file.kind, file.blob, file.sha256)
    yield Request(subject.key, subject), file


def with_inspection(file: FetchedFile, inspection: Inspection) -> Iterator[InspectedFile]:
    yield InspectedFile(**base_of(file, FetchedFile), inspection=inspection)


def judge_media(file: InspectedFile, config: FetchConfig) -> Iterator[Media | Rejection]:
    """Media where the file is sound and within every limit. A rule on the header is heard before the pixels' fault."""
    seen = file.inspection
    size = Size(seen.width, seen.height)
    violation = apply_rules(SIZE_RULES, size, config) if seen.mime and file.kind is MediaKind.IMAGE else None
    if violation := violation or seen.fault:
        yield reject_media(file, violation)
        return
    media = Media(
        **_found(file, file.sha256, file.bytes),
        mime=seen.mime,
        width=seen.width,
        height=seen.height,
        duration_s=seen.duration_s,
        fps=seen.fps,
        phash=seen.phash,
        phash_version=seen.phash_version,
        thumbnail=seen.thumbnail,
        pixels=seen.pixels,
    )
    violation = apply_rules(_RULES[file.kind], media, config) or judge_safety(seen, config)
    yield reject_media(file, violation) if violation else media


def judge_bytes(link: FetchResponse, data: bytes, config: FetchConfig = FetchConfig()) -> Media | Rejection:
    """What becomes of a link that led to these bytes: both steps, and the inspection between them, of one file alone."""
    file = know_file(link, data, config)
    if not isinstance(file, FetchedFile):
        return file
    inspections = Inspections.of(config, MediaStore.of("", ReadConfig(), config), identity="")
    ((request, _),) = asked_of(file)
    inspection = inspections.inspect(request.what, data, inspections.load())
    return next(judge_media(next(with_inspection(file, inspection)), config))


def _known_at_once(link: FetchResponse, data: bytes, digest: str, config: FetchConfig) -> Violation | None:
    """Raises BadImage for content credentials that cost too much."""
    if not data:
        return Violation(Reason.EMPTY_BODY)
    if violation := apply_rules(WEIGHT_RULES, Weight(link.kind, len(data)), config):
        return violation
    if violation := wrong_kind(link.kind, data[:HEAD_BYTES]):
        return violation
    if link.kind is MediaKind.IMAGE and not config.rare_formats and (name := rare_format(data[:HEAD_BYTES])):
        return Violation(
            Reason.FORMAT_NOT_SUPPORTED, detail=f"format not supported: {name}, unless fetch.rare_formats asks for it"
        )
    if says := listed_file(data, digest, config.unsafe_hashes):
        return Violation(Reason.UNSAFE_IMAGE, measure="sha256", detail=says)
    if config.honour_opt_outs and config.opt_outs.embedded and (words := embedded_opt_out(data)):
        return Violation(Reason.OPTED_OUT, detail=words)
    if link.kind is MediaKind.IMAGE and (words := credentials_opt_out(data, config)):
        return Violation(Reason.OPTED_OUT, detail=words)
    return None


def wrong_kind(kind: MediaKind, head: bytes) -> Violation | None:
    """Why the first bytes cannot be of this kind, or None where they can."""
    if kind is MediaKind.IMAGE and (name := unsupported_format(head)):
        return Violation(Reason.FORMAT_NOT_SUPPORTED, detail=f"format not supported: {name}")
    looks_right = {
        MediaKind.IMAGE: looks_like_image,
        MediaKind.VIDEO: lambda head: bool(video_mime(head)),
        MediaKind.TRACK: looks_like_track,
    }[kind]
    return None if looks_right(head) else Violation(_WRONG_KIND[kind], detail=f"starts with {head[:12]!r}")


def _track(link: FetchResponse, data: bytes, digest: str, config: FetchConfig) -> Media:
    cues = track_cues(data, config.max_track_characters)
    return Media(**_found(link, digest, len(data)), mime="text/vtt", width=0, height=0, cues=cues)


_RULES = {MediaKind.IMAGE: IMAGE_RULES, MediaKind.VIDEO: VIDEO_RULES}


def _found(link: FetchResponse, digest: str, length: int) -> dict:
    """What every kind of Media has: where it lies, and the evidence that it may be used."""
    said = evidence(link.robots_header, link.tdm_reservation) or "no opt-out header"
    return base_of(link) | {
        "blob": link.blob,
        "source": link.source,
        "sha256": digest,
        "cluster": digest,
        "bytes": length,
        "robots_evidence": "; ".join(filter(None, (link.robots_txt, said))),
    }
