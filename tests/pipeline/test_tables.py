"""Tables: what is written is what is read, in bytes that depend on the rows alone, and never half."""

import json

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from lamella.pipeline.read import ReadTables
from lamella.pipeline.tables import TableManifest, column_values, read_manifest, read_records, write_file
from lamella.pipeline.write import TableTarget, WriteTargets
from lamella.schemas.media import MediaKind, MediaLink
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit

LINKS = [MediaLink(url=f"https://a.example/{n}.jpg", kind=MediaKind.IMAGE, documents=n) for n in range(50)]


def write(folder, records, parts=3):
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        links = pipeline | beam.Create(records, reshuffle=False).with_output_types(MediaLink)
        target = TableTarget(folder=str(folder), record=MediaLink, parts=parts, fingerprint="abc")
        {"links": links} | WriteTargets({"links": {MediaLink: target}})
    return read_manifest(str(folder))


def test_a_table_comes_back(tmp_path):
    manifest = write(tmp_path / "links", LINKS)
    assert manifest.rows == 50
    assert manifest.fingerprint == "abc"
    assert len(manifest.files) == 3
    assert sorted(read_records(str(tmp_path / "links"), MediaLink), key=lambda link: link.documents) == LINKS
    assert sorted(column_values(str(tmp_path / "links"), "documents")) == list(range(50))


def test_bytes_depend_on_the_rows_alone(tmp_path):
    assert write(tmp_path / "a", LINKS) == write(tmp_path / "a2" / "a", LINKS[::-1])
    assert write(tmp_path / "b", LINKS).hash != write(tmp_path / "c", LINKS[1:]).hash


def test_an_empty_table_is_finished_and_tells_its_schema(tmp_path):
    manifest = write(tmp_path / "empty", [])
    assert (manifest.rows, len(manifest.files)) == (0, 3)
    assert list(read_records(str(tmp_path / "empty"), MediaLink)) == []


def test_without_its_manifest_a_table_is_not_finished(tmp_path):
    write(tmp_path / "links", LINKS)
    (tmp_path / "links" / "_manifest.json").unlink()
    assert read_manifest(str(tmp_path / "links")) is None
    with pytest.raises(FileNotFoundError, match="not a finished table"):
        beam.Pipeline(runner=FnApiRunner()) | ReadTables({"links": (str(tmp_path / "links"), MediaLink)})


def test_a_failed_write_leaves_nothing_under_the_final_name(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(str(tmp_path / "t"), "part.parquet", MediaLink, LINKS)
    assert list((tmp_path / "t").iterdir()) == []


def test_equal_keys_are_ordered_by_all_they_hold(tmp_path):
    one = [
        Rejection(stage=Stage.READ, unit=Unit.RECORD, key="k", reason=reason, detail=detail)
        for reason in (Reason.REVISIT, Reason.NOT_HTML)
        for detail in ("b", "a")
    ]
    first = write_file(str(tmp_path), "one.parquet", Rejection, one)
    second = write_file(str(tmp_path), "two.parquet", Rejection, one[::-1])
    assert first.sha256 == second.sha256


def test_the_manifest_round_trips():
    manifest = TableManifest(table="t", fingerprint="m", files=())
    assert TableManifest.decode(manifest.encode()) == manifest
    assert json.loads(manifest.encode())["rows"] == 0
