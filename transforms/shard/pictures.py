"""A Media -> what a shard stores of it: JPEG files of bounded size, the same bytes in every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image

from lamella.schemas.config import ShardConfig
from lamella.schemas.media import Media
from lamella.transforms.media.encode import encode_jpeg
from lamella.transforms.media.faces import Box, blurred, find_faces
from lamella.transforms.media.store import MediaStore


class Picture(NamedTuple):
    jpeg: bytes
    width: int
    height: int
    faces: tuple[Box, ...] | None = None  # that were blurred; None where none were looked for


@dataclass(frozen=True, slots=True)
class Pictures:
    """Reads media and encodes them as the config says.

    Raises:
        BlobError, ChangedBlob: the bytes cannot be read any more, or are others. Infrastructure: the run must not go on.
        BadImage, BadVideo: they cannot be decoded.
    """

    config: ShardConfig
    store: MediaStore

    def image(self, media: Media) -> Picture:
        data, most = self.store.same_bytes(media.blob, media.sha256), self.config.max_side_px
        if self.config.blur_faces:
            return self._blurred(self.store.image(data, most))
        return Picture(*self.store.image_jpeg(data, most, self.config.jpeg_quality))

    def frames(self, media: Media, seconds: Sequence[float]) -> list[Picture]:
        """One picture for each second that the video still has; never none."""
        data, most = self.store.same_bytes(media.blob, media.sha256), self.config.max_side_px
        if self.config.blur_faces:
            return [self._blurred(frame) for frame in self.store.frames(data, seconds, most)]
        return [Picture(*frame) for frame in self.store.frame_jpegs(data, seconds, most, self.config.jpeg_quality)]

    def _blurred(self, image: Image.Image) -> Picture:
        faces = find_faces(image, self.config.min_face_score)
        return Picture(*encode_jpeg(blurred(image, faces), self.config.jpeg_quality), faces)
