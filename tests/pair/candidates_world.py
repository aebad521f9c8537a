"""Candidates, pictures and clips for the tests of pairs."""

from dataclasses import replace

from lamella.schemas.config import PairConfig
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.pair import CandidatePair, CaptionSource, Dataset, ImageTextPair

CONFIG = PairConfig()
BLOB = BlobRef(path="a.warc", offset=0, length=9, container=Container.WARC)
IMAGE = Media(
    url="https://x.org/a",
    kind=MediaKind.IMAGE,
    blob=BLOB,
    sha256="aa",
    mime="image/png",
    bytes=9,
    width=400,
    height=300,
    source="archive",
)
VIDEO = replace(IMAGE, url="https://x.org/v", kind=MediaKind.VIDEO, sha256="vv", duration_s=30.0)
CAPTION = "A red fox stands in deep snow and looks at us"


def wanted(dataset=Dataset.ALIGN, text="a red fox", **fields):
    known = {"key": "k", "document": "d", "page_url": "https://x.org/d", "url": IMAGE.url, "kind": MediaKind.IMAGE}
    said = {"source": CaptionSource.ALT, "language": "en", "language_score": 0.9}
    return CandidatePair(dataset=dataset, text=text, **(known | said | fields))


def align(text="a red fox", **media):
    return ImageTextPair(
        key="k",
        dataset=Dataset.ALIGN,
        document="d",
        page_url="https://x.org/d",
        media=replace(IMAGE, **media),
        text=text,
        source=CaptionSource.ALT,
    )
