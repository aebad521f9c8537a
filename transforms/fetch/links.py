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


@quick_pickle
class Mention(NamedTuple):
    """What documents say of one URL; sums of mentions are mentions."""

    kind: int  # index in `_KINDS`
    documents: int  # that show it
    open: bool  # to use: some page that shows it, or proposes a pair with it, does not forbid its own use
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
    """A page that shows a URL, whatever was made of it."""

    url: str
    robots: str
    crawl_time: str


def shown_by(document: InterleavedDocument, config: FetchConfig) -> Iterable[tuple[str, Mention]]:
    """(URL, mention) for each distinct URL: a document counts once, however often it shows a picture."""
    page = OnPage(document.url, document.robots, document.provenance.crawl_time)
    for url, kind in media_of(document).items():
        yield url, _mention(url, page, kind, config)._replace(documents=1)


def wanted_by(candidate: CandidatePair, config: FetchConfig) -> Iterable[tuple[str, Mention]]:
    """(URL, mention) of a candidate's media, and of its track. Its page says nothing else of a URL where it shows it again."""
    page = OnPage(candidate.page_url, candidate.robots, candidate.crawl_time)
    for url, kind in ((candidate.url, candidate.kind), (candidate.track, MediaKind.TRACK)):
        if url:
            yield url, _mention(url, page, kind, config)


def _mention(url: str, page: OnPage, kind: MediaKind, config: FetchConfig) -> Mention:
    forbids = page_opt_out(page.robots, product_of(config.user_agent), config.opt_outs)
    media = forbids.media or (config.opt_outs.rsl and _prohibited(url, page)) or ""
    said = page.crawl_time if media or forbids.page else ""
    licence = licence_in(page.robots)
    if licence and (licence := join_url(page.url, licence)):
        licence = f"{licence} {page.url}"
    return Mention(_KINDS.index(kind), 0, not forbids.page, media, forbids.page, licence, said)


def _prohibited(url: str, page: OnPage) -> str:
    """What a licence in the page prohibits for the page itself or for the URL that it shows.

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


def urls_shown(document: InterleavedDocument) -> Iterable[tuple[str, str]]:
    """(URL, document key) for each distinct URL."""
    for url in media_of(document):
        yield url, document.key


def sum_mentions(mentions: Iterable[Mention]) -> Mention:
    """Associative and commutative, so that it can be summed in any grouping."""
    kind, documents, is_open, opt_out, closed_by, licence, said = len(_KINDS) - 1, 0, False, "", "", "", ""
    for mention in mentions:
        kind = min(kind, mention.kind)
        documents += mention.documents
        is_open = is_open or mention.open
        opt_out = min(filter(None, (opt_out, mention.opt_out)), default="")
        closed_by = min(filter(None, (closed_by, mention.closed_by)), default="")
        licence = min(filter(None, (licence, mention.licence)), default="")
        said = max(said, mention.said)
    return Mention(kind, documents, is_open, opt_out, closed_by, licence, said)


def as_link(url: str, mention: Mention) -> FetchRequest:
    """A directive on pictures (noai ...) counts on any page that shows this one; noindex, only where every page has it.

    Sites put noindex on lists and tags whose pictures stand on open pages too; and who writes noimageai on the artist's
    page means the picture.
    """
    every_page_closed = "" if mention.open else mention.closed_by
    return FetchRequest(
        url=url,
        kind=_KINDS[mention.kind],
        documents=mention.documents,
        opt_out=mention.opt_out or every_page_closed,
        licence=mention.licence,
        said=mention.said,
    )
