"""Untrusted pictures and clips -> what they are, their pixels, or small JPEGs, from a child process that can be killed.

A decoder that hangs, dies or takes too much loses only its own file: BadImage or BadVideo with `media_too_costly`. On JPEGs of
44 kB and 700 kB the child takes 8 and 10 % of the CPU time of an inspection, less of a decode for a shard.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, NamedTuple, TypeVar

from PIL import Image

from lamella.schemas.rejection import Reason
from lamella.transforms.base.killable import ChildLimits, TooCostly, borrowed
from lamella.transforms.base.rule import Violation
from lamella.transforms.media.bad_media import BadMedia
from lamella.transforms.media.clips import BadVideo, VideoHeader
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.encode import Encoded
from lamella.transforms.media.measures import Looks
from lamella.transforms.media.pixels import BadImage, ImageHeader

_CHILD = "lamella.transforms.media.decoding_worker"
_BESIDE_BYTES = 256 << 20  # of the child, beside what a decode holds: the file, the reply, libraries that load late
_MOST_REPLY_BYTES = 1 << 30
Bad = TypeVar("Bad", bound=BadMedia)


class MeasuredImage(NamedTuple):
    """The header, and the looks of the pixels or their fault: a rule on the header is judged first."""

    header: ImageHeader
    looks: Looks | None
    fault: BadImage | None


def measure_image(data: bytes, side: int, limits: DecodeLimits) -> MeasuredImage:
    """Measured on a rough decode of which the longer side is `side` px to twice that. Raises BadImage without a header."""
    said, _ = _asked(BadImage, data, limits, ask="measure_image", side=side)
    fault = _raised(BadImage, said["fault"]) if said["fault"] else None
    return MeasuredImage(ImageHeader(*said["header"]), Looks(*said["looks"]) if said["looks"] else None, fault)


def measure_video(data: bytes, side: int, limits: DecodeLimits) -> tuple[VideoHeader, Looks]:
    """What a video is, and the looks of its first frame. Raises BadVideo."""
    said, _ = _asked(BadVideo, data, limits, ask="measure_video", side=side)
    return VideoHeader(*said["header"]), Looks(*said["looks"])


def decode_image(data: bytes, max_side: int | None, limits: DecodeLimits) -> Image.Image:
    """As `pixels.decode_rgb`. Raises BadImage."""
    said, pixels = _asked(BadImage, data, limits, ask="decode_image", side=max_side)
    return _images(said["sizes"], pixels)[0]


def decode_clip(data: bytes, seconds: Sequence[float], max_side: int | None, limits: DecodeLimits) -> list[Image.Image]:
    """As `clips.decode_frames`: one picture for each of the ascending `seconds`. Raises BadVideo."""
    said, pixels = _asked(BadVideo, data, limits, ask="decode_clip", side=max_side, seconds=list(seconds))
    return _images(said["sizes"], pixels)


def encode_image(data: bytes, max_side: int | None, quality: int, limits: DecodeLimits) -> Encoded:
    """As `pixels.shrunk_jpeg`. Raises BadImage."""
    said, jpegs = _asked(BadImage, data, limits, ask="encode_image", side=max_side, quality=quality)
    return _encoded(said["jpegs"], jpegs)[0]


def encode_clip(
    data: bytes, seconds: Sequence[float], max_side: int | None, *, quality: int, limits: DecodeLimits
) -> list[Encoded]:
    """The frames of `decode_clip` as JPEGs. Raises BadVideo."""
    wanted = {"side": max_side, "seconds": list(seconds), "quality": quality}
    said, jpegs = _asked(BadVideo, data, limits, ask="encode_clip", **wanted)
    return _encoded(said["jpegs"], jpegs)


def credentials_of(data: bytes, limits: DecodeLimits) -> dict[str, str]:
    """As `content_credentials.training_entries`. Raises BadImage."""
    said, _ = _asked(BadImage, data, limits, ask="training_entries")
    return said["entries"]


def _asked(bad: type[BadMedia], data: bytes, limits: DecodeLimits, **request: Any) -> tuple[dict[str, Any], memoryview]:
    head = json.dumps(request | {"limits": _in_words(limits)}).encode()
    child = ChildLimits(
        max_memory_bytes=limits.max_decode_bytes + _BESIDE_BYTES,
        max_cpu_s=limits.max_decode_s,
        max_reply_bytes=_MOST_REPLY_BYTES,
    )
    try:
        with borrowed(_CHILD, child) as decoder:
            reply = memoryview(decoder.ask(head + b"\n", data))
    except TooCostly as error:
        raise bad(Reason.MEDIA_TOO_COSTLY, str(error)) from None
    length = bytes(reply[:8])
    end = 8 + int.from_bytes(length, "little")
    said = json.loads(bytes(reply[8:end]))
    if "bad" in said:
        raise _raised(bad, said["bad"])
    return said, reply[end:]


@cache
def _in_words(limits: DecodeLimits) -> str:
    return json.dumps(asdict(limits))


def _raised(bad: type[Bad], words: list) -> Bad:
    return bad.of(Violation(Reason(words[0]), *words[1:]))


def _images(sizes: list[list[int]], pixels: memoryview) -> list[Image.Image]:
    images, at = [], 0
    for width, height in sizes:
        images.append(Image.frombytes("RGB", (width, height), pixels[at : at + 3 * width * height]))
        at += 3 * width * height
    return images


def _encoded(facts: list[list[int]], jpegs: memoryview) -> list[Encoded]:
    encoded, at = [], 0
    for length, width, height in facts:
        encoded.append(Encoded(bytes(jpegs[at : at + length]), width, height))
        at += length
    return encoded
