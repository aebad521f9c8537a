"""A document or a pair -> its sample, and Rejections of what can no longer be decoded."""

from collections.abc import Iterable, Sequence

from lamella.schemas.config import ShardConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, Node, TextNode, VideoNode, with_phi
from lamella.schemas.errors import DataError
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.phi import phi_of
from lamella.schemas.rejection import Reason, Rejection, Stage
from lamella.schemas.sample import ClipSample, InterleavedSample, PairSample, Sample
from lamella.schemas.shards import MAX_MEMBER_BYTES
from lamella.transforms.base.reject import reject_document, reject_node, reject_pair
from lamella.transforms.base.rule import Violation
from lamella.transforms.media.clips import BadVideo
from lamella.transforms.media.pixels import BadImage
from lamella.transforms.shard.metadata import clip_face_facts, document_facts, face_facts, image_facts, pair_facts, video_facts
from lamella.transforms.shard.pictures import Picture, Pictures
from lamella.transforms.shard.plan import ShardRecord

Shown = tuple[Node, Picture | None]  # a node, and the picture where it is an image


class FalsePhi(DataError, ValueError):
    """A document whose stored phi differs from that of its nodes: the stage before forgot to set it."""


def to_sample(record: ShardRecord, pictures: Pictures) -> Iterable[Sample | Rejection]:
    """At most one sample, and Rejections of what is left out. Raises FalsePhi, and what `Pictures` raises for lost bytes."""
    match record:
        case InterleavedDocument():
            return interleaved_sample(record, pictures)
        case ImageTextPair():
            return image_sample(record, pictures)
        case VideoTextPair():
            return clip_sample(record, pictures)
    raise TypeError(f"{type(record).__name__} has no sample")


def interleaved_sample(document: InterleavedDocument, pictures: Pictures) -> Iterable[InterleavedSample | Rejection]:
    """The document without its videos, which are named in its facts. An image that fails is taken out, and phi is set again.

    Rejects a document with no image or no text left: there is nothing to learn from it.
    """
    _check_phi(document)
    shown = []
    for node in document.nodes:
        try:
            shown.append((node, _picture(node, pictures) if isinstance(node, ImageNode) else None))
        except BadImage as error:
            yield reject_node(Stage.SHARD, document, node, error.violation)
    if violation := _unfit(shown):
        yield reject_document(Stage.SHARD, document.with_nodes(node for node, _ in shown), violation)
    else:
        yield _interleaved(document, shown)


def image_sample(pair: ImageTextPair, pictures: Pictures) -> Iterable[PairSample | Rejection]:
    try:
        picture = pictures.image(pair.media)
    except BadImage as error:
        yield reject_pair(Stage.SHARD, pair, error.violation)
        return
    size = picture.width, picture.height
    facts = pair_facts(pair, size) | face_facts(picture)
    yield PairSample(key=pair.key, url=pair.media.url, text=pair.text, image=picture.jpeg, facts=facts)


def clip_sample(pair: VideoTextPair, pictures: Pictures) -> Iterable[ClipSample | Rejection]:
    """`clip_frames` frames from the clip's start; where the clip is shorter, its last frame is repeated."""
    seconds = frame_seconds(pair, pictures.config)
    try:
        frames = pictures.frames(pair.media, seconds)
    except (BadVideo, BadImage) as error:
        yield reject_pair(Stage.SHARD, pair, error.violation)
        return
    missing = pictures.config.clip_frames - len(frames)
    facts = pair_facts(pair, (frames[0].width, frames[0].height)) | {
        "start_s": float(pair.start_s),
        "end_s": float(pair.end_s),
        "fps": float(pictures.config.clip_fps),
        "distinct_frames": len(frames),
        "duration_s": float(pair.media.duration_s),
    }
    facts |= clip_face_facts(frames)
    yield ClipSample(
        key=pair.key,
        url=pair.media.url,
        text=pair.text,
        frames=tuple(frame.jpeg for frame in frames) + (frames[-1].jpeg,) * missing,
        facts=facts,
    )


def frame_seconds(pair: VideoTextPair, config: ShardConfig) -> Sequence[float]:
    """The times of the clip's frames in the video, in s: `clip_fps` from its start, as many as the clip holds, at least one."""
    end = pair.end_s if pair.end_s > pair.start_s else pair.media.duration_s
    times = [pair.start_s + index / config.clip_fps for index in range(config.clip_frames)]
    return [times[0], *(time for time in times[1:] if time < end)]


def _picture(node: ImageNode, pictures: Pictures) -> Picture:
    if node.media is None:
        raise BadImage(Reason.UNUSABLE_MEDIA, "the node has no media")
    return pictures.image(node.media)


def _check_phi(document: InterleavedDocument) -> None:
    if document.nodes != with_phi(document.nodes):
        raise FalsePhi(f"{document.key}: phi is not that of the nodes")


def _unfit(shown: Sequence[Shown]) -> Violation | None:
    sizes = [len(picture.jpeg) for _, picture in shown if picture]
    if not sizes:
        return Violation(Reason.NO_IMAGE_LEFT)
    if not any(isinstance(node, TextNode) or (isinstance(node, ImageNode) and node.caption) for node, _ in shown):
        return Violation(Reason.NO_TEXT_LEFT)
    whole = sum(sizes)
    return Violation(Reason.TOO_LARGE, "images_bytes", whole, MAX_MEMBER_BYTES) if whole > MAX_MEMBER_BYTES else None


def _interleaved(document: InterleavedDocument, shown: Sequence[Shown]) -> InterleavedSample:
    texts, image_index, facts, images, videos = [], [], [], [], []
    for node, picture in shown:
        if isinstance(node, VideoNode):
            videos.append(video_facts(node, len(texts)))
        elif isinstance(node, TextNode):
            texts.append(node.text)
            image_index.append(None)
        elif picture is None or node.media is None:
            raise ValueError(f"{document.key}: an image without its picture")
        else:
            texts.append(None)
            image_index.append(len(images))
            images.append(picture.jpeg)
            facts.append(image_facts(node, node.media, (picture.width, picture.height)) | face_facts(picture))
            if node.caption:  # it belongs to the image: it comes with it, and goes with it
                texts.append(node.caption)
                image_index.append(None)
    previous, following = phi_of(texts)
    return InterleavedSample(
        key=document.key,
        url=document.url,
        texts=tuple(texts),
        image_index=tuple(image_index),
        previous=previous,
        next=following,
        images=tuple(images),
        image_facts=tuple(facts),
        facts=document_facts(document, videos),
    )
