"""Image-text and video-text pairs: one media file, one text, where the text came from, and what models said of them."""

from dataclasses import dataclass
from enum import StrEnum

from lamella.schemas.datasets import Dataset
from lamella.schemas.media import Media, MediaKind


class CaptionSource(StrEnum):
    ALT = "alt"
    FIGCAPTION = "figcaption"
    CAPTION = "caption"  # video title, aria-label
    DESCRIPTION = "description"  # aria-describedby
    TITLE = "title"
    TRACK = "track"  # VTT
    NEARBY = "nearby"  # nearest heading and paragraph
    SYNTHETIC = "synthetic"  # CapFilt's captioner


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CapFilt:
    """What captioner and matcher said of a pair (BLIP, section 3.3)."""

    synthetic_text: str
    web_match: float  # probability that web text and picture match
    synthetic_match: float
    chosen: CaptionSource  # SYNTHETIC, or the pair's own source
    captioner: str  # model and weights
    matcher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTextPair:
    key: str  # stable_key(document key, node position, dataset, source)
    dataset: Dataset  # ALIGN or LTIP
    document: str  # key of the document it came from
    page_url: str
    media: Media
    text: str  # the web's text, cleaned
    source: CaptionSource
    clip_score: float | None = None
    clip_model: str = ""
    capfilt: CapFilt | None = None

    @property
    def caption(self) -> str:
        """The text to train on: the synthetic one where CapFilt chose it."""
        return chosen_text(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTextPair:
    key: str
    document: str
    page_url: str
    media: Media
    text: str
    source: CaptionSource
    start_s: float = 0.0  # the clip within the video
    end_s: float = 0.0
    dataset: Dataset = Dataset.VTP
    clip_score: float | None = None  # of the clip's middle frame
    clip_model: str = ""
    capfilt: CapFilt | None = None

    @property
    def caption(self) -> str:
        return chosen_text(self)


Pair = ImageTextPair | VideoTextPair


def chosen_text(pair: Pair) -> str:
    """CapFilt's choice for this pair, or the web's text where none was made."""
    if pair.capfilt and pair.capfilt.chosen is CaptionSource.SYNTHETIC:
        return pair.capfilt.synthetic_text
    return pair.text
