"""Media to what a shard stores of it: a Media in; JPEG files of bounded size out, the same bytes on every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

from PIL import Image

from lamella.schemas.config import ShardConfig
from lamella.schemas.media import Media
from lamella.transforms.media.faces import Box, blurred, find_faces
from lamella.transforms.media.store import MediaStore

_SUBSAMPLING = "4:2:0"


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
        return self._encoded(self.store.image(self.store.same_bytes(media.blob, media.sha256), self.config.max_side_px))

    def frames(self, media: Media, seconds: Sequence[float]) -> list[Picture]:
        """One picture for each second that the video still has; never none."""
        frames = self.store.frames(self.store.same_bytes(media.blob, media.sha256), seconds, self.config.max_side_px)
        return [self._encoded(frame) for frame in frames]

    def _encoded(self, image: Image.Image) -> Picture:
        if not self.config.blur_faces:
            return encode_jpeg(image, self.config.jpeg_quality)
        faces = find_faces(image, self.config.min_face_score)
        return encode_jpeg(blurred(image, faces), self.config.jpeg_quality)._replace(faces=faces)


def encode_jpeg(image: Image.Image, quality: int) -> Picture:
    """Baseline JPEG without metadata: what Pillow would copy from the source file (comment, profile) stays out."""
    out = BytesIO()
    image.save(
        out,
        "JPEG",
        quality=quality,
        subsampling=_SUBSAMPLING,
        optimize=False,
        progressive=False,
        comment=b"",
        exif=b"",
    )
    return Picture(out.getvalue(), *image.size)
