"""A key -> a Clip: a thing, its motion and its length; with its true caption and its MP4 bytes.

H.264 by PyAV, one thread and bit-exact flags: the same key gives the same bytes with the same libraries.
"""

from dataclasses import dataclass
from io import BytesIO

import av
import numpy as np
from PIL import Image, ImageDraw

from lamella.sample.captions import GROUND_WORDS
from lamella.sample.paint import ground, lit, stamp
from lamella.sample.rng import Rng
from lamella.sample.scenes import BACKGROUNDS, COLOURS, SHAPES, Thing

FPS = 4
SIZES_PX = ((160, 120), (192, 144), (240, 180), (160, 160))
MOTIONS = {
    "left to right": "moves from left to right",
    "right to left": "moves from right to left",
    "up": "rises from the bottom to the top",
    "down": "falls from the top to the bottom",
    "grows": "grows from small to large",
    "shrinks": "shrinks from large to small",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Everything that is true of a clip."""

    key: str
    thing: Thing
    motion: str
    background: str
    duration_s: float
    size: tuple[int, int]  # px

    def facts(self) -> dict[str, object]:
        thing = self.thing
        return {
            "kind": "clip",
            "shapes": [thing.shape],
            "colours": [thing.colour],
            "sizes": [thing.size],
            "count": 1,
            "background": self.background,
            "relation": "",
            "motion": self.motion,
        }


def make_clip(key: str, duration_s: float | None = None) -> Clip:
    """The clip of a key; 3 to 25 s long unless a length is given."""
    rng = Rng("clip", key)
    motion = rng.pick(tuple(MOTIONS))
    size = "large" if motion in ("grows", "shrinks") else rng.pick(("small", "large"))
    thing = Thing(shape=rng.pick(SHAPES), colour=rng.pick(COLOURS), size=size)
    drawn_s = rng.between(3 * FPS, 25 * FPS) / FPS
    return Clip(
        key=key,
        thing=thing,
        motion=motion,
        background=rng.pick(BACKGROUNDS),
        duration_s=drawn_s if duration_s is None else duration_s,
        size=rng.pick(SIZES_PX),
    )


def clip_caption(clip: Clip) -> str:
    """The plain true caption."""
    size = "" if clip.motion in ("grows", "shrinks") else f"{clip.thing.size} "
    return f"a {size}{clip.thing.colour} {clip.thing.shape} {MOTIONS[clip.motion]} on {GROUND_WORDS[clip.background][0]}"


def frames(clip: Clip) -> list[Image.Image]:
    """Every picture of the clip, RGB, at FPS pictures a second."""
    rng = Rng("clip paint", clip.key)
    large = (2 * clip.size[0], 2 * clip.size[1])
    scenery = lit(ground(clip.background, large, rng), rng)
    unit, (width, height) = min(large), large
    radius = unit * (0.13 if clip.thing.size == "small" else 0.25)
    tilt, lane = rng.spread(-0.2, 0.2), rng.spread(0.35, 0.65)
    count = max(2, round(clip.duration_s * FPS))
    out = []
    for i in range(count):
        t = i / (count - 1)
        x, y, r = width * lane, height * lane, radius
        if clip.motion in ("left to right", "right to left"):
            way = t if clip.motion == "left to right" else 1 - t
            x = radius + way * (width - 2 * radius)
        elif clip.motion in ("up", "down"):
            way = t if clip.motion == "down" else 1 - t
            y = radius + way * (height - 2 * radius)
        else:
            way = t if clip.motion == "grows" else 1 - t
            x, y, r = width / 2, height / 2, unit * (0.12 + 0.3 * way)
        picture = scenery.copy()
        stamp(ImageDraw.Draw(picture), clip.thing, (x, y, r), tilt)
        out.append(picture.reduce(2))
    return out


def still(key: str) -> tuple[Image.Image, Clip]:
    """The middle frame of the clip of a key, as a model sees it, without the others being drawn."""
    clip = make_clip(key, duration_s=3 / FPS)
    return frames(clip)[1], clip


def encode_clip(clip: Clip) -> bytes:
    """An MP4 file: H.264, no sound."""
    out = BytesIO()
    with av.open(out, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = clip.size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {"preset": "ultrafast", "crf": "26", "flags": "+bitexact", "g": "40"}
        for picture in frames(clip):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def cues(clip: Clip) -> tuple[str, str]:
    """What a track says in the first half of the clip, and in the second."""
    return f"Here comes a {clip.thing.colour} {clip.thing.shape}.", clip_caption(clip).capitalize() + "."


def vtt(clip: Clip) -> bytes:
    """A WebVTT track of one or two cues that say what is seen."""
    middle, end = _stamp_s(clip.duration_s / 2), _stamp_s(clip.duration_s)
    first, second = cues(clip)
    return f"WEBVTT\n\n00:00.000 --> {middle}\n{first}\n\n{middle} --> {end}\n{second}\n".encode()


def _stamp_s(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{seconds % 60:06.3f}"
