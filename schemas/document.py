"""The interleaved document: text, images and videos in reading order, and phi, which gives each text its image."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lamella.schemas.media import Cue, Media
from lamella.schemas.page import Provenance
from lamella.schemas.phi import phi_of
from lamella.schemas.quick_pickle import quick_pickle


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class TextNode:
    """One paragraph, heading, list item, table row or block of code."""

    text: str
    position: int  # order in the DOM; grows, may have gaps
    tag: str = "p"
    previous_image: int = 0  # phi: index from 1 of the last image before this text; 0 where there is none
    next_image: int = 0  # phi: index from 1 of the first image after this text; 0 where there is none


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNode:
    """One content image, in its place."""

    url: str  # absolute, canonical
    position: int
    alt: str = ""
    caption: str = ""  # figcaption, or the caption that stands beside it
    title: str = ""
    description: str = ""  # text named by aria-describedby, or aria-label
    width: int = 0  # px, the page's hint; 0 where it gives none
    height: int = 0
    media: Media | None = None  # set by assemble
    clip_score: float | None = None  # cosine similarity to the nearest text; set by score
    clip_model: str = ""


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class VideoNode:
    """One video, in its place. Videos carry no phi: the interleaved dataset holds images only, clips go to VTP pairs."""

    url: str
    position: int
    caption: str = ""  # figcaption, title or aria-label
    nearest_text: str = ""  # nearest heading and paragraph
    track: str = ""  # URL of a VTT track, absolute
    poster: str = ""
    width: int = 0
    height: int = 0
    media: Media | None = None
    cues: tuple[Cue, ...] = ()  # the track's, where it was found; set by assemble


Node = TextNode | ImageNode | VideoNode


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class TextQuality:
    """What was measured on a document's text. Ratios are 0 to 1; rules in `transforms/filter` compare them."""

    words: int
    mean_word_length: float  # characters
    character_repetition: float  # mass of the most repeated character 10-grams (OBELICS)
    word_repetition: float  # share of word 5-gram occurrences that repeat (OBELICS)
    special_characters: float
    stop_words: float
    stop_word_kinds: int  # different stop words (Gopher asks for 2)
    flagged_words: float
    punctuation: float
    symbols_per_word: float  # '#' and ellipses (Gopher)
    bullet_lines: float
    ellipsis_lines: float
    alphabetic_words: float
    ended_lines: float  # lines that end with punctuation (FineWeb)
    short_lines: float  # lines of at most 30 characters (FineWeb)
    duplicate_lines: float  # share of lines that repeat an earlier one (Gopher)
    duplicate_line_characters: float
    duplicate_paragraphs: float
    duplicate_paragraph_characters: float
    top_ngram_characters: float  # the worst of top 2-, 3-, 4-grams, each over its own Gopher limit: 1.0 is the limit
    duplicate_ngram_characters: float  # the worst of duplicated 5- to 10-grams over its own limit: 1.0 is the limit


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class InterleavedDocument:
    """One page as text, images and videos in reading order."""

    key: str  # the page's key
    url: str  # as crawled
    nodes: tuple[Node, ...]
    provenance: Provenance
    title: str = ""
    canonical_url: str = ""  # set by dedup
    language: str = ""  # ISO 639-1 as fastText says; set by filter
    language_score: float = 0.0
    quality: TextQuality | None = None  # set by filter
    robots: str = ""  # robots meta and X-Robots-Tag of the page, comma-joined
    licence: str = ""  # URL of rel=license, where the page names one
    extraction_confidence: float = 0.0  # 0 to 1: the word F1 to expect of pages like it; 0.0 where it was not measured
    truncated: bool = False

    def with_nodes(self, nodes: Iterable[Node]) -> "InterleavedDocument":
        """The document with other nodes, and their phi: the only way to remove or replace a node."""
        return replace(self, nodes=with_phi(tuple(nodes)))

    @property
    def text(self) -> str:
        return "\n".join(node.text for node in self.nodes if isinstance(node, TextNode))

    @property
    def images(self) -> tuple[ImageNode, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ImageNode))

    @property
    def videos(self) -> tuple[VideoNode, ...]:
        return tuple(node for node in self.nodes if isinstance(node, VideoNode))


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class BarePage:
    """A page that shows pictures or videos and has no text: no document, but its alts and titles describe what it shows."""

    page: InterleavedDocument

    @property
    def provenance(self) -> Provenance:
        return self.page.provenance


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredPage:
    """A page as it was extracted, whether or not its text stays, and what the filter found unsafe on it."""

    page: InterleavedDocument
    unsafe: str = ""

    @property
    def key(self) -> str:
        return self.page.key

    @property
    def url(self) -> str:
        return self.page.url

    @property
    def provenance(self) -> Provenance:
        return self.page.provenance


def with_phi(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The nodes with both phi of every text node set from the images that stand among them; videos are passed over."""
    phi = zip(*phi_of([None if isinstance(node, ImageNode) else "" for node in nodes]), strict=True)
    return tuple(
        replace(node, previous_image=previous, next_image=following) if isinstance(node, TextNode) else node
        for node, (previous, following) in zip(nodes, phi, strict=True)
    )
