"""A seed -> a picture or a clip that storage or transport has damaged. What is meant to harm has its own modules."""

from functools import cache
from io import BytesIO

import av
import numpy as np

from lamella.sample.clips import encode_clip, frames, make_clip
from lamella.sample.paint import draw
from lamella.sample.rng import Rng
from tests.faults import mutate

FORMATS = {
    "jpeg": ("JPEG", {"quality": 85}),
    "progressive": ("JPEG", {"quality": 85, "progressive": True}),
    "png": ("PNG", {}),
    "palette": ("PNG", {}),
    "gif": ("GIF", {}),
    "webp": ("WEBP", {"quality": 80}),
    "lossless": ("WEBP", {"lossless": True}),
    "avif": ("AVIF", {"quality": 60}),
}
_ORIGINALS = 5  # of each format


def picture(seed: int) -> tuple[str, bytes, bytes]:
    """(name, the original, the damaged one)."""
    rng = Rng("picture", seed)
    form = rng.pick(tuple(FORMATS))
    original = _picture(form, rng.below(_ORIGINALS))
    name, data = mutate.mutated(original, rng)
    return f"{form} {name}", original, data


def clip(seed: int) -> tuple[str, bytes, bytes]:
    """(name, the original, the damaged one)."""
    rng = Rng("clip", seed)
    form = rng.pick(("mp4", "webm"))
    original = _clip(form, rng.below(2))
    name, data = mutate.mutated(original, rng)
    return f"{form} {name}", original, data


@cache
def _picture(form: str, number: int) -> bytes:
    image, _ = draw(f"original {number}", (180 + 20 * number, 160))
    if form in ("palette", "gif"):
        image = image.quantize(64)
    kind, options = FORMATS[form]
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@cache
def _clip(form: str, number: int) -> bytes:
    clip = make_clip(f"original {number}", duration_s=3.0)
    if form == "mp4":
        return encode_clip(clip)
    out = BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=4)
        stream.width, stream.height = clip.size
        stream.pix_fmt = "yuv420p"
        for image in frames(clip):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()
