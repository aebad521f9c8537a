"""A picture or clip -> its Inspection: all that is measured on its bytes, or why they cannot be decoded, at any
thresholds. Inspections remembers them by content, so that a changed threshold decodes nothing."""

from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from PIL import Image

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import BlobRef, MediaKind, Octets, PixelMeasure
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason
from lamella.transforms.base.accounting import error_line
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.base.memory import Request
from lamella.transforms.base.rule import Violation
from lamella.transforms.media.classifier import Classifier, load_classifier
from lamella.transforms.media.clips import BadVideo, VideoHeader
from lamella.transforms.media.decoding import decode_clip, decode_image, measure_image, measure_video
from lamella.transforms.media.measures import Looks
from lamella.transforms.media.pdq import pdq_of
from lamella.transforms.media.pixels import BadImage, ImageHeader
from lamella.transforms.media.store import MediaStore

# Pictures are measured at this size: small enough to be quick (a JPEG is decoded at a fraction), large beside the 32 x 32
# pixels of the perceptual hash. What is finer averages out, which a picture of one colour does not mind. At 128 two
# pictures that differ in a line of text had one hash.
MEASURED_SIDE_PX = 256
_SHOWN_SIDE_PX = 512  # classifiers see 224 to 384, PDQ 64
_LOT = 16  # files between two looks at the clock; each is decoded alone
_OF_THE_MACHINE = (Reason.MEDIA_TOO_COSTLY, Reason.CRASHED)  # another run may see what this one could not


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was measured on a file. A fault stands beside the header if that could be read."""

    key: str
    mime: str = ""  # by the bytes; "" where not even the header can be read
    width: int = 0  # px, after EXIF orientation
    height: int = 0  # px
    duration_s: float = 0.0  # videos only
    fps: float = 0.0  # videos only
    phash: str = ""
    phash_version: str = ""
    thumbnail: Octets = b""
    pixels: tuple[PixelMeasure, ...] = ()  # those of classifiers too
    pdq: tuple[str, ...] = ()  # of each frame that was hashed
    reason: Reason | None = None  # the fault; None where the file is sound
    measure: str = ""  # of the fault, as in a Violation
    value: float | None = None
    limit: float | None = None
    detail: str = ""

    @property
    def fault(self) -> Violation | None:
        if self.reason is None:
            return None
        return Violation(self.reason, self.measure, self.value, self.limit, self.detail)

    @property
    def unseen(self) -> Reason | None:
        """Why it is not remembered: a fault that may be the machine's."""
        return self.reason if self.reason in _OF_THE_MACHINE else None


class MediaFile(NamedTuple):
    """What an Inspection is asked of."""

    kind: MediaKind  # an image or a video
    blob: BlobRef
    sha256: str

    @property
    def key(self) -> str:
        return f"{self.kind} {self.sha256}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspections:
    """Requests of MediaFiles -> Inspections.

    Args:
        store: where bytes lie, and how far decoding may go.
        identity: a hash of those limits, of the libraries' versions, of the classifiers, of the moments.
        classifiers: paths; each sees every sound file.
        pdq: whether PDQ hashes are wanted.
        moments: shares of a clip's duration, whose frames classifiers and PDQ see.
    """

    store: MediaStore
    identity: str
    classifiers: tuple[str, ...]
    pdq: bool
    moments: tuple[float, ...]

    @classmethod
    def of(cls, config: FetchConfig, store: MediaStore, identity: str) -> "Inspections":
        wanted = {"classifiers": config.classifiers, "pdq": config.unsafe_pdq is not None}
        return cls(store=store, identity=identity, moments=tuple(sorted(config.unsafe_moments)), **wanted)

    @property
    def name(self) -> str:
        return "inspections"

    @property
    def answer(self) -> type:
        return Inspection

    @property
    def lot(self) -> int:
        return _LOT

    def load(self) -> list[Classifier]:
        return [load_classifier(path) for path in self.classifiers]

    def measure(self, requests: Sequence[Request], model: list[Classifier]) -> Iterable[Inspection]:
        """Raises BlobError and ChangedBlob if bytes that were read before can no longer be read."""
        for request in requests:
            file: MediaFile = request.what
            yield self.inspect(file, self.store.same_bytes(file.blob, file.sha256), model)

    def inspect(self, file: MediaFile, data: bytes, classifiers: Sequence[Classifier]) -> Inspection:
        """Any error of a decoder or a classifier on the file's bytes counts as a fault of this file alone."""
        found: dict[str, Any] = {"key": file.key}
        try:
            _MEASURED[file.kind](data, self.store, found)
            self._show(file.kind, data, classifiers, found)
        except (BadImage, BadVideo) as error:
            found |= _said(error.violation)
        except (BlobError, MemoryError):
            raise
        except Exception as error:
            found |= {"reason": Reason.CRASHED, "detail": error_line(error)}
        return Inspection(**found)

    def _show(self, kind: MediaKind, data: bytes, classifiers: Sequence[Classifier], found: dict[str, Any]) -> None:
        """Adds what classifiers and PDQ make of the picture, or of some frames of the clip."""
        if not (classifiers or self.pdq):
            return
        images = self._shown(kind, data, found)
        found["pixels"] += tuple(PixelMeasure(name=one.spec.measure, value=max(map(one.unsafe, images))) for one in classifiers)
        if self.pdq:
            found["pdq"] = tuple(map(pdq_of, images))

    def _shown(self, kind: MediaKind, data: bytes, found: dict[str, Any]) -> Sequence[Image.Image]:
        if kind is MediaKind.VIDEO:
            seconds = [share * found["duration_s"] for share in self.moments]
            return decode_clip(data, seconds, _SHOWN_SIDE_PX, self.store.limits)
        return [decode_image(data, _SHOWN_SIDE_PX, self.store.limits)]


def _image(data: bytes, store: MediaStore, found: dict[str, Any]) -> None:
    header, looks, fault = measure_image(data, MEASURED_SIDE_PX, store.limits)
    found |= _sized(header)
    if fault:
        raise fault
    if looks is None:
        raise ValueError("a picture without a fault was not measured")
    found |= _seen(looks)


def _video(data: bytes, store: MediaStore, found: dict[str, Any]) -> None:
    header, looks = measure_video(data, MEASURED_SIDE_PX, store.limits)
    found |= _sized(header) | {"duration_s": round(header.duration_s, 3), "fps": round(header.fps, 3)} | _seen(looks)


_MEASURED = {MediaKind.IMAGE: _image, MediaKind.VIDEO: _video}


def _sized(header: ImageHeader | VideoHeader) -> dict[str, Any]:
    return {"mime": header.mime, "width": header.width, "height": header.height}


def _seen(looks: Looks) -> dict[str, Any]:
    return {
        "phash": looks.phash,
        "phash_version": looks.phash_version,
        "thumbnail": b64decode(looks.thumbnail),
        "pixels": tuple(PixelMeasure(name=name, value=value) for name, value in sorted(looks.pixels.items())),
    }


def _said(violation: Violation) -> dict[str, Any]:
    return dict(zip(("reason", "measure", "value", "limit", "detail"), violation, strict=True))
