"""Image-text and video-text pairs: one media file, one text, where the text came from, and what models said of both."""

from dataclasses import dataclass
from enum import StrEnum

from lamella.schemas.datasets import Dataset
from lamella.schemas.media import Media, MediaKind
from lamella.schemas.quick_pickle import quick_pickle


class CaptionSource(StrEnum):
    ALT = "alt"
    FIGCAPTION = "figcaption"
    CAPTION = "caption"  # video title, aria-label
    DESCRIPTION = "description"  # aria-describedby
    TITLE = "title"
    TRACK = "track"  # VTT
    NEARBY = "nearby"  # nearest heading and paragraph
    SYNTHETIC = "synthetic"  # a captioner's


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePair:
    """A text that a page gives to one of its pictures or videos, of which nothing was fetched yet."""

    key: str  # stable_key(page key, node position, dataset, source)
    dataset: Dataset
    document: str  # key of the page's document, whether or not it stays
    page_url: str
    url: str  # of the media, canonical
    kind: MediaKind
    text: str  # cleaned; "" for a video that has a track alone
    source: CaptionSource
    track: str = ""  # URL of a video's track
    language: str = ""  # of the page, or of its alts where it has no text
    language_score: float = 0.0
    robots: str = ""  # of the page
    crawl_time: str = ""  # of the page


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTextPair:
    """One text of one picture. The web's text and a captioner's are two pairs (BLIP, section 3.3)."""

    key: str  # stable_key(document key, node position, dataset, source); of a synthetic text (picture, dataset, source)
    dataset: Dataset  # ALIGN or LTIP
    document: str  # key of the document that the picture came from
    page_url: str
    media: Media
    text: str  # the web's, cleaned; or the captioner's
    source: CaptionSource
    captioner: str = ""  # model and weights, where the text is synthetic
    match: float | None = None  # probability that picture and text match; None where no matcher judged them
    matcher: str = ""  # model and weights
    clip_score: float | None = None
    clip_model: str = ""


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTextPair:
    """One text of one clip; models see the clip's middle frame."""

    key: str
    document: str
    page_url: str
    media: Media
    text: str
    source: CaptionSource
    start_s: float = 0.0  # the clip within the video
    end_s: float = 0.0
    dataset: Dataset = Dataset.VTP
    captioner: str = ""
    match: float | None = None
    matcher: str = ""
    clip_score: float | None = None
    clip_model: str = ""


Pair = ImageTextPair | VideoTextPair


def is_synthetic(pair: Pair) -> bool:
    return pair.source is CaptionSource.SYNTHETIC
