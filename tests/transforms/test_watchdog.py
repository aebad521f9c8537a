"""A call that takes too long is stopped, whatever it does in Python; nothing is raised once it has ended, in no thread."""

import re
import threading
import time

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.schemas.config import FilterConfig
from lamella.schemas.document import InterleavedDocument, TextNode
from lamella.schemas.page import Provenance
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.step import Step
from lamella.transforms.base.watchdog import TimedOut, limited

_WORD = re.compile(r"[a-z]+")


def loop_for_ever():
    while True:
        pass


def small_searches_for_ever():
    while True:
        _WORD.findall("many small calls into C")


def swallows():
    try:
        loop_for_ever()
    except Exception:
        return "swallowed"


def swallows_all():
    try:
        loop_for_ever()
    except BaseException:
        return "swallowed"


@pytest.mark.parametrize("endless", [loop_for_ever, small_searches_for_ever, swallows, swallows_all])
def test_a_call_that_does_not_end_is_stopped(endless):
    with pytest.raises(TimedOut):
        limited(0.2, endless)
    assert limited(60.0, lambda: "the next is not hit") == "the next is not hit"


def test_what_a_call_gives_and_raises_passes():
    assert limited(60.0, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        limited(60.0, divmod, 7, 0)


def test_the_outer_limit_holds_within():
    with pytest.raises(TimedOut):
        limited(0.2, limited, 60.0, loop_for_ever)


def test_calls_of_other_threads_have_their_own_limits():
    found = {}

    def work(name: str, limit_s: float, seconds: float) -> None:
        ends = time.monotonic() + seconds
        try:
            found[name] = limited(limit_s, lambda: [None for _ in iter(lambda: time.monotonic() < ends, False)] and "ended")
        except TimedOut:
            found[name] = "stopped"

    threads = [threading.Thread(target=work, args=case) for case in (("long", 0.2, 60), ("short", 60, 0.6), ("late", 0.3, 60))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"long": "stopped", "short": "ended", "late": "stopped"}


def test_nothing_is_raised_behind_the_end():
    """Calls that end about when they are late: each gives its result or TimedOut, and none of it reaches the code behind."""
    outcomes = set()
    for step in range(36):
        ends = time.monotonic() + 0.08 + step % 12 * 0.005

        def until(ends=ends):
            while time.monotonic() < ends:
                pass
            return "ended"

        try:
            outcomes.add(limited(0.05, until))
        except TimedOut:
            outcomes.add("stopped")
        for _ in range(1000):  # the code behind, in which a stray exception would end the test
            pass
    assert outcomes == {"ended", "stopped"}


def documents() -> list[InterleavedDocument]:
    provenance = Provenance(archive="a.warc.gz", offset=1, length=2)
    nodes = (TextNode(text="t", position=0),)
    return [InterleavedDocument(key=key, url="", nodes=nodes, provenance=provenance) for key in ("good", "endless", "better")]


def take(record: InterleavedDocument, config: FilterConfig):
    if record.key == "endless":
        loop_for_ever()
    yield record


def test_a_step_rejects_the_record_and_goes_on():
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        step = Step(Stage.FILTER, take, FilterConfig(record_timeout_s=0.3), InterleavedDocument)
        outcome = pipeline | beam.Create(documents()) | step
        keys = outcome.kept | "Key" >> beam.Map(lambda record: record.key)
        assert_that(keys, equal_to(["good", "better"]), label="kept")
        facts = outcome.rejected | "Facts" >> beam.Map(lambda it: (it.unit, it.key, it.reason, it.nodes, it.detail))
        expected = (Unit.DOCUMENT, "endless", Reason.TIMED_OUT, 1, "more than 0.3 s")
        assert_that(facts, equal_to([expected]), label="rejected")
