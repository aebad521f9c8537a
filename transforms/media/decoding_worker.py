"""The decoder's process: a question and a file -> what `media.pixels` and `media.clips` say of it."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from lamella.transforms.base.killable_worker import serve
from lamella.transforms.media.clips import BadVideo, decode_frames, probe
from lamella.transforms.media.content_credentials import training_entries
from lamella.transforms.media.decode_limits import DecodeLimits
from lamella.transforms.media.encode import Encoded, encode_jpeg
from lamella.transforms.media.measures import looks_of
from lamella.transforms.media.pixels import BadImage, decode_rgb, decode_roughly, shrunk_jpeg

Said = tuple[dict[str, Any], list[bytes]]
_MOST_HEAD_BYTES = 1 << 16


def answer(request: memoryview) -> list[bytes]:
    """The reply to a request, in pieces: length of the header, header as JSON, pixels or JPEGs. MemoryError is the caller's."""
    end = bytes(request[:_MOST_HEAD_BYTES]).index(b"\n")
    asked = json.loads(bytes(request[:end]))
    limits = _limits(asked.pop("limits"))
    try:
        said, pieces = _ASKED[asked.pop("ask")](bytes(request[end + 1 :]), limits, **asked)
    except (BadImage, BadVideo) as error:
        said, pieces = {"bad": _in_words(error)}, []
    head = json.dumps(said).encode()
    return [len(head).to_bytes(8, "little"), head, *pieces]


@cache
def _limits(words: str) -> DecodeLimits:
    return DecodeLimits(**json.loads(words))


def _in_words(error: BadImage | BadVideo) -> list:
    return list(error.violation)


def _measure_image(data: bytes, limits: DecodeLimits, side: int) -> Said:
    seen: list = []
    try:
        _, image = decode_roughly(data, side, seen.append, limits)
        return {"header": seen[0], "looks": looks_of(image), "fault": None}, []
    except BadImage as error:
        if not seen:
            raise
        return {"header": seen[0], "looks": None, "fault": _in_words(error)}, []


def _measure_video(data: bytes, limits: DecodeLimits, side: int) -> Said:
    header, first = probe(data, side, limits)
    return {"header": header, "looks": looks_of(first)}, []


def _decode_image(data: bytes, limits: DecodeLimits, side: int | None) -> Said:
    image = decode_rgb(data, side, limits)
    return {"sizes": [image.size]}, [image.tobytes()]


def _decode_clip(data: bytes, limits: DecodeLimits, side: int | None, seconds: list[float]) -> Said:
    frames = decode_frames(data, seconds, side, limits)
    return {"sizes": [frame.size for frame in frames]}, [frame.tobytes() for frame in frames]


def _encode_image(data: bytes, limits: DecodeLimits, *, side: int | None, quality: int) -> Said:
    return _jpegs([shrunk_jpeg(data, side, quality, limits)])


def _encode_clip(data: bytes, limits: DecodeLimits, *, side: int | None, seconds: list[float], quality: int) -> Said:
    return _jpegs([encode_jpeg(frame, quality) for frame in decode_frames(data, seconds, side, limits)])


def _jpegs(encoded: list[Encoded]) -> Said:
    return {"jpegs": [(len(one.jpeg), one.width, one.height) for one in encoded]}, [one.jpeg for one in encoded]


def _training_entries(data: bytes, limits: DecodeLimits) -> Said:
    return {"entries": training_entries(data)}, []


_ASKED: dict[str, Callable[..., Said]] = {
    "measure_image": _measure_image,
    "measure_video": _measure_video,
    "decode_image": _decode_image,
    "decode_clip": _decode_clip,
    "encode_image": _encode_image,
    "encode_clip": _encode_clip,
    "training_entries": _training_entries,
}


def main() -> None:
    """Arguments: those of `serve`."""
    serve(answer)


if __name__ == "__main__":
    main()
