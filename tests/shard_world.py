"""A small run's folder: pictures and a clip in one pack, and the documents and pairs that refer to them."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from PIL import Image

from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode, with_phi
from lamella.schemas.keys import stable_key
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CaptionSource, Dataset, ImageTextPair, VideoTextPair

COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200))


def png(colour, size=(500, 250)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def clip(seconds: int, size=(64, 48)) -> bytes:
    """An MP4 of one grey a second: second n has grey 20 n + 20."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 1_000_000
        for index in range(seconds * 5):
            grey = np.full((size[1], size[0], 3), 20 + index // 5 * 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


class World:
    """Makes records whose media lie in `media/packs/one.tar` of the run's folder."""

    def __init__(self, root: Path):
        self.root = root
        self.pack = root / "media" / "packs" / "one.tar"
        self.pack.parent.mkdir(parents=True)
        self.pack.write_bytes(b"")
        self.pictures = [self.add(png(colour), index) for index, colour in enumerate(COLOURS)]
        self.video = self.add(clip(5), 9, kind=MediaKind.VIDEO, mime="video/mp4", duration_s=5.0)

    def add(self, data: bytes, number: int, kind=MediaKind.IMAGE, mime="image/png", duration_s=0.0) -> Media:
        offset = self.pack.stat().st_size
        with self.pack.open("ab") as out:
            out.write(data)
        return Media(
            url=f"https://example.org/{number}",
            kind=kind,
            blob=BlobRef(path="media/packs/one.tar", offset=offset, length=len(data), container=Container.RAW),
            sha256=sha256(data).hexdigest(),
            mime=mime,
            bytes=len(data),
            width=500,
            height=250,
            source="http",
            phash=f"{number:016x}",
            duration_s=duration_s,
        )

    def document(self, number: int, **changes) -> InterleavedDocument:
        first, second = self.pictures[number % 3], self.pictures[(number + 1) % 3]
        nodes = (
            TextNode(text=f"Opening {number}", position=1),
            ImageNode(url=first.url, position=2, alt="first", media=first, clip_score=0.5, clip_model="m"),
            TextNode(text="Between", position=5),
            VideoNode(url="https://example.org/9", position=6, caption="a film", media=self.video),
            ImageNode(url=second.url, position=7, alt="second", media=second),
            TextNode(text="End \u2028 ünï", position=9),
        )
        values = {
            "key": stable_key("page", number),
            "url": f"https://example.org/page/{number}",
            "nodes": with_phi(nodes),
            "provenance": Provenance(archive="a.warc.gz", offset=number, length=100, record_id="r", crawl_time="2026"),
            "title": "T",
            "language": "en",
            "language_score": 1.0,
        }
        return InterleavedDocument(**(values | changes))

    def pair(self, number: int, dataset: Dataset = Dataset.ALIGN, **changes) -> ImageTextPair:
        document = stable_key("page", number)
        values = {
            "key": stable_key(document, 2, dataset, "alt"),
            "dataset": dataset,
            "document": document,
            "page_url": f"https://example.org/page/{number}",
            "media": self.pictures[number % 3],
            "text": f"picture {number}",
            "source": CaptionSource.ALT,
            "match": 0.75,
            "matcher": "x",
            "clip_score": 0.25,
            "clip_model": "m",
        }
        return ImageTextPair(**(values | changes))

    def synthetic(self, number: int, dataset: Dataset = Dataset.ALIGN) -> ImageTextPair:
        """The captioner's text of the same picture."""
        key = stable_key(self.pictures[number % 3].sha256, dataset, "synthetic", number)
        made = {"text": f"synthetic {number}", "source": CaptionSource.SYNTHETIC, "captioner": "c", "clip_score": None}
        return self.pair(number, dataset, key=key, clip_model="", **made)

    def film(self, number: int, **changes) -> VideoTextPair:
        document = stable_key("page", number)
        values = {
            "key": stable_key(document, 6, Dataset.VTP, "caption"),
            "document": document,
            "page_url": f"https://example.org/page/{number}",
            "media": self.video,
            "text": f"film {number}",
            "source": CaptionSource.CAPTION,
            "start_s": 1.0,
            "end_s": 4.0,
        }
        return VideoTextPair(**(values | changes))
