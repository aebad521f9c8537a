"""Step: both outputs, exact accounts, crashes that are counted, and units that are made."""

from dataclasses import replace

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.document import InterleavedDocument, TextNode
from lamella.schemas.page import Page, Provenance
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.accounting import error_line, left_behind
from lamella.transforms.base.step import Step

PROVENANCE = Provenance(archive="a.warc.gz", offset=1, length=2)


def page(key: str) -> Page:
    return Page(key=key, url=f"https://a.example/{key}", html="", provenance=PROVENANCE)


def document(key: str, texts: int) -> InterleavedDocument:
    nodes = tuple(TextNode(text="t", position=at) for at in range(texts))
    return InterleavedDocument(key=key, url=f"https://a.example/{key}", nodes=nodes, provenance=PROVENANCE)


def leaves(record, unit, reason, nodes=0) -> Rejection:
    return Rejection(stage=Stage.FILTER, unit=unit, key=record.key, reason=reason, nodes=nodes)


def prune(record: InterleavedDocument, config: int):
    """Takes out `config` nodes; a document that loses all of them leaves. "crash" raises after one rejection."""
    for _ in record.nodes[:config]:
        yield leaves(record, Unit.NODE, Reason.LOREM_IPSUM)
    if record.key == "crash":
        raise ValueError("second\nline")
    kept = record.nodes[config:]
    if kept:
        yield replace(record, nodes=kept)
    else:
        yield leaves(record, Unit.DOCUMENT, Reason.NO_TEXT_LEFT)


def extract(record: Page, config: int):
    if record.key == "bad":
        yield leaves(record, Unit.PAGE, Reason.NO_CONTENT)
    elif record.key == "half":
        yield leaves(record, Unit.DOCUMENT, Reason.NO_MEDIA, nodes=2)
    elif record.key != "silent":
        yield document(record.key, config)


def check(records, step, *, kept, rejected, totals):
    """Runs the step: keys of what is kept, (unit, key, reason) of what is not, and the account, all exact."""
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        outcome = pipeline | beam.Create(records) | step
        assert_that(outcome.kept | "Key" >> beam.Map(lambda record: record.key), equal_to(kept), label="kept")
        reasons = outcome.rejected | "Reason" >> beam.Map(lambda record: (record.unit, record.key, record.reason, record.nodes))
        assert_that(reasons, equal_to(rejected), label="rejected")
        sums = (
            outcome.counters
            | "Count" >> beam.Map(lambda counter: ((counter.archive, str(counter.unit), str(counter.kind)), counter.count))
            | beam.CombinePerKey(sum)
        )
        expected = [(("a.warc.gz", unit, kind), count) for (unit, kind), count in totals.items()]
        assert_that(sums, equal_to(expected), label="totals")


def test_records_that_change():
    check(
        [document("a", 3), document("b", 1), document("crash", 2)],
        Step(Stage.FILTER, prune, 1, InterleavedDocument),
        kept=["a"],
        rejected=[
            (Unit.NODE, "a", Reason.LOREM_IPSUM, 0),
            (Unit.NODE, "b", Reason.LOREM_IPSUM, 0),
            (Unit.DOCUMENT, "b", Reason.NO_TEXT_LEFT, 0),
            (Unit.DOCUMENT, "crash", Reason.CRASHED, 2),
        ],
        # nodes: 6 in = 2 kept + 2 that left one by one + 2 that left with their document
        totals={("document", "in"): 3, ("document", "kept"): 1, ("node", "in"): 6, ("node", "kept"): 2},
    )


def test_records_that_make_others():
    check(
        [page("a"), page("bad"), page("half"), page("silent")],
        Step(Stage.EXTRACT, extract, 3, InterleavedDocument, makes=True),
        kept=["a"],
        rejected=[(Unit.PAGE, "bad", Reason.NO_CONTENT, 0), (Unit.DOCUMENT, "half", Reason.NO_MEDIA, 2)],
        totals={
            ("page", "in"): 4,
            ("page", "kept"): 3,
            ("document", "made"): 2,
            ("document", "kept"): 1,
            ("node", "made"): 5,
            ("node", "kept"): 3,
        },
    )


def test_nodes_of_a_document_that_leaves_are_not_kept():
    """A step that makes pages of documents: what passes is counted, and what leaves is not."""
    check(
        [document("a", 3), document("b", 4), document("crash", 5)],
        Step(Stage.PAIR, make_page, 1, Page, makes=True),
        kept=["page of a"],
        rejected=[
            (Unit.NODE, "a", Reason.LOREM_IPSUM, 0),
            (Unit.DOCUMENT, "b", Reason.NO_TEXT_LEFT, 4),
            (Unit.DOCUMENT, "crash", Reason.CRASHED, 5),
        ],
        totals={
            ("document", "in"): 3,
            ("document", "kept"): 1,
            ("node", "in"): 12,
            ("node", "kept"): 2,
            ("page", "made"): 1,
            ("page", "kept"): 1,
        },
    )


def make_page(record: InterleavedDocument, config: int):
    if record.key == "crash":
        raise ValueError
    if record.key == "b":
        yield leaves(record, Unit.DOCUMENT, Reason.NO_TEXT_LEFT, nodes=4)
    else:
        yield leaves(record, Unit.NODE, Reason.LOREM_IPSUM)
        yield page(f"page of {record.key}")


def test_setup_runs_before_the_first_record():
    check(
        [document("a", 1)],
        Step(Stage.FILTER, needs_setup, "ready", InterleavedDocument, setup=remember),
        kept=["a"],
        rejected=[],
        totals={("document", "in"): 1, ("document", "kept"): 1, ("node", "in"): 1, ("node", "kept"): 1},
    )


READY = []


def remember(config):
    READY.append(config)


def needs_setup(record, config):
    assert READY and READY[0] == config
    yield record


def test_a_step_is_named_by_its_function():
    assert Step(Stage.FILTER, prune, 1, InterleavedDocument).label == "prune"


def test_counters_of_a_function_go_out_as_they_are():
    check(
        [document("a", 0)],
        Step(Stage.FETCH, counts_more, None, InterleavedDocument),
        kept=["a"],
        rejected=[],
        totals={("document", "in"): 1, ("document", "kept"): 1, ("node", "in"): 0, ("node", "kept"): 0, ("media", "in"): 7},
    )


def counts_more(record, config):
    yield Counter(stage=Stage.FETCH, unit=Unit.MEDIA, kind=CounterKind.IN, count=7, archive="a.warc.gz")
    yield record


def test_a_crash_of_a_page_is_a_page():
    record = page("a")
    rejection = left_behind(Stage.READ, record, ((Unit.PAGE, 1),))(Reason.CRASHED, error_line(KeyError("x" * 900)))
    assert (rejection.unit, rejection.key, rejection.url) == (Unit.PAGE, "a", record.url)
    assert (rejection.nodes, rejection.archive) == (0, "a.warc.gz")
    assert len(rejection.detail) == 500
