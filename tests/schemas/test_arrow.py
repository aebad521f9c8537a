"""Arrow: every record of every table comes back equal, and a table's schema is the same whatever is in it."""

import io
from dataclasses import fields, is_dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.arrow import from_row, from_table, schema_of, to_row, to_table
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, TextQuality, VideoNode
from lamella.schemas.duplicate import Duplicate
from lamella.schemas.media import ArchiveMedia, BlobRef, Container, Cue, Media, MediaKind, MediaLink
from lamella.schemas.page import Page, Provenance
from lamella.schemas.pair import CaptionSource, Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit

PROVENANCE = Provenance(
    archive="s3://b/a.warc.gz", offset=2**40, length=3, record_id="<urn:uuid:1>", crawl_time="2025-11-01T00:00:00Z"
)
BLOB = BlobRef(path="a.warc.gz", offset=2**40, length=7, container=Container.WARC)
MEDIA = Media(
    url="https://a.example/é.jpg",
    kind=MediaKind.IMAGE,
    blob=BLOB,
    sha256="0" * 64,
    mime="image/jpeg",
    bytes=7,
    width=3,
    height=4,
    source="archive",
)
QUALITY = TextQuality(
    **{field.name: index if field.type is int else index / 7 for index, field in enumerate(fields(TextQuality))}
)
NODES = (
    TextNode(text="Ünïcode 中文 🦩\n\ttab", position=0, tag="h1", next_image=1),
    ImageNode(url="https://a.example/1.jpg", position=3, alt="", media=MEDIA, clip_score=0.25, clip_model="m/w@d"),
    ImageNode(url="https://a.example/2.jpg", position=4),
    VideoNode(
        url="https://a.example/v.mp4",
        position=9,
        cues=(Cue(start_s=1.5, end_s=2.0, text="a\nb"),),
        poster="https://a.example/p.jpg",
    ),
    TextNode(text="", position=10, previous_image=2),
)
DOCUMENT = InterleavedDocument(
    key="k", url="u", nodes=NODES, provenance=PROVENANCE, language="en", language_score=1.0, quality=QUALITY
)
PAIR = ImageTextPair(
    key="k", dataset=Dataset.LTIP, document="d", page_url="p", media=MEDIA, text="t", source=CaptionSource.FIGCAPTION
)

RECORDS = [
    Page(key="k", url="u", html="<html>\x00</html>", provenance=PROVENANCE, truncated=True),
    ArchiveMedia(url="u", blob=BLOB, mime="image/png"),
    MediaLink(url="u", kind=MediaKind.TRACK, documents=3),
    MEDIA,
    DOCUMENT,
    InterleavedDocument(key="k", url="u", nodes=(), provenance=PROVENANCE),
    PAIR,
    replace(PAIR, source=CaptionSource.SYNTHETIC, captioner="c", match=1.0, matcher="m", clip_score=-0.5),
    VideoTextPair(
        key="k", document="d", page_url="p", media=MEDIA, text="t", source=CaptionSource.TRACK, start_s=0.1, end_s=22.0
    ),
    Rejection(stage=Stage.FILTER, unit=Unit.NODE, key="k:3", reason=Reason.LOREM_IPSUM, detail="0.3 > 0.2"),
    Counter(stage=Stage.READ, unit=Unit.RECORD, kind=CounterKind.MADE, count=2**40),
    Duplicate(key="k", url="u", survivor="s", survivor_url="v", reason=Reason.SAME_URL, similarity=0.5),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal(record):
    kind = type(record)
    table = to_table(kind, [record, record])
    assert table.schema == schema_of(kind)
    assert list(from_table(kind, table)) == [record, record]
    assert from_row(kind, to_row(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_from_parquet(record):
    kind, out = type(record), io.BytesIO()
    pq.write_table(to_table(kind, [record]), out)
    back = next(iter(from_table(kind, pq.read_table(out))))
    assert back == record
    assert type_names(back) == type_names(record)


def type_names(value):
    """The types of a record and all it holds: an enum must come back an enum, a tuple a tuple."""
    if is_dataclass(value):
        return type(value), [type_names(getattr(value, field.name)) for field in fields(value)]
    return [type_names(item) for item in value] if isinstance(value, tuple) else type(value)


@pytest.mark.parametrize("kind", dict.fromkeys(map(type, RECORDS)), ids=lambda kind: kind.__name__)
def test_an_empty_table_has_the_same_schema(kind):
    assert to_table(kind, []).schema == schema_of(kind)
    assert list(from_table(kind, to_table(kind, []))) == []


def test_batches_are_tables_too():
    (batch,) = to_table(InterleavedDocument, [DOCUMENT]).to_batches()
    assert list(from_table(InterleavedDocument, batch)) == [DOCUMENT]


def test_text_may_pass_two_gibibytes():
    assert schema_of(Page).field("html").type == pa.large_string()
    assert schema_of(InterleavedDocument).field("nodes").type.value_type.field("text").type == pa.large_string()


def test_a_lone_surrogate_does_not_end_a_run():
    record = Rejection(stage=Stage.READ, unit=Unit.PAGE, key="k\udcff", reason=Reason.CRASHED, detail="\ud800 é")
    (back,) = from_table(Rejection, to_table(Rejection, [record]))
    assert (back.key, back.detail, back.reason) == ("k?", "? é", Reason.CRASHED)


def test_what_has_no_arrow_form_is_named():
    from lamella.schemas.sample import PairSample

    with pytest.raises(TypeError, match="no Arrow form"):
        schema_of(PairSample)
