"""Damaged manifests, deep JSON, odd names and swollen files: each is one line of `lamella verify`, and the rest is checked."""

import os
import shutil
from hashlib import sha256
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from verified_run import faults, first_shard, sign

from lamella.pipeline import damage
from lamella.pipeline.tables import FileInfo, TableManifest, write_manifest
from lamella.schemas.datasets import Dataset
from lamella.schemas.shards import MANIFEST, read_shard, write_shard


@pytest.fixture
def run(verified, tmp_path):
    return shutil.copytree(verified, tmp_path / "run")


def test_damaged_manifests(run):
    (run / "media" / MANIFEST).write_bytes(b"{")
    (run / "shards/vtp" / MANIFEST).write_bytes(b"[]")
    lines = faults(run)
    assert lines[0].startswith(f"media/{MANIFEST}: cannot be read: JSONDecodeError")
    assert any(line.startswith(f"shards/vtp/{MANIFEST}: cannot be read: TypeError") for line in lines)


DEEP = b"[" * 100_000 + b"]" * 100_000  # more than Python's reader of JSON goes down


@pytest.mark.parametrize("file", ["documents", "counters/pairs", "shards/align", "shards/m3w-parquet"])
@pytest.mark.parametrize(
    "content",
    [
        DEEP,
        b"\xff\xfe",
        b"null",
        b'{"table": 1, "made_from": 2, "files": [{"name": "../../run.json", "rows": 1, "bytes": 1, "sha256": "x"}]}',
        b'{"dataset": "vtp", "made_from": "", "shards": [{"name": ["x"], "split": 1, "samples": 1, "bytes": 1, "sha256": 0}]}',
        b'{"dataset": "align", "made_from": "", "shards": [{"name": "x.tar", "split": "train", "samples": 1, "bytes": 1, '
        b'"sha256": "x"}]}',
    ],
    ids=["deep", "bytes", "null", "above", "types", "number"],
)
def test_any_manifest_is_a_fault_and_the_rest_is_checked(run, file, content):
    (run / file / MANIFEST).write_bytes(content)
    (run / "duplicates/part-00000-of-00001.parquet").unlink()
    found = faults(run)
    assert any(fault.startswith((f"{file}/{MANIFEST}: ", f"{file}/x.tar: ")) for fault in found), found
    assert "duplicates/part-00000-of-00001.parquet: missing" in found


def test_deep_json_in_a_sample_and_in_the_run_s_own_file(run):
    path = first_shard(run, Dataset.ALIGN)
    number = int(path.stem.rpartition("-")[2])
    with path.open("rb") as stream:
        (_, first), *rest = read_shard(stream)
    out = BytesIO()
    write_shard(out, number, [first | {"json": DEEP}, *(members for _, members in rest)])
    path.write_bytes(out.getvalue())
    sign(run, Dataset.ALIGN, path)
    (run / "run.json").write_bytes(DEEP)
    found = faults(run)
    assert found[0].startswith(f"shards/align/{path.name}: {number * 1_000_000:012d}: ")
    assert len(found) <= 2  # and the row beside it


def test_odd_names_are_one_line_that_a_terminal_can_show(run):
    edge_case = os.fsencode(run / "documents") + b"/\xff\x1b[31mred\nnext\x9b2J.parquet"
    with open(edge_case, "wb") as out:
        out.write(b"x")
    (fault,) = faults(run)
    assert fault == f"documents/\ufffd[31mred next\ufffd2J.parquet: not in {MANIFEST}"
    fault.encode("utf-8")


def test_parquet_that_unpacks_to_more_than_memory_holds(run, monkeypatch):
    """A manifest that names it truly, as of a foreign run: many equal values in 2 kB; here against a smaller bound."""
    monkeypatch.setattr(damage, "MAX_ROW_GROUP_VALUES", 1_000_000)
    lists = pa.ListArray.from_arrays(pa.array([0, 1_500_000], pa.int32()), pa.array(np.zeros(1_500_000, np.int8)))
    pq.write_table(pa.table({"key": lists}), run / "duplicates/part-00000-of-00001.parquet", compression="zstd")
    data = (run / "duplicates/part-00000-of-00001.parquet").read_bytes()
    assert len(data) < 2000
    file = FileInfo(name="part-00000-of-00001.parquet", rows=1, bytes=len(data), sha256=sha256(data).hexdigest())
    write_manifest(str(run / "duplicates"), TableManifest(table="duplicates", fingerprint="", files=(file,)))
    (fault,) = faults(run)
    assert fault.startswith("duplicates/part-00000-of-00001.parquet: not readable Parquet: TooLarge: row group 0 holds 1500000")
