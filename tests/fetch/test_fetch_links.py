"""Documents -> distinct links; and what an address alone, or its pages, earn."""

from itertools import permutations

import pytest

from lamella.schemas.config import FetchConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode
from lamella.schemas.media import MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CandidatePair, CaptionSource, Dataset
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.fetch.address_rules import judge_link
from lamella.transforms.fetch.links import (
    FetchRequest,
    as_link,
    shown_by,
    sum_mentions,
    wanted_by,
)

CONFIG = FetchConfig()


def document(*nodes, key="d", robots="") -> InterleavedDocument:
    return InterleavedDocument(
        key=key,
        url=f"https://example.org/{key}",
        nodes=nodes,
        provenance=Provenance(archive="a.warc", offset=0, length=1),
        robots=robots,
    )


def links_of(*documents) -> dict[str, FetchRequest]:
    mentions = {}
    for each in documents:
        for url, mention in shown_by(each, CONFIG):
            mentions.setdefault(url, []).append(mention)
    return {url: as_link(url, sum_mentions(found)) for url, found in mentions.items()}


def image(url):
    return ImageNode(url=url, position=0)


def test_documents_are_counted_not_occurrences():
    found = links_of(
        document(image("https://a.org/1.png"), TextNode(text="x", position=1), image("https://a.org/1.png"), key="1"),
        document(image("https://a.org/1.png"), image("https://a.org/2.png"), key="2"),
    )
    assert {url: link.documents for url, link in found.items()} == {"https://a.org/1.png": 2, "https://a.org/2.png": 1}


def test_videos_and_tracks_are_links_too():
    video = VideoNode(url="https://a.org/v.mp4", position=0, track="https://a.org/v.vtt", poster="https://a.org/p.png")
    assert {url: link.kind for url, link in links_of(document(video, image("https://a.org/v.mp4"))).items()} == {
        "https://a.org/v.mp4": MediaKind.VIDEO,
        "https://a.org/v.vtt": MediaKind.TRACK,
    }


def test_a_directive_on_pictures_holds_wherever_they_stand_noindex_only_where_all_pages_have_it():
    url = "https://a.org/1.png"
    plain, noai = document(image(url), key="1"), document(image(url), key="2", robots="noai")
    noindex, other = document(image(url), key="3", robots="noindex"), document(image(url), key="4", robots="none")
    assert links_of(plain)[url].opt_out == ""
    assert links_of(plain, noai)[url].opt_out == "robots of a page: noai"
    assert links_of(plain, noindex)[url].opt_out == ""
    assert links_of(noindex, other)[url].opt_out == "robots of a page: noindex"


def test_a_page_that_proposes_a_pair_is_asked_and_no_document():
    candidate = CandidatePair(
        key="c",
        dataset=Dataset.VTP,
        document="p",
        page_url="https://example.org/p",
        url="https://a.org/v.mp4",
        kind=MediaKind.VIDEO,
        text="a fox runs",
        source=CaptionSource.CAPTION,
        track="https://a.org/v.vtt",
        robots="noindex",
    )
    found = {url: as_link(url, mention) for url, mention in wanted_by(candidate, CONFIG)}
    assert {url: (link.kind, link.documents, link.opt_out) for url, link in found.items()} == {
        "https://a.org/v.mp4": (MediaKind.VIDEO, 0, "robots of a page: noindex"),
        "https://a.org/v.vtt": (MediaKind.TRACK, 0, "robots of a page: noindex"),
    }


def test_a_page_that_shows_and_proposes_a_picture_is_no_other_page():
    url, page = "https://a.org/1.png", document(image("https://a.org/1.png"), key="p", robots="noindex")
    candidate = CandidatePair(
        key="c",
        dataset=Dataset.ALIGN,
        document="p",
        page_url=page.url,
        url=url,
        kind=MediaKind.IMAGE,
        text="a fox runs",
        source=CaptionSource.ALT,
        robots=page.robots,
    )
    said = [mention for _, mention in (*shown_by(page, CONFIG), *wanted_by(candidate, CONFIG))]
    link = as_link(url, sum_mentions(said))
    assert (link.documents, link.opt_out) == (1, "robots of a page: noindex")


def test_a_page_names_a_licence_for_what_it_shows():
    url, named = "https://a.org/1.png", "noarchive, rsl-license: /noai.xml, nosnippet"
    one, other = document(image(url), key="1", robots=named), document(image(url), key="2")
    link = links_of(one, other)[url]
    assert (link.opt_out, link.licence) == ("", "https://example.org/noai.xml https://example.org/1")
    assert links_of(other)[url].licence == ""
    assert links_of(document(image(url), robots="rsl-license: /l.xml, noai"))[url].opt_out == "robots of a page: noai"


@pytest.mark.parametrize(
    ("pattern", "own", "other"),
    [
        ("/", True, True),  # the page itself is meant, and so is what it shows
        ("https://example.org/1", True, True),
        ("/pictures/*", True, False),
        ("/elsewhere/*", False, False),
        ("https://other.example/", False, False),
        ("https://a.org/*", False, True),  # where the page's pictures are kept
        ("HTTP://A.org/1.png$", False, True),
        ("https://a.org", False, True),
        ("https://a.org.other.example/", False, False),
        ("https://a.org/2*", False, False),
        ("*", True, True),
    ],
)
def test_a_page_holds_a_licence_for_what_it_shows(pattern, own, other):
    urls = ("https://example.org/pictures/1.png", "https://a.org/1.png")
    page = document(
        *(image(url) for url in urls),
        key="1",
        robots=f"all, rsl-prohibits: {pattern.replace(':', '%3A')}=search+train-ai, nosnippet",
    )
    found = links_of(page)
    assert tuple(found[url].opt_out for url in urls) == tuple(
        "rsl of a page: prohibits train-ai" if forbidden else "" for forbidden in (own, other)
    )
    but = "rsl-prohibits: /=train-ai, rsl-prohibits: /1=, rsl-prohibits: /pictures/open%2C/="
    kept = links_of(document(image("https://example.org/pictures/open,/1.png"), image(urls[0]), key="1", robots=but))
    assert [link.opt_out for link in kept.values()] == ["", "rsl of a page: prohibits train-ai"]
    searched = links_of(document(image(urls[0]), key="1", robots="rsl-prohibits: /=search"))
    assert searched[urls[0]].opt_out == ""


def test_sums_do_not_depend_on_order_or_grouping():
    url = "https://a.org/1.png"
    robots = ["", "noai", "noindex", "noimageai"]
    mentions = [dict(shown_by(document(image(url), robots=each), CONFIG))[url] for each in robots]
    whole = sum_mentions(mentions)
    for order in permutations(mentions):
        assert sum_mentions(order) == whole
        assert sum_mentions([sum_mentions(order[:2]), sum_mentions(order[2:])]) == whole


@pytest.mark.parametrize(
    "url, reason",
    [
        ("https://a.org/photo.jpg", None),
        ("https://a.org/img/Logo.png", Reason.BLOCKED_URL),
        ("https://a.org/favicon.png", Reason.BLOCKED_URL),
        ("https://a.org/buttons/x.png", Reason.BLOCKED_URL),
        ("https://logo.org/photo.jpg", None),
        ("https://a.org/photo.jpg?widget=1", None),
        ("https://a.org/%6Cogo.png", Reason.BAD_URL),  # not canonical
        ("https://a.org/l%C3%B6wen/sex/1.jpg", Reason.UNSAFE_IMAGE),
        ("https://a.org/my-xxx_pics/1.jpg", Reason.UNSAFE_IMAGE),
        ("https://a.org/Porn.jpg", Reason.UNSAFE_IMAGE),
        ("https://a.org/sussex/essex/sextant.jpg", None),
        ("https://a.org/" + "x" * 4100 + ".jpg", Reason.BAD_URL),
        ("ftp://a.org/1.jpg", Reason.BAD_URL),
        ("", Reason.BAD_URL),
        ("HTTPS://A.org/1.jpg", Reason.BAD_URL),
    ],
)
def test_addresses(url, reason):
    (out,) = judge_link(FetchRequest(url=url, kind=MediaKind.IMAGE, documents=1), CONFIG)
    assert (out.reason if isinstance(out, Rejection) else None) is reason
    if reason:
        assert (out.key, out.url) == (url, url)


def test_opt_outs_of_pages_are_honoured_unless_told_otherwise():
    link = FetchRequest(url="https://a.org/1.png", kind=MediaKind.IMAGE, documents=1, opt_out="robots of a page: noai")
    (out,) = judge_link(link, CONFIG)
    assert (out.reason, out.detail) == (Reason.OPTED_OUT, "robots of a page: noai")
    assert list(judge_link(link, FetchConfig(honour_opt_outs=False))) == [link]


def test_no_words_block_nothing():
    link = FetchRequest(url="https://a.org/logo/sex.png", kind=MediaKind.IMAGE, documents=1)
    assert list(judge_link(link, FetchConfig(blocked_url_words=(), unsafe_url_words=()))) == [link]
