"""A document, a picture or a pair -> what is known of it, as JSON values with fixed keys and types.

No value is null and no list is empty: `datasets` infers its columns from five samples, and a null there has no type. A
score or a match that no model gave is 0.0, and the model beside it is ''. A list that may be empty is stored as JSON text.
"""

import json
from collections.abc import Sequence
from typing import Any

from lamella.schemas.document import ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.media import Media
from lamella.schemas.pair import Pair
from lamella.schemas.sample import ClipSample, InterleavedSample, Sample, dump_json
from lamella.transforms.media.classifier import UNSAFE
from lamella.transforms.shard.pictures import Picture

Facts = dict[str, Any]


def document_facts(document: InterleavedDocument, videos: list[Facts]) -> Facts:
    provenance = document.provenance
    return {
        "title": document.title,
        "canonical_url": document.canonical_url,
        "language": document.language,
        "language_score": float(document.language_score),
        "licence": document.licence,
        "robots": document.robots,
        "truncated": document.truncated,
        "archive": provenance.archive,
        "archive_offset": provenance.offset,
        "archive_length": provenance.length,
        "record_id": provenance.record_id,
        "crawl_time": provenance.crawl_time,
        "videos": dump_json(videos).decode(),
    }


def image_facts(node: ImageNode, media: Media, size: tuple[int, int]) -> Facts:
    """Of an image in a document, and of its media. `size` is width and height as stored, in px."""
    return (
        _media_facts(media, size)
        | {
            "url": node.url,
            "alt": node.alt,
            "caption": node.caption,
            "title": node.title,
            "description": node.description,
            "position": node.position,
        }
        | _score_facts(node.clip_score, node.clip_model)
    )


def video_facts(node: VideoNode, before: int) -> Facts:
    """Of a video, which has no place in the sample's texts and images: it stood before index `before` of them."""
    return {
        "url": node.url,
        "before": before,
        "position": node.position,
        "caption": node.caption,
        "sha256": node.media.sha256 if node.media else "",
    }


def pair_facts(pair: Pair, size: tuple[int, int]) -> Facts:
    """Of an image-text or a video-text pair. `source` is where its text came from: the page, or a captioner."""
    return (
        _media_facts(pair.media, size)
        | {
            "pair": pair.key,
            "dataset": pair.dataset.value,
            "document": pair.document,
            "page_url": pair.page_url,
            "source": pair.source.value,
            "chosen": pair.source.value,  # readers of shards from when a pair had two texts ask for it by this name
            "captioner": pair.captioner,
            "match": float(pair.match or 0.0),
            "matcher": pair.matcher,
        }
        | _score_facts(pair.clip_score, pair.clip_model)
    )


def face_facts(picture: Picture) -> Facts:
    """The boxes that were blurred, as JSON text; nothing where no faces were looked for."""
    return {} if picture.faces is None else {"faces": dump_json([list(box) for box in picture.faces]).decode()}


def clip_face_facts(frames: Sequence[Picture]) -> Facts:
    """The same, of each frame."""
    if any(frame.faces is None for frame in frames):
        return {}
    return {"faces": dump_json([[list(box) for box in frame.faces or ()] for frame in frames]).decode()}


def faces_of(sample: Sample) -> int | None:
    """Boxes that were blurred in a sample's pictures; None where none were looked for."""
    facts = sample.image_facts if isinstance(sample, InterleavedSample) else (sample.facts,)
    told = [json.loads(one["faces"]) for one in facts if "faces" in one]
    if not told:
        return None
    return sum(len(boxes) for one in told for boxes in (one if isinstance(sample, ClipSample) else (one,)))


def _score_facts(score: float | None, model: str) -> Facts:
    return {"clip_score": float(score or 0.0), "clip_model": "" if score is None else model}


def _media_facts(media: Media, size: tuple[int, int]) -> Facts:
    return {
        "sha256": media.sha256,
        "phash": media.phash,
        "phash_version": media.phash_version,
        "mime": media.mime,
        "width": size[0],
        "height": size[1],
        "original_width": media.width,
        "original_height": media.height,
        "fetched_from": media.source,
        "archive": media.blob.path,
        "archive_offset": media.blob.offset,
        "seen_in": media.documents,
    } | _safety_facts(media)


def _safety_facts(media: Media) -> Facts:
    """The highest probability of an unsafe picture that a classifier or a head gave; nothing where none was asked."""
    unsafe = [value for name, value in media.measured.items() if name.startswith(UNSAFE)]
    return {"punsafe": max(unsafe)} if unsafe else {}
