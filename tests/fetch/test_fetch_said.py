"""Documents whose use pages, sites and archives forbid -> when each opt-out was said, in the table of opt-outs."""

from dataclasses import replace

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from fetch_media import media_finder
from fetch_server import Server

from lamella.pipeline.opt_outs import opt_outs_of
from lamella.schemas.document import ImageNode, InterleavedDocument
from lamella.schemas.media import Alias, ArchiveMedia, BlobRef, Container
from lamella.schemas.opt_out import OptOut
from lamella.schemas.page import Provenance
from lamella.schemas.pair import CandidatePair
from lamella.transforms.media.inspection import Inspection

_seen: list[OptOut] = []  # the runner is in this process


def _remember(rows):
    _seen.extend(rows)


def shows(key: str, url: str, crawled: str, robots="") -> InterleavedDocument:
    provenance = Provenance(archive="a.warc", offset=0, length=1, crawl_time=crawled)
    nodes = (ImageNode(url=url, position=0),)
    return InterleavedDocument(key=key, url=f"https://a.org/{key}", nodes=nodes, provenance=provenance, robots=robots)


def test_each_opt_out_has_its_date(tmp_path):
    server = Server()
    _seen.clear()
    try:
        server.robots["127.0.0.1"] = 200, b"User-agent: *\nDisallow: /no/\n"
        by_page, by_site, by_server = "https://a.org/1.png", server.url("/no/2.png"), "https://a.org/3.png"
        documents = [
            shows("1", by_page, "2026-03-01T00:00:00Z", "noai"),
            shows("2", by_page, "2026-02-01T00:00:00Z", "noai"),
            shows("3", by_page, "2026-04-01T00:00:00Z"),  # forbids nothing
            shows("4", by_site, "2026-04-01T00:00:00Z"),
            shows("5", by_server, "2026-04-01T00:00:00Z"),
        ]
        blob = BlobRef(path="none", offset=0, length=1, container=Container.RAW)
        held = ArchiveMedia(url=by_server, blob=blob, mime="image/png", crawl_time="2025-01-01T00:00:00Z", robots_header="noai")
        with TestPipeline(runner=FnApiRunner()) as pipeline:
            archived = pipeline | "a" >> beam.Create([held, replace(held, url=by_page)]).with_output_types(ArchiveMedia)
            inputs = {
                "documents": pipeline | "d" >> beam.Create(documents).with_output_types(InterleavedDocument),
                "candidates": pipeline | "c" >> beam.Create([]).with_output_types(CandidatePair),
                "archived": archived,
                "aliases": pipeline | "l" >> beam.Create([]).with_output_types(Alias),
                "inspections": pipeline | "i" >> beam.Create([]).with_output_types(Inspection),
            }
            found = inputs | media_finder(server.config(), str(tmp_path))
            assert_that(found.rejected | beam.FlatMap(opt_outs_of), _remember)
    finally:
        server.close()
    dates = {row.url: row.date for row in _seen}
    asked = dates.pop(by_site)
    assert dates == {by_page: "2026-03-01T00:00:00Z", by_server: "2025-01-01T00:00:00Z"}
    assert asked.startswith("20") and asked.endswith("+00:00")
    assert {type(row) for row in _seen} == {OptOut}
