"""A store that fails now and then, and an archive that is larger than memory should be."""

import tracemalloc
from collections import Counter
from typing import ClassVar

import apache_beam as beam
import fsspec
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from fsspec.implementations.memory import MemoryFileSystem

from lamella.pipeline.run import contents_hash
from lamella.pipeline.tables import read_manifest, read_records
from lamella.pipeline.write import TableTarget, WriteTargets
from lamella.sample.rng import Rng
from lamella.sample.warc import Exchange, pack, response_record
from lamella.schemas.config import ReadConfig
from lamella.schemas.media import ArchiveMedia, BlobRef, Container
from lamella.schemas.page import Page
from lamella.transforms.read.archive import read_archive
from tests.faults.pages import SOUND

PARTS, ROWS = 40, 200


class FlakyStore(MemoryFileSystem):
    """An object store in memory in which one put in twenty fails, and leaves nothing."""

    protocol = "flaky"
    store: ClassVar[dict] = {}  # fsspec's own, of the class
    pseudo_dirs: ClassVar[list] = [""]
    puts: ClassVar[Counter] = Counter()

    def pipe_file(self, path, value, mode="overwrite", **kwargs):
        self.puts["all"] += 1
        if Rng("put", self.puts["all"]).chance(0.05):
            self.puts["failed"] += 1
            raise OSError(503, "Slow Down", path)
        super().pipe_file(path, value, mode=mode, **kwargs)


@pytest.fixture
def flaky():
    fsspec.register_implementation("flaky", FlakyStore, clobber=True)
    FlakyStore.store, FlakyStore.puts = {}, Counter()
    yield FlakyStore
    FlakyStore.store = {}


def media(number: int) -> ArchiveMedia:
    blob = BlobRef(path="a.warc.gz", offset=number, length=1, container=Container.WARC)
    return ArchiveMedia(url=f"https://a.example/{number}", blob=blob, mime="image/png")


def written(folder: str, fingerprint: str) -> bool:
    """Whether the table was written; a store's error ends the attempt, as it ends a run."""
    try:
        with beam.Pipeline(runner=FnApiRunner()) as pipeline:
            records = pipeline | beam.Create([media(number) for number in range(ROWS)]).with_output_types(ArchiveMedia)
            target = TableTarget(folder=folder, record=ArchiveMedia, parts=PARTS, fingerprint=fingerprint)
            {"media": records} | WriteTargets({"media": {ArchiveMedia: target}})
    except Exception as error:
        assert "Slow Down" in str(error)
        return False
    return True


def test_a_store_that_fails_now_and_then_never_holds_half_a_table(flaky, tmp_path):
    """P4: while one put of 41 has failed there is no manifest, so no reader; repeated, the table is that of a sound store."""
    assert written(str(tmp_path / "table"), "x")
    attempts = 1
    while not written("flaky://run/table", "x"):
        assert read_manifest("flaky://run/table") is None
        attempts += 1
        assert attempts < 60
    assert flaky.puts["failed"] == attempts - 1 > 0
    assert sorted(record.url for record in read_records("flaky://run/table", ArchiveMedia)) == sorted(
        media(number).url for number in range(ROWS)
    )
    assert contents_hash("flaky://run") == contents_hash(str(tmp_path))


def test_memory_does_not_grow_with_the_archive(tmp_path):
    """P8: one record in memory at a time, however many there are."""

    def peak(records: int) -> int:
        path = tmp_path / f"{records}.warc.gz"
        with path.open("wb") as out:
            for number in range(records):
                body = SOUND.encode() + f"<!--{number}".encode() + Rng("body", number).bytes(100_000).hex().encode() + b"-->"
                out.write(
                    pack(response_record(Exchange(url=f"https://a.example/{number}", body=body, mime="text/html"), number), 1)
                )
        pages = 0
        tracemalloc.start()
        for output in read_archive(str(path), ReadConfig()):
            pages += isinstance(output, Page)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert pages == records
        return most

    small, large = peak(20), peak(160)
    assert large < 1.5 * small
