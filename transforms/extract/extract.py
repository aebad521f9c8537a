"""Page -> InterleavedDocument, or why not (no_content, no_media, page_too_costly), and where it shows its pictures smaller."""

from collections.abc import Iterator

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import BarePage, InterleavedDocument, TextNode, with_phi
from lamella.schemas.keys import stable_key
from lamella.schemas.media import Alias, AliasKind
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.reject import SAMPLE_CHARACTERS
from lamella.transforms.extract.nodes import LeftMedia
from lamella.transforms.extract.parse import PageTooCostly, Parsed
from lamella.transforms.extract.worker.pool import borrowed
from lamella.transforms.formats.urls import host_of


def extract_document(page: Page, config: ExtractConfig) -> Iterator[InterleavedDocument | BarePage | Alias | Rejection]:
    """The page as text, images and videos in reading order. Parsed in a child process within the config's limits.

    A page without text is rejected, and given all the same where it shows something.
    """
    try:
        with borrowed(config) as worker:
            parsed = worker.parse(page.html, page.url)
    except PageTooCostly as cost:
        yield _rejection(page, Reason.PAGE_TOO_COSTLY, str(cost))
        return
    if len(parsed.left) > config.max_nodes:
        yield _rejection(page, Reason.PAGE_TOO_COSTLY, f"{len(parsed.left)} > {config.max_nodes} media that no document holds")
        return
    for number, left in enumerate(parsed.left):
        yield _of_media(page, number, left)
    judged = judge(page, parsed, config)
    yield judged
    if len(parsed.nodes) > config.max_nodes:
        return
    if isinstance(judged, Rejection) and judged.reason is Reason.NO_CONTENT and parsed.nodes:
        yield BarePage(page=document_of(page, parsed))
    for large, small in parsed.smaller:
        # An alias counts for all pages: of another site's picture nobody says that it is a third one's.
        if host_of(large) in (host_of(page.url), host_of(small)):
            yield _shown_smaller(page, large, small)


def judge(page: Page, parsed: Parsed, config: ExtractConfig) -> InterleavedDocument | Rejection:
    """The document of a page that was parsed."""
    texts = [node.text for node in parsed.nodes if isinstance(node, TextNode)]
    if not texts:
        return _rejection(page, Reason.NO_CONTENT, f"0 blocks of text, {len(parsed.nodes)} media")
    if len(texts) == len(parsed.nodes):
        return _rejection(page, Reason.NO_MEDIA, f"{len(texts)} blocks of text, 0 media", texts[0][:SAMPLE_CHARACTERS])
    if len(parsed.nodes) > config.max_nodes:
        return _rejection(page, Reason.PAGE_TOO_COSTLY, f"{len(parsed.nodes)} > {config.max_nodes} nodes")
    return document_of(page, parsed)


def document_of(page: Page, parsed: Parsed) -> InterleavedDocument:
    """All that a page holds, whether or not it is of use."""
    tdm = f"tdm-reservation: {page.tdm_reservation}" if page.tdm_reservation else ""
    return InterleavedDocument(
        key=page.key,
        url=page.url,
        nodes=with_phi(parsed.nodes),
        provenance=page.provenance,
        title=parsed.title,
        robots=", ".join(filter(None, (parsed.robots, page.robots_header, tdm))),
        licence=parsed.licence,
        extraction_confidence=parsed.confidence,
        truncated=page.truncated,
    )


def _shown_smaller(page: Page, large: str, small: str) -> Alias:
    come = page.provenance
    return Alias(
        url=large, kind=AliasKind.SMALLER, archive=come.archive, offset=come.offset, target=small, crawl_time=come.crawl_time
    )


def _of_media(page: Page, number: int, left: LeftMedia) -> Rejection:
    """Of a medium that no document holds."""
    return Rejection(
        stage=Stage.EXTRACT,
        unit=Unit.MEDIA,
        key=stable_key(page.key, "unfit", number),
        reason=Reason(left.reason),
        url=left.url,
        detail=left.detail,
        archive=page.provenance.archive,
        offset=page.provenance.offset,
    )


def _rejection(page: Page, reason: Reason, detail: str, sample: str = "") -> Rejection:
    return Rejection(
        stage=Stage.EXTRACT,
        unit=Unit.PAGE,
        key=page.key,
        reason=reason,
        url=page.url,
        detail=detail,
        sample=sample,
        archive=page.provenance.archive,
        offset=page.provenance.offset,
    )
