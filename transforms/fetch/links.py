"""Documents and candidates -> the distinct media they refer to, with the number of documents, and what their pages forbid."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from lamella.schemas.config import FetchConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.media import MediaKind, MediaLink
from lamella.schemas.pair import CandidatePair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.fetch.opt_out import page_opt_out, product_of
from lamella.transforms.fetch.path_rules import longest, path_of
from lamella.transforms.fetch.site_rules import rsl_rules
from lamella.transforms.fetch.usage import rsl_opt_out
from lamella.transforms.formats.rsl import prohibited_in
from lamella.transforms.formats.site_files import site_of
from lamella.transforms.formats.urls import join_url
from lamella.transforms.formats.use_headers import licence_in

# A URL that is linked as several kinds is taken as the first of these.
_KINDS = (MediaKind.VIDEO, MediaKind.IMAGE, MediaKind.TRACK)


class Mention(NamedTuple):
    """What documents say of one URL; sums of mentions are mentions."""

    kind: int  # index in `_KINDS`
    documents: int  # that show it
    pages: int  # that show it: those of documents, and others that propose a pair with it
    closed: int  # of these, pages that forbid their own use
    opt_out: str  # a page's directive that forbids the media; the first in the alphabet, so that order does not matter
    closed_by: str
    licence: str = ""  # of RSL, that a page names, a space, and the page; the first in the alphabet
    said: str = ""  # when the last page was crawled that forbids something


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest(MediaLink):
    """A link with what the pages that show it say: `opt_out` is "" or the directive that forbids it."""

    opt_out: str = ""
    licence: str = ""  # address of a licence of RSL, a space, and the page that names it
    said: str = ""  # when the last page was crawled that forbids something


def media_of(document: InterleavedDocument) -> dict[str, MediaKind]:
    """The URLs of a document's images, videos and tracks, each once."""
    found: dict[str, MediaKind] = {}
    for node in document.nodes:
        match node:
            case ImageNode(url=url):
                found.setdefault(url, MediaKind.IMAGE)
            case VideoNode(url=url, track=track):
                found[url] = MediaKind.VIDEO
                if track:
                    found.setdefault(track, MediaKind.TRACK)
    return found


class OnPage(NamedTuple):
    """A page that shows a URL, once however often it does, and whatever was made of it."""

    page: str  # its document's key
    url: str
    kind: int  # index in `_KINDS`
    robots: str
    crawl_time: str


def shown_by(document: InterleavedDocument) -> Iterable[tuple[str, OnPage]]:
    """(URL, page) for each distinct URL of a document."""
    for url, kind in media_of(document).items():
        yield url, OnPage(document.key, document.url, _KINDS.index(kind), document.robots, document.provenance.crawl_time)


def wanted_by(candidate: CandidatePair) -> Iterable[tuple[str, OnPage]]:
    """(URL, page) of a candidate's media, and of its track."""
    for url, kind in ((candidate.url, candidate.kind), (candidate.track, MediaKind.TRACK)):
        if url:
            kind_at = _KINDS.index(kind)
            yield url, OnPage(candidate.document, candidate.page_url, kind_at, candidate.robots, candidate.crawl_time)


def mention_of(shown: tuple[str, tuple], config: FetchConfig) -> tuple[str, Mention]:
    """A page's word on a URL that it shows."""
    url, page = shown[0], OnPage(*shown[1])
    forbids = page_opt_out(page.robots, product_of(config.user_agent), config.opt_outs)
    media = forbids.media or (config.opt_outs.rsl and _prohibited(url, page)) or ""
    said = page.crawl_time if media or forbids.page else ""
    licence = licence_in(page.robots)
    if licence and (licence := join_url(page.url, licence)):
        licence = f"{licence} {page.url}"
    return url, Mention(page.kind, 0, 1, int(bool(forbids.page)), media, forbids.page, licence, said)


def _prohibited(url: str, page: OnPage) -> str:
    """What a licence that stands in the page prohibits, of the page itself or of the URL that it shows.

    Of another site, where pictures are often kept, it speaks where it names that.
    """
    said = prohibited_in(page.robots)
    if not said:
        return ""
    own = site_of(page.url)
    for place in (page.url, url):
        site = site_of(place)
        rules = rsl_rules(said, f"https://{site}", named=site != own)
        if word := rsl_opt_out(use for uses in longest(rules, path_of(place)) for use in uses):
            return f"rsl of a page: {word}"
    return ""


def document_mentions(document: InterleavedDocument) -> Iterable[tuple[str, Mention]]:
    """(URL, mention) for each distinct URL: a document counts once, however often it shows a picture."""
    for url, kind in media_of(document).items():
        yield url, Mention(_KINDS.index(kind), 1, 0, 0, "", "")


def urls_shown(document: InterleavedDocument) -> Iterable[tuple[str, str]]:
    """(URL, document key) for each distinct URL."""
    for url in media_of(document):
        yield url, document.key


def sum_mentions(mentions: Iterable[Mention]) -> Mention:
    """Associative and commutative, so that it can be summed in any grouping."""
    kind, documents, pages, closed, opt_out, closed_by, licence, said = len(_KINDS) - 1, 0, 0, 0, "", "", "", ""
    for mention in mentions:
        kind = min(kind, mention.kind)
        documents += mention.documents
        pages += mention.pages
        closed += mention.closed
        opt_out = min(filter(None, (opt_out, mention.opt_out)), default="")
        closed_by = min(filter(None, (closed_by, mention.closed_by)), default="")
        licence = min(filter(None, (licence, mention.licence)), default="")
        said = max(said, mention.said)
    return Mention(kind, documents, pages, closed, opt_out, closed_by, licence, said)


def as_link(url: str, mention: Mention) -> FetchRequest:
    """A directive on pictures (noai ...) counts on any page that shows this one; noindex, only where every page has it.

    Sites put noindex on lists and tags whose pictures stand on open pages too; and who writes noimageai on the artist's
    page means the picture.
    """
    every_page_closed = mention.closed_by if mention.closed == mention.pages else ""
    return FetchRequest(
        url=url,
        kind=_KINDS[mention.kind],
        documents=mention.documents,
        opt_out=mention.opt_out or every_page_closed,
        licence=mention.licence,
        said=mention.said,
    )
