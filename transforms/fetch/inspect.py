"""A captured link and its bytes -> Media, measured, or the Rejection it earns: what it is, before what it is worth.

Cheap before dear: what the server said, the length, the first bytes, the hash list, the header, and then one decode from
which perceptual hash and the measures of `media.picture_rules` are taken.
"""

from base64 import b64decode
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media, MediaKind, PixelMeasure
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Violation, apply_rules
from lamella.transforms.fetch.captured import FetchResponse, base_of
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
from lamella.transforms.media.clips import BadVideo, video_mime
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.decoding import measure_image, measure_video
from lamella.transforms.media.measures import Looks
from lamella.transforms.media.other_formats import SEEN_BYTES, rare_format, unsupported_format
from lamella.transforms.media.picture_rules import IMAGE_RULES
from lamella.transforms.media.pixels import BadImage, looks_like_image
from lamella.transforms.media.store import MediaStore

# Pictures are measured at this size: small enough to be quick (a JPEG is decoded at a fraction), large beside the 32 x 32
# pixels of the perceptual hash. What is finer averages out, which a picture of one colour does not mind. At 128 two
# pictures that differ in a line of text had one hash.
MEASURED_SIDE_PX = 256
HEAD_BYTES = SEEN_BYTES  # enough to tell every type we take, or know by name

_WRONG_KIND = {
    MediaKind.IMAGE: Reason.NOT_AN_IMAGE,
    MediaKind.VIDEO: Reason.NOT_A_VIDEO,
    MediaKind.TRACK: Reason.NOT_A_TRACK,
}


class _Violated(Exception):
    """What speaks against a picture before its pixels do: its own words, or a rule on its header."""

    def __init__(self, violation: Violation):
        super().__init__(*violation)
        self.violation = violation


def inspect_media(link: FetchResponse, config: FetchConfig, store: MediaStore) -> Iterable[Media | Rejection]:
    """Reads the link's bytes from the store and judges them.

    Raises OSError where the store fails: that is no fault of the picture.
    """
    if violation := apply_rules(CAPTURE_RULES, link, config):
        yield reject_media(link, violation)
        return
    try:
        data = store.bytes(link.blob)
    except BlobError as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from error
        reason = getattr(error.__cause__, "reason", Reason.DAMAGED_RECORD)
        yield reject_media(link, Violation(reason, detail=str(error)))
        return
    yield judge_bytes(link, data, config)


def judge_bytes(link: FetchResponse, data: bytes, config: FetchConfig) -> Media | Rejection:
    """Media where `data` is of the link's kind, sound, and within every limit."""
    digest = sha256(data).hexdigest()
    violation = _known_at_once(link, data, digest, config)
    if violation is None:
        try:
            media = _MEASURES[link.kind](link, data, digest, config)
            book = _RULES.get(link.kind)
            violation = apply_rules(book, media, config) if book else None
            if violation is None:
                media, violation = judge_safety(media, data, config)
        except _Violated as error:
            violation = error.violation
        except (BadImage, BadVideo) as error:
            violation = error.violation
        except BadTrack as error:
            violation = Violation(Reason.NOT_A_TRACK, detail=str(error))
    return reject_media(link, violation) if violation else media


def _known_at_once(link: FetchResponse, data: bytes, digest: str, config: FetchConfig) -> Violation | None:
    """What the bytes say before anything is decoded."""
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


def _image(link: FetchResponse, data: bytes, digest: str, config: FetchConfig) -> Media:
    if words := credentials_opt_out(data, config):
        raise _Violated(Violation(Reason.OPTED_OUT, detail=words))
    header, looks, fault = measure_image(data, MEASURED_SIDE_PX, DecodeLimits.of(config))
    if violation := apply_rules(SIZE_RULES, Size(header.width, header.height), config):
        raise _Violated(violation)
    if fault:
        raise fault
    if looks is None:
        raise ValueError("a picture without a fault was not measured")
    return Media(
        **_found(link, data, digest),
        mime=header.mime,
        width=header.width,
        height=header.height,
        **_seen(looks),
    )


def _video(link: FetchResponse, data: bytes, digest: str, config: FetchConfig) -> Media:
    header, looks = measure_video(data, MEASURED_SIDE_PX, DecodeLimits.of(config))
    return Media(
        **_found(link, data, digest),
        mime=header.mime,
        width=header.width,
        height=header.height,
        duration_s=round(header.duration_s, 3),
        fps=round(header.fps, 3),
        **_seen(looks),
    )


def _seen(looks: Looks) -> dict[str, Any]:
    pixels = tuple(PixelMeasure(name=name, value=value) for name, value in sorted(looks.pixels.items()))
    return {
        "phash": looks.phash,
        "phash_version": looks.phash_version,
        "thumbnail": b64decode(looks.thumbnail),
        "pixels": pixels,
    }


def _track(link: FetchResponse, data: bytes, digest: str, config: FetchConfig) -> Media:
    return Media(
        **_found(link, data, digest), mime="text/vtt", width=0, height=0, cues=track_cues(data, config.max_track_characters)
    )


_MEASURES = {MediaKind.IMAGE: _image, MediaKind.VIDEO: _video, MediaKind.TRACK: _track}
_RULES = {MediaKind.IMAGE: IMAGE_RULES, MediaKind.VIDEO: VIDEO_RULES}


def _found(link: FetchResponse, data: bytes, digest: str) -> dict:
    """What every kind of Media has: where it lies, and the evidence that it may be used."""
    said = evidence(link.robots_header, link.tdm_reservation) or "no opt-out header"
    return base_of(link) | {
        "blob": link.blob,
        "source": link.source,
        "sha256": digest,
        "cluster": digest,
        "bytes": len(data),
        "robots_evidence": "; ".join(filter(None, (link.robots_txt, said))),
    }
