"""The configuration and a run's folder -> where media are, and the limits on reading and decoding them."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.schemas.errors import DataError
from lamella.schemas.media import BlobRef
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.decoding import decode_clip, decode_image, encode_clip, encode_image
from lamella.transforms.media.encode import Encoded


class ChangedBlob(DataError, OSError):
    """The bytes that a BlobRef names are no longer those that were judged: an archive or a pack was replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStore:
    """What a step needs to have a media file's bytes or its pixels."""

    root: str  # the run's folder: packs lie relative to it
    reading: ReadConfig
    limits: DecodeLimits

    @classmethod
    def of(cls, root: str, read: ReadConfig, fetch: FetchConfig) -> "MediaStore":
        return cls(root=root, reading=read, limits=DecodeLimits.of(fetch))

    def image(self, data: bytes, max_side: int | None) -> Image.Image:
        """Upright RGB, the longer side at most `max_side` px. Raises BadImage."""
        return decode_image(data, max_side, self.limits)

    def frames(self, data: bytes, seconds: Sequence[float], max_side: int | None) -> list[Image.Image]:
        """The frames shown at the ascending `seconds`. Raises BadVideo."""
        return decode_clip(data, seconds, max_side, self.limits)

    def image_jpeg(self, data: bytes, max_side: int, quality: int) -> Encoded:
        """What `image` gives, as a JPEG. Raises BadImage."""
        return encode_image(data, max_side, quality, self.limits)

    def frame_jpegs(self, data: bytes, seconds: Sequence[float], max_side: int, quality: int) -> list[Encoded]:
        """What `frames` gives, as JPEGs. Raises BadVideo."""
        return encode_clip(data, seconds, max_side, quality=quality, limits=self.limits)

    def same_bytes(self, blob: BlobRef, digest: str) -> "bytes":
        """Those that had this SHA-256 when they were judged. Raises BlobError, and ChangedBlob."""
        data = self.bytes(blob)
        if sha256(data).hexdigest() != digest:
            raise ChangedBlob(f"{blob.path} at {blob.offset}: not the bytes that were judged")
        return data

    def bytes(self, blob: BlobRef) -> bytes:  # last, since its name hides the type's
        """Raises BlobError."""
        return read_blob(blob, self.root, self.reading)
