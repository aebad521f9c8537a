"""What a page can make of itself is bounded by the page: long bases, URLs and fields, and texts that many pictures share."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, VideoNode
from lamella.schemas.page import Page, Provenance
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.killable import close_all
from lamella.transforms.extract.extract import extract_document
from lamella.transforms.extract.parse import PageTooCostly, parse_html
from lamella.transforms.extract.worker.pool import Worker

CONFIG = ExtractConfig(timeout_s=120)  # no bound in seconds is what is tried here
LONG = "a" * 100_000
PROSE = "<p>A flamingo strains its food from the water through the fine comb of lamellae in its beak.</p>"


@pytest.fixture(autouse=True, scope="module")
def no_children_are_left():
    yield
    close_all()


@pytest.fixture(scope="module")
def worker():
    """One for all pages, as a run has it: it is at its task again after a page that was too costly."""
    worker = Worker(CONFIG)
    yield worker
    worker.close()


def page(body: str) -> str:
    return f"<html><head><title>Lamellae</title></head><body><main>{PROSE}{body}{PROSE}</main></body></html>"


def size_of(parsed) -> int:
    texts = [getattr(node, name, "") for node in parsed.nodes for name in ("text", "url", "alt", "title", "caption")]
    texts += [getattr(node, name, "") for node in parsed.nodes for name in ("description", "nearest_text", "track", "poster")]
    return (
        sum(map(len, texts))
        + len(parsed.title)
        + len(parsed.robots)
        + len(parsed.licence)
        + sum(len(one.url) + len(one.detail) for one in parsed.left)
    )


IMAGES = "".join(f"<img src='i{number}.jpg' alt='x'>{PROSE}" for number in range(500))
FLOODS = {
    "a long base": f"<base href='http://a.example/{LONG}/'>{IMAGES}",
    "long URLs": "".join(f"<img src='/{LONG[:20_000]}{number}.jpg'>{PROSE}" for number in range(20)),
    "a long description": f"<p id=d>{LONG}</p>" + IMAGES.replace("alt", "aria-describedby=d alt"),
    "a description of many names": f"<p id=d>{LONG}</p>" + IMAGES.replace("alt='x'", f"aria-describedby='{'d ' * 500}'"),
    "a long paragraph beside many videos": f"<p>{LONG}</p>" + "<video src=v.mp4></video>" * 500,
    "a long heading over many videos": f"<h2>{LONG}</h2>" + f"<video src=v.mp4></video>{PROSE}" * 500,
    "a long link around pictures": f"<a href='/{LONG}.jpg'>" + "<img src=i.jpg width=50>" * 500 + "</a>",
    "long alts": "".join(f"<img src={number}.jpg alt='{LONG[:50_000]}'>" for number in range(20)),
    "a long srcset": f"<img srcset='{'/i.jpg 1w, ' * 100_000}'>",
    "many backgrounds": f'<div style="{"background:url(" * 50_000}">{PROSE}</div>',
    "many attributes": f"<img src=i.jpg {' '.join(f'data-{number}=x' for number in range(3000))}>",
    "entities": f"<h1>{'&amp;&#65;&notin;' * 20_000}</h1><img src=i.jpg>",
    "a long class": f"<div class='{'content ' * 50_000}'>{IMAGES}</div>",
    "a long robots rule": f"<meta name=robots content='{LONG}'>" * 20 + IMAGES,
    "a long licence": f"<a rel=license href='/{LONG}'>licence</a>{IMAGES}",
    "parts without end": "<img src=i.jpg width=640 height=480>" + "<div>(a) dawn</div>" * 20_000,
    "a long poster": f"<video src=v.mp4 poster='/{LONG}'></video>{PROSE}" * 20,
}


SHARED = {name for name in FLOODS if "description" in name or "heading" in name}  # a text of each of many pictures


@pytest.mark.parametrize("flood", FLOODS)
def test_a_parse_is_no_larger_than_its_page_allows(worker, flood):
    html = page(FLOODS[flood])
    try:
        parsed = worker.parse(html, "http://a.example/p/")
    except PageTooCostly as cost:
        assert flood in SHARED and "bytes of nodes" in str(cost)
        return
    assert size_of(parsed) <= (CONFIG.max_growth if flood in SHARED else 2) * len(html)
    assert any(PROSE[3:20] in getattr(node, "text", "") for node in parsed.nodes)
    for node in parsed.nodes:
        if isinstance(node, ImageNode | VideoNode):
            assert len(node.url) <= CONFIG.max_url_characters


def test_what_grows_all_the_same_is_too_costly(worker):
    base = f"<base href='http://a.example/{'a' * 4000}/'>"
    with pytest.raises(PageTooCostly, match="bytes of nodes"):
        worker.parse(page(base + "".join(f"<img src={number}.jpg>" for number in range(4000))), "http://a.example/")
    assert worker.parse(page("<img src=i.jpg>"), "http://a.example/").nodes  # the next page is its own


def record(html: str) -> Page:
    provenance = Provenance(archive="a.warc.gz", offset=7, length=2)
    return Page(key="k", url="http://a.example/", html=html, provenance=provenance)


def test_each_url_that_is_too_long_is_told():
    images = f"<img src='/{LONG}.jpg'><img src=fit.jpg><img src='/{LONG}2.jpg'>"
    *unfit, document = extract_document(record(page(images)), CONFIG)
    assert [(out.stage, out.unit, out.reason, len(out.url), out.offset) for out in unfit] == [
        (Stage.EXTRACT, Unit.MEDIA, Reason.BAD_URL, 200, 7)
    ] * 2
    assert len({out.key for out in unfit}) == 2
    assert isinstance(document, InterleavedDocument)
    assert [image.url for image in document.images] == ["http://a.example/fit.jpg"]


def test_without_a_base_that_fits_whole_urls_are_left():
    images = f"<base href='/{LONG}'><img src=lost.jpg>{PROSE}<img src='http://b.example/kept.jpg'>"
    unfit, document = extract_document(record(page(images)), CONFIG)
    assert isinstance(unfit, Rejection) and unfit.url == "lost.jpg"
    assert [image.url for image in document.images] == ["http://b.example/kept.jpg"]


def test_more_of_them_than_nodes_make_a_page_too_costly():
    images = f"<base href='/{LONG}'>" + "".join(f"<img src={number}.jpg>" for number in range(30))
    [found] = extract_document(record(page(images)), ExtractConfig(max_nodes=20))
    assert (found.unit, found.reason) == (Unit.PAGE, Reason.PAGE_TOO_COSTLY)


def test_fields_are_cut():
    html = page(f"<img src=i.jpg alt='{LONG}' title='{LONG}' aria-label='{LONG}'>")
    [image] = [node for node in parse_html(html, "http://a.example/", CONFIG).nodes if isinstance(node, ImageNode)]
    assert {len(image.alt), len(image.title), len(image.description)} == {CONFIG.max_field_characters}
