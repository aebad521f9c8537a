"""A node of a document in; the pairs that it proposes to one dataset out, before any rule.

Each image and each text stands in at most one pair of a dataset and source; a clip gives one pair. What leaves a pair out
is decided in the rulebooks, where the whole corpus is known. `transforms.pair.rules` says which dataset takes which.
"""

from collections.abc import Iterable

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import ImageNode, InterleavedDocument, Node, VideoNode
from lamella.schemas.keys import stable_key
from lamella.schemas.pair import CaptionSource, ImageTextPair, Pair, VideoTextPair
from lamella.transforms.formats.urls import host_of, registered_domain
from lamella.transforms.formats.words import words
from lamella.transforms.pair.captions import clean, without_dates_and_places
from lamella.transforms.pair.tracks import said_during


def alts(document: InterleavedDocument, node: Node, config: PairConfig) -> Iterable[Pair]:
    """ALIGN: a picture and its alt text."""
    if isinstance(node, ImageNode) and (alt := clean(node.alt)):
        yield image_pair(document, node, Dataset.ALIGN, CaptionSource.ALT, alt)


def captions(document: InterleavedDocument, node: Node, config: PairConfig) -> Iterable[Pair]:
    """LTIP: a picture and the captions that its page gives it, where the site is one of those chosen."""
    if isinstance(node, ImageNode) and _is_rich_site(document.url, config):
        for source, text in _captions(node, config):
            yield image_pair(document, node, Dataset.LTIP, source, text)


def clips(document: InterleavedDocument, node: Node, config: PairConfig) -> Iterable[Pair]:
    """VTP: the start of a video and one of its texts."""
    if isinstance(node, VideoNode) and (pair := _clip(document, node, config)):
        yield pair


def image_pair(
    document: InterleavedDocument, node: ImageNode, dataset: Dataset, source: CaptionSource, text: str
) -> ImageTextPair:
    return ImageTextPair(
        key=stable_key(document.key, node.position, dataset, source),
        dataset=dataset,
        document=document.key,
        page_url=document.url,
        media=node.media,
        text=text,
        source=source,
    )


def _is_rich_site(url: str, config: PairConfig) -> bool:
    """Whether the page's site is among those chosen for their descriptions; all are, where none are chosen."""
    return config.ltip_sites is None or bool({host_of(url), registered_domain(url)} & set(config.ltip_sites))


def _captions(node: ImageNode, config: PairConfig) -> Iterable[tuple[CaptionSource, str]]:
    """Captions and descriptions, and the alt where it is as long as a caption; one text is proposed once an image."""
    alt = clean(node.alt)
    found = {
        CaptionSource.FIGCAPTION: clean(node.caption),
        CaptionSource.DESCRIPTION: clean(node.description),
        CaptionSource.ALT: alt if len(words(alt)) >= config.ltip_min_words else "",
    }
    proposed = set()
    for source, text in found.items():
        if len(text) <= config.max_caption_characters:  # what is longer leaves by that rule, untouched
            text = without_dates_and_places(text)
        if text and text not in proposed:
            proposed.add(text)
            yield source, text


def _clip(document: InterleavedDocument, node: VideoNode, config: PairConfig) -> VideoTextPair | None:
    """The first `max_clip_s` of a video, with the first of its texts that says enough; else with the first that it has."""
    start_s, end_s = 0.0, min(node.media.duration_s, config.max_clip_s)
    texts = {
        CaptionSource.CAPTION: clean(node.caption),
        CaptionSource.TRACK: clean(said_during(node.cues, start_s, end_s, config)),
        CaptionSource.NEARBY: clean(node.nearest_text),
        CaptionSource.TITLE: clean(document.title),
    }
    found = [(source, text) for source, text in texts.items() if text]
    if not found:
        return None
    enough = (it for it in found if len(words(it[1])) >= config.min_alt_words)
    source, text = next(enough, found[0])
    return VideoTextPair(
        key=stable_key(document.key, node.position, Dataset.VTP, source),
        document=document.key,
        page_url=document.url,
        media=node.media,
        text=text,
        source=source,
        start_s=start_s,
        end_s=end_s,
    )
