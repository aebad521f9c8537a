"""A node of a page -> the pairs that it proposes to one dataset, before any fetch and any rule.

Pages propose alike, with or without a text that makes a document. An alt is ALIGN's, or LTIP's if it is too long for ALIGN;
captions and descriptions are LTIP's; a video proposes one text. `transforms.pair.rules` says which dataset takes which.
"""

from collections.abc import Iterable

from lamella.schemas.config import PairConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import ImageNode, InterleavedDocument, Node, VideoNode
from lamella.schemas.keys import stable_key
from lamella.schemas.media import MediaKind
from lamella.schemas.pair import CandidatePair, CaptionSource
from lamella.transforms.formats.urls import host_of, registered_domain
from lamella.transforms.formats.words import words
from lamella.transforms.pair.captions import clean, normalised, without_dates_and_places


def alts(page: InterleavedDocument, node: Node, config: PairConfig) -> Iterable[CandidatePair]:
    """ALIGN: a picture and its alt text."""
    if isinstance(node, ImageNode) and (alt := clean(node.alt)):
        yield candidate(page, node, Dataset.ALIGN, CaptionSource.ALT, text=alt)


def captions(page: InterleavedDocument, node: Node, config: PairConfig) -> Iterable[CandidatePair]:
    """LTIP: a picture and the captions that its page gives it, where the site is one of those chosen."""
    if isinstance(node, ImageNode) and _is_rich_site(page.url, config):
        for source, text in _captions(node, config):
            yield candidate(page, node, Dataset.LTIP, source, text=text)


def clips(page: InterleavedDocument, node: Node, config: PairConfig) -> Iterable[CandidatePair]:
    """VTP: a video and the first of its texts that says enough, or the first that it has; what its track says comes later.

    A text beside several videos speaks of none of them more than of the others: the first has it. So has the page's title,
    where the page shows one video alone.
    """
    if not isinstance(node, VideoNode):
        return
    texts = {CaptionSource.CAPTION: node.caption}
    if _is_first_beside(page, node):
        texts[CaptionSource.NEARBY] = node.nearest_text
    if len(page.videos) == 1:
        texts[CaptionSource.TITLE] = page.title
    found = [(source, said) for source, text in texts.items() if (said := clean(text))]
    enough = (it for it in found if len(words(it[1])) >= config.min_alt_words)
    if found or node.track:
        source, text = next(enough, found[0] if found else (CaptionSource.TRACK, ""))
        yield candidate(page, node, Dataset.VTP, source, text=text)


def candidate(
    page: InterleavedDocument, node: ImageNode | VideoNode, dataset: Dataset, source: CaptionSource, *, text: str
) -> CandidatePair:
    """What a node proposes to a dataset."""
    return CandidatePair(
        key=stable_key(page.key, node.position, dataset, source),
        dataset=dataset,
        document=page.key,
        page_url=page.url,
        url=node.url,
        kind=MediaKind.IMAGE if isinstance(node, ImageNode) else MediaKind.VIDEO,
        text=text,
        source=source,
        track=node.track if isinstance(node, VideoNode) else "",
        language=page.language,
        language_score=page.language_score,
        robots=page.robots,
        crawl_time=page.provenance.crawl_time,
    )


def _is_rich_site(url: str, config: PairConfig) -> bool:
    """Whether the page's site is among those chosen for their descriptions; all are, where none are chosen."""
    return config.ltip_sites is None or bool({host_of(url), registered_domain(url)} & set(config.ltip_sites))


def _captions(node: ImageNode, config: PairConfig) -> Iterable[tuple[CaptionSource, str]]:
    """Captions and descriptions, and the alt where it is longer than an alt may be; one text is proposed once an image."""
    alt = clean(node.alt)
    found = {
        CaptionSource.FIGCAPTION: clean(node.caption),
        CaptionSource.DESCRIPTION: clean(node.description),
        CaptionSource.TITLE: title if len(words(title := clean(node.title))) >= config.ltip_min_words else "",
        CaptionSource.ALT: alt if len(words(alt)) > config.max_alt_words else "",
    }
    proposed = {normalised(alt)} if found[CaptionSource.ALT] == "" else set()  # an alt that is ALIGN's is not LTIP's too
    for source, text in found.items():
        if len(text) > config.max_caption_characters:
            said = text  # it leaves by that rule
        else:
            said = without_dates_and_places(text, config.min_place_people)
        if said and not {normalised(text), normalised(said)} & proposed:
            proposed |= {normalised(text), normalised(said)}
            yield source, said


def _is_first_beside(page: InterleavedDocument, node: VideoNode) -> bool:
    return next(one.position for one in page.videos if one.nearest_text == node.nearest_text) == node.position
