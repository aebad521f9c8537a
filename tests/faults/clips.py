"""A seed -> (name, bytes) of a clip that means harm, or was damaged. Nothing is stored, nothing is random."""

import struct
from collections.abc import Callable
from functools import cache
from io import BytesIO

import av
import numpy as np

from lamella.sample.rng import Rng

FORMATS = {"mp4": ("mp4", "libx264"), "webm": ("webm", "libvpx")}
ODD_TITLE = b"caf\xe9 \xff\xfe"  # no UTF-8


def hostile(seed: int) -> tuple[str, bytes]:
    name = tuple(HOSTILE)[seed % len(HOSTILE)]
    return name, HOSTILE[name](Rng("hostile clip", seed))


def damaged(seed: int) -> tuple[str, bytes]:
    """A sound clip with flipped bytes, a run of zeros, or a piece taken out."""
    rng = Rng("damaged clip", seed)
    form = tuple(FORMATS)[seed % 2]
    data = bytearray(sound(form))
    at = rng.below(len(data) - 8)
    match seed // 2 % 3:
        case 0:
            for _ in range(rng.between(1, 12)):
                data[rng.below(len(data))] ^= 1 << rng.below(8)
            return f"{form} flipped", bytes(data)
        case 1:
            end = min(len(data), at + rng.between(1, 200))
            data[at:end] = bytes(end - at)
            return f"{form} zeroed", bytes(data)
    del data[at : at + rng.between(1, 200)]
    return f"{form} shortened", bytes(data)


def cut(seed: int) -> tuple[str, bytes]:
    form = tuple(FORMATS)[seed % 2]
    data = sound(form)
    return f"{form} cut", data[: Rng("cut clip", seed).between(64, len(data) * 9 // 10)]


@cache
def sound(form: str = "mp4", seconds: int = 4, fps: int = 8, size: tuple[int, int] = (96, 64), title: str = "A clip") -> bytes:
    """A bar that grows from left to right on a noisy ground."""
    kind, codec = FORMATS[form]
    ground = np.random.default_rng(0).integers(0, 90, (size[1], size[0], 3), dtype=np.uint8)
    out = BytesIO()
    with av.open(out, "w", format=kind) as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(seconds * fps):
            pixels = ground.copy()
            pixels[:, : 1 + number * size[0] // (seconds * fps)] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def odd_title(form: str = "mp4") -> bytes:
    """A sound clip whose title is Latin-1, as old cameras write it."""
    mark = "title here"[: len(ODD_TITLE)]
    data = sound(form, title=mark)
    assert mark.encode() in data
    return data.replace(mark.encode(), ODD_TITLE.ljust(len(mark), b"x"))


def endless_samples(count: int = 0x7FFFFFF0) -> bytes:
    """An MP4 whose table of sample sizes says `count` samples of one byte each, in four bytes."""
    data = bytearray(sound("mp4"))
    at = data.index(b"stsz") + 8
    data[at : at + 8] = struct.pack(">II", 1, count)
    return bytes(data)


def _size(rng: Rng) -> bytes:
    data = bytearray(sound("mp4"))
    at = data.index(b"avc1") + 4 + 24
    data[at : at + 4] = struct.pack(">HH", 16_384, rng.pick((9_000, 16_384)))
    return bytes(data)


def _boxes_in_boxes(rng: Rng) -> bytes:
    body = b""
    for _ in range(2000):
        body = struct.pack(">I4s", len(body) + 8, b"moov") + body
    return sound("mp4")[:32] + body


def _empty_clusters(rng: Rng) -> bytes:
    """A million clusters without a block behind the last one."""
    return sound("webm") + b"\x1f\x43\xb6\x75\x80" * 1_000_000


HOSTILE: dict[str, Callable[[Rng], bytes]] = {
    "odd title": lambda rng: odd_title(rng.pick(tuple(FORMATS))),
    "endless samples": lambda rng: endless_samples(rng.between(1 << 24, 0x7FFFFFF0)),
    "size": _size,
    "boxes in boxes": _boxes_in_boxes,
    "empty clusters": _empty_clusters,
    "playlist": lambda rng: b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:1/a.ts\n",
    "concat": lambda rng: b"ffconcat version 1.0\nfile /etc/passwd\n",
}
