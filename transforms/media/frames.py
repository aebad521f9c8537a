"""A pair or an image -> the one picture of it that a model sees: the image itself, or the middle frame of the clip."""

from dataclasses import dataclass

from PIL import Image

from lamella.schemas.media import Media
from lamella.schemas.pair import Pair, VideoTextPair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.media.clips import BadVideo
from lamella.transforms.media.pixels import BadImage
from lamella.transforms.media.store import MediaStore

Unseen = (BadImage, BadVideo)  # both say `reason` and `detail`


@quick_pickle
@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a media file; `at_s` is a moment of a video, None for an image."""

    media: Media
    at_s: float | None = None

    @property
    def key(self) -> str:
        """The same for the same bytes, at the same moment."""
        return self.media.sha256 if self.at_s is None else f"{self.media.sha256}@{self.at_s:.3f}"


def frame_of(pair: Pair) -> Frame:
    """The image, or the frame in the middle of the clip."""
    if isinstance(pair, VideoTextPair):
        return Frame(pair.media, (pair.start_s + pair.end_s) / 2)
    return Frame(pair.media)


def read_frame(frame: Frame, store: MediaStore, model_side: int) -> Image.Image:
    """The picture as RGB. Its shorter side is at least the `model_side` px that a model sees, if it has so many.

    Raises:
        BadImage, BadVideo: the bytes cannot be decoded.
        BlobError: the bytes cannot be had, which is no property of the record: the run must not go on without them.
    """
    media = frame.media
    shorter, longer = sorted((max(1, media.width), max(1, media.height)))
    data, most = store.bytes(media.blob), -(-model_side * longer // shorter)
    return store.image(data, most) if frame.at_s is None else store.frames(data, [frame.at_s], most)[0]
