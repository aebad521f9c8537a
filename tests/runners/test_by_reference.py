"""In one process, records cross shuffles by reference: the same objects, of which nothing is kept after the run."""

import apache_beam as beam
import pytest
from apache_beam.coders import coders
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from lamella.runners import by_reference
from lamella.runners.local_runner import LocalRunner
from lamella.transforms.base.spread import Spread

_pickles = []


class Page:
    """A record of another type than Beam knows, which tells that it is pickled."""

    def __init__(self, url):
        self.url = url

    def __reduce__(self):
        _pickles.append(self.url)
        return Page, (self.url,)


PAGES = [Page(f"https://a.example/{n}/é") for n in range(5)]


def _page(url):
    return next(page for page in PAGES if page.url == url)


def _number(key, page):
    return key, PAGES.index(page)


def _is_copy(url, page):
    return page is not _page(url) and page.url == url


def _pages(pipeline):
    urls = pipeline | beam.Create([page.url for page in PAGES], reshuffle=False)
    return urls | beam.Map(_page).with_output_types(Page)


def _shuffled(pipeline):
    """Pages through two shuffles: as (text, page), and by a number in a tuple."""
    pages = _pages(pipeline) | Spread(lambda page: page.url)
    keyed = pages | beam.Map(lambda page: (page.url[:18], (1, page))).with_output_types(tuple[str, tuple[int, Page]])
    return keyed | beam.GroupByKey() | beam.FlatMapTuple(lambda key, values: [(key, page) for _, page in values])


def _run(check, **options):
    _pickles.clear()
    with beam.Pipeline(runner=LocalRunner(), options=PipelineOptions(**options)) as pipeline:
        check(pipeline)


def test_the_same_objects_arrive_and_none_is_pickled():
    def check(pipeline):
        found = _shuffled(pipeline) | beam.MapTuple(_number)
        assert_that(found, equal_to([(page.url[:18], n) for n, page in enumerate(PAGES)]))

    _run(check)
    assert not _pickles and not by_reference._held


def test_nothing_is_held_after_a_run_that_fails():
    with pytest.raises(RuntimeError, match="on purpose"):
        _run(lambda pipeline: _shuffled(pipeline) | beam.Map(_fails))
    assert not by_reference._held


def _fails(_):
    raise RuntimeError("on purpose")


def test_workers_beside_each_other_have_their_records_pickled():
    """Which of them asks for a number first is not settled."""

    def check(pipeline):
        found = _shuffled(pipeline) | beam.MapTuple(lambda key, page: page.url)
        assert_that(found, equal_to([page.url for page in PAGES]))

    _run(check, direct_num_workers=2, direct_running_mode="multi_threading")
    assert sorted(set(_pickles)) == [page.url for page in PAGES]


def test_side_inputs_are_the_same_objects_and_sums_in_the_making_are_not():
    """A combiner changes what it has summed so far in place."""

    def check(pipeline):
        pages = _pages(pipeline)
        one = pipeline | "One" >> beam.Create([0], reshuffle=False)
        by_url = pages | "Keyed" >> beam.Map(lambda page: (page.url, page)).with_output_types(tuple[str, Page])
        assert_that(one | "Map" >> beam.Map(_same, beam.pvalue.AsDict(by_url)), equal_to([5]), label="side input")
        longest = by_url | beam.CombinePerKey(lambda pages: max(pages, key=lambda page: page.url))
        assert_that(longest | beam.MapTuple(_is_copy), equal_to([True] * 5), label="sums")

    _run(check)


def _same(_, pages):
    return sum(page is _page(url) for url, page in pages.items())


def test_a_text_is_encoded_as_beam_does():
    ours, beams = by_reference.Text().get_impl(), coders.StrUtf8Coder().get_impl()
    for text in ("", "a", "é\0ü", "\U0001f9a9" * 3):
        assert ours.encode(text) == beams.encode(text) and ours.decode(beams.encode(text)) == text
