"""Archives that others wrote: all that warcio reads is read, and all sums hold; the web's files come out byte for byte."""

import collections
import gzip
import hashlib
import json
import warnings

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ReadConfig
from lamella.schemas.media import ArchiveMedia
from lamella.schemas.page import Page
from lamella.schemas.rejection import Reason, Rejection, Unit
from lamella.transforms.base.blobs import read_blob
from lamella.transforms.read.archive import read_archive

pytestmark = pytest.mark.real
DAMAGE = (Reason.DAMAGED_RECORD, Reason.TRUNCATED_RECORD, Reason.NOT_AN_ARCHIVE)
# Records that warcio counts although they are cut off, segments of a longer record, or lack their header block's end.
WARCIO_COUNTS_MORE = (
    "continuation",
    "segment-number-continuation",
    "invalid-warcheader",
    "truncated",
    "Evil-Warc",
    "ipwb__redirect.warc",
    "missing-status",
)
WARCIO_COUNTS_MORE += ("record-then-garbage", "warcio__bad.arc", "example-space-in-url.arc")


def read_by_warcio(path) -> tuple[int, bool]:
    count = 0
    try:
        with path.open("rb") as stream, warnings.catch_warnings(action="ignore"):
            for _ in ArchiveIterator(stream, arc2warc=True):
                count += 1
    except (ArchiveLoadFailed, EOFError, ValueError):
        return count, False
    return count, True


def test_odd_archives(real_data, capfd):
    archives = sorted(path for path in (real_data / "warcs").iterdir() if path.suffix != ".jsonl")
    assert len(archives) == 184
    for path in archives:
        outputs = list(read_archive(str(path), ReadConfig()))
        counters = {(t.unit, t.kind): t.count for t in outputs if isinstance(t, Counter)}
        rejected = [output for output in outputs if isinstance(output, Rejection)]
        assert counters[Unit.RECORD, CounterKind.IN] == counters[Unit.RECORD, CounterKind.KEPT] + len(rejected), path.name
        assert not [r for r in rejected if r.reason is Reason.CRASHED], path.name
        healthy = counters[Unit.RECORD, CounterKind.IN] - sum(r.reason in DAMAGE for r in rejected)
        count, _ = read_by_warcio(path)
        assert healthy >= count or any(name in path.name for name in WARCIO_COUNTS_MORE), (path.name, healthy, count)


def test_the_web(real_data):
    with gzip.open(real_data / "web" / "records.jsonl.gz") as lines:
        truth = {(row["warc"], row["offset"]): row for row in map(json.loads, lines)}
    kinds, seen = collections.Counter(), set()
    for path in sorted((real_data / "web").glob("*.warc.gz")):
        for output in read_archive(str(path), ReadConfig()):
            kinds[type(output)] += 1
            if isinstance(output, ArchiveMedia):
                row = truth[path.name, output.blob.offset]
                assert hashlib.sha1(read_blob(output.blob)).hexdigest() == row["sha1"]
                assert (output.mime, output.truncated) == (row["mime"], False)
                seen.add((path.name, output.blob.offset))
            elif isinstance(output, Page):
                assert output.url == truth[path.name, output.provenance.offset]["url"]
                assert "�" not in output.html
                seen.add((path.name, output.provenance.offset))
    assert (kinds[Page], kinds[ArchiveMedia], kinds[Rejection]) == (976, 1916, 0)
    assert seen == set(truth)
