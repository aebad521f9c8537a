"""Spread: records go on as they are, evenly, and by the record alone."""

from collections import Counter

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from lamella.schemas.media import ArchiveMedia, BlobRef, Container
from lamella.transforms.base.spread import Spread, spread_key


def found(number: int) -> ArchiveMedia:
    return ArchiveMedia(
        url=f"https://a.example/{number}.png",
        blob=BlobRef(path="a", container=Container.RAW, offset=number, length=1),
        mime="image/png",
    )


def url_of(record: ArchiveMedia) -> str:
    return record.url


def test_records_come_out_as_they_went_in_with_their_type_and_copies_are_kept():
    records = [found(1), found(2), found(2)]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        before = pipeline | beam.Create(records, reshuffle=False).with_output_types(ArchiveMedia)
        spread = before | Spread(url_of)
        assert spread.element_type is ArchiveMedia
        assert_that(spread, equal_to(records))


def test_a_record_s_place_depends_on_it_alone():
    """The number itself is fixed: another process, with another seed of `hash`, sends the record to the same worker."""
    assert spread_key("https://a.example/1.png") == 9213387908617569146
    assert max(spread_key(f"{n}") for n in range(1000)) < 1 << 63


def test_the_shares_are_even():
    shares = Counter(spread_key(f"s3://crawl/segment-{n:05d}.warc.gz") % 16 for n in range(16_000))
    assert len(shares) == 16 and max(shares.values()) < 1.2 * 1000
