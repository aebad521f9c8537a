"""Pages -> documents, rejections and counters; the sums hold."""

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import TextNode
from lamella.schemas.media import Alias
from lamella.schemas.page import Page, Provenance
from lamella.schemas.rejection import Reason, Rejection, Unit
from lamella.transforms.extract.extract import extract_document
from lamella.transforms.extract.stage import ExtractDocuments

CONFIG = ExtractConfig(timeout_s=1.0, max_nodes=20)
PROSE = "<p>A flamingo strains its food from the water through the fine comb in its beak.</p>"
BOMB = "<p " + " ".join(f"a{i}=1" for i in range(200_000)) + ">"


def page(html: str, key: str = "k", **more) -> Page:
    provenance = Provenance(archive="a.warc.gz", offset=7, length=9)
    return Page(key=key, url="http://a.example/p", html=html, provenance=provenance, **more)


def test_a_document():
    html = f"<head><title>Beaks</title><meta name=robots content=noai></head><body>{PROSE}<img src=1.jpg>{PROSE}<img src=2.jpg>"
    (document,) = extract_document(page(html, robots_header="noindex", tdm_reservation="1", truncated=True), CONFIG)
    assert (document.key, document.url, document.title) == ("k", "http://a.example/p", "Beaks")
    assert document.robots == "noai, noindex, tdm-reservation: 1"
    assert (document.truncated, document.provenance.offset, len(document.images)) == (True, 7, 2)
    phi = [(node.previous_image, node.next_image) for node in document.nodes if isinstance(node, TextNode)]
    assert phi == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("", Reason.NO_CONTENT),
        ("<img src=1.jpg>", Reason.NO_CONTENT),
        (PROSE, Reason.NO_MEDIA),
        (f"<main>{PROSE * 5}</main><footer><img src=1.jpg></footer>", Reason.NO_MEDIA),
        (BOMB, Reason.PAGE_TOO_COSTLY),
        (PROSE * 20 + "<img src=1.jpg>", Reason.PAGE_TOO_COSTLY),
    ],
)
def test_rejections(html, reason):
    rejection, *bare = extract_document(page(html), CONFIG)
    assert isinstance(rejection, Rejection)
    shows = ["http://a.example/1.jpg"] if html == "<img src=1.jpg>" else []
    assert [node.url for it in bare for node in it.page.nodes] == shows  # no document, and its pictures may have alts
    assert (rejection.unit, rejection.reason, rejection.key) == (Unit.PAGE, reason, "k")
    assert (rejection.archive, rejection.offset) == ("a.warc.gz", 7)


def test_a_page_speaks_of_its_own_pictures_and_of_sizes_at_one_host():
    shows = (
        '<a href="/r.jpg"><img src="https://cdn.example/t/r.jpg" width=90></a>',
        '<a href="https://b.example/s.jpg"><img src="https://b.example/t/s.jpg" width=90></a>',
        '<a href="https://b.example/u.jpg"><img src="https://c.example/t/u.jpg" width=90></a>',
    )
    found = extract_document(page(f"<main>{PROSE}{PROSE.join(shows)}{PROSE}</main>"), CONFIG)
    assert [one.url for one in found if isinstance(one, Alias)] == ["http://a.example/r.jpg", "https://b.example/s.jpg"]


def test_the_stage():
    pages = [page(f"{PROSE}<img src=1.jpg>", "a"), page(PROSE, "b"), page(f"{PROSE}<img src=2.jpg>{PROSE}", "c")]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        outcome = pipeline | beam.Create(pages) | ExtractDocuments(CONFIG)
        assert_that(outcome.kept | beam.Map(lambda document: document.key), equal_to(["a", "c"]), label="kept")
        assert_that(outcome.rejected | beam.Map(lambda left: left.reason.value), equal_to(["no_media"]), label="rejected")
        sums = outcome.counters | beam.Map(lambda t: ((t.unit.value, t.kind.value), t.count)) | beam.CombinePerKey(sum)
        expected = {
            ("page", "in"): 3,
            ("page", "kept"): 2,
            ("document", "made"): 2,
            ("document", "kept"): 2,
            ("node", "made"): 5,
            ("node", "kept"): 5,
        }
        assert_that(sums, equal_to(list(expected.items())), label="counters")
