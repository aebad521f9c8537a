"""Small media files for the tests of fetch: pictures, films and tracks as bytes, and links to them."""

import io

import av
import numpy as np
from PIL import Image

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.schemas.media import BlobRef, Container, MediaKind
from lamella.transforms.base.memory import Memory
from lamella.transforms.base.remembered import RememberedModel
from lamella.transforms.fetch.captured import FetchResponse
from lamella.transforms.fetch.stage import FetchMedia
from lamella.transforms.media.store import MediaStore

VTT = b"WEBVTT\n\n1\n00:00.000 --> 00:01.000\n<v Ann>Hello &amp; welcome</v>\n\nNOTE no cue\n\n00:01.000 --> 00:02.000\nto\nus"


def picture(seed=0, size=(100, 80), kind="PNG") -> bytes:
    """Big coloured squares: pictures of different seeds are no copies, of one seed and different size they are."""
    squares = np.random.default_rng(seed).integers(0, 255, (8, 10, 3), dtype=np.uint8)
    image = Image.fromarray(squares).resize(size, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def plain(colour="red", size=(100, 80), mode="RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, "PNG")
    return out.getvalue()


def film(seconds=3, fps=5, size=(64, 48)) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(seconds * fps):
            pixels = np.zeros((size[1], size[0], 3), np.uint8)
            pixels[:, : 1 + number] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def captured(data=b"", kind=MediaKind.IMAGE, **fields) -> FetchResponse:
    blob = BlobRef(path="media/packs/x.tar", offset=0, length=len(data), container=Container.RAW)
    defaults = {"url": "https://a.org/1.png", "documents": 1, "source": "http", "blob": blob}
    return FetchResponse(kind=kind, **defaults | fields)


def memory_at(root: str) -> Memory:
    return Memory(root=f"{root}/memory")


def media_finder(config: FetchConfig, root: str, memory: Memory | None = None) -> FetchMedia:
    """FetchMedia of a run's folder, with a memory of its own where none is given."""
    remembered = RememberedModel("decoders", memory or memory_at(root), buckets=3)
    return FetchMedia(config, MediaStore.of(root, ReadConfig(), config), remembered)
