"""Tables, shards and archives as text: what is shown, that nothing foreign steers the terminal, one error for the rest."""

import gzip
import re
import tarfile
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from shard_world import World
from small_run import small_run
from store_world import store_at

from lamella.pipeline import damage
from lamella.pipeline.damage import memory_bound
from lamella.pipeline.tables import TableManifest, write_file, write_manifest
from lamella.reporting.inspect import inspect
from lamella.reporting.readable import clean
from lamella.schemas.config import ShardConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.pair import Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.printable import byte_size
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.schemas.shards import ShardManifest
from lamella.transforms.shard.manifest import finish
from lamella.transforms.shard.write import ShardWork, write_one

EVIL = "\x1b]0;title\x07 \x1b[31mred\x9b2J \u202eesrever\u2066 \ud800 end\r\n\x00next"
RECORD = (
    b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/\x1b[2Jx\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
)
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>hello</p>"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def look(path, limit=5) -> str:
    out = StringIO()
    inspect(str(path), limit, Console(file=out, width=200, force_terminal=False, color_system=None))
    shown = out.getvalue()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    return shown


def table(tmp_path, record_type, records):
    folder = tmp_path / "table"
    file = write_file(str(folder), "part.parquet", record_type, records)
    write_manifest(str(folder), TableManifest(table="table", fingerprint="", files=(file,)))
    return folder


def shard(world, dataset, records):
    folder = str(world.root / "shards" / dataset)
    work = ShardWork(dataset=dataset, config=ShardConfig(max_side_px=64), store=store_at(str(world.root)), folder=folder)
    info = write_one(work, "train", 0, records).shard
    finish(folder, ShardManifest(dataset=dataset, shards=(info,)))
    return world.root / "shards" / dataset / info.name


def test_documents_as_interleaved_text(world, tmp_path):
    lines = look(table(tmp_path, InterleavedDocument, [world.document(0), world.document(1)]), limit=1).splitlines()
    assert lines[0].endswith("table: Parquet, 2 rows in 1 file")
    assert "  nodes: list of struct of 24" in [re.sub(r"of \d+$", "of 24", line) for line in lines]
    start = next(at for at, line in enumerate(lines) if line.startswith("https://example.org/page/"))
    assert lines[start].partition(" | ")[2].startswith("T | en 1.00 | ")
    assert re.match(r"  \(0, 1\) Opening \d", lines[start + 1])
    assert lines[start + 2 : start + 7] == [
        "  [image 1: first | 500x250 | clip 0.50]",
        "  (1, 2) Between",
        "  [video: a film | 500x250 | 5.0 s]",
        "  [image 2: second | 500x250]",
        "  (2, 0) End ünï",
    ]
    assert len(lines) == start + 7


def test_pairs_and_other_tables(world, tmp_path):
    shown = look(table(tmp_path, ImageTextPair, [world.pair(1), world.synthetic(1)]))
    assert "  picture 1\n  [image: 500x250 | clip 0.25]\n  match 0.75\n" in shown
    assert "  synthetic 1\n  [image: 500x250]\n  match 0.75, text of c\n" in shown
    assert "[video: 500x250 | 1.0 to 4.0 s]" in look(table(tmp_path, VideoTextPair, [world.film(1)]))
    gone = Rejection(stage=Stage.READ, unit=Unit.PAGE, key="k", reason=Reason.NOT_HTML, detail="")
    shown = look(table(tmp_path, Rejection, [gone]))
    assert "row 1\n  stage   read\n  unit    page\n  key     k\n  reason  not_html\n" in shown


@pytest.mark.parametrize(
    ("dataset", "make", "expected"),
    [
        (Dataset.M3W, "document", ["(0, 1) Opening 0", "[image 1: first | 64x32 | ", "| clip 0.50]", "members: json "]),
        (Dataset.ALIGN, "pair", ["picture 0", "[image: 64x32 | ", "members: json "]),
        (Dataset.VTP, "film", ["film 0", "[clip: 8 frames, ", "7.jpg"]),
    ],
)
def test_shards(world, dataset, make, expected):
    path = shard(world, dataset, [getattr(world, make)(0)])
    shown = look(path)
    assert all(part in shown for part in expected)
    folder = look(path.parent)
    assert folder.splitlines()[0].endswith(f"{dataset}, 1 samples in 1 shards")
    assert all(part in folder for part in expected)


def test_documents_in_obelics_columns(world):
    shard(world, Dataset.M3W, [world.document(0)])
    shown = look(world.root / "shards/m3w-parquet")
    assert "  Opening 0\n  [image 1: https://example.org/0]\n  Between\n" in shown


def test_a_pack_is_a_list_of_files(tmp_path):
    path = tmp_path / "pack.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("pic\x1b[31mture.png")
        info.size = 1234
        tar.addfile(info, BytesIO(bytes(1234)))
    assert "not a shard of ours; its members:\n  pic[31mture.png  1.2 kB\n" in look(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_archives(tmp_path, pack):
    path = tmp_path / "a.warc"
    record = RECORD % (len(HTTP), HTTP)
    path.write_bytes(pack(record) + pack(record))
    lines = look(path).splitlines()
    assert lines[0].startswith(f"{path}: web archive, ")
    assert lines[1].split() == ["0", "response", "200", "text/html", "12", "B", "https://example.org/[2Jx"]
    assert len(lines) == 3
    assert len(look(path, limit=1).splitlines()) == 2
    path.write_bytes(pack(record) + pack(record)[:-30])
    assert "truncated" in look(path).splitlines()[-1] or "damaged" in look(path).splitlines()[-1]


def test_foreign_text_cannot_steer_the_terminal(world, tmp_path):
    document = world.document(0)
    image = replace(document.nodes[1], alt=EVIL.replace("\ud800", ""))
    nodes = (replace(document.nodes[0], text=EVIL.replace("\ud800", "")), image, *document.nodes[2:])
    evil = replace(document, nodes=nodes, title=EVIL.replace("\ud800", ""), url="https://\x1b[31m")
    assert "]0;title [31mred2J esrever end next" in look(table(tmp_path, InterleavedDocument, [evil]))
    assert "]0;title [31mred2J" in look(shard(world, Dataset.M3W, [evil]))
    name = "col\x1b[31m"
    pq.write_table(pa.table({name: ["\x1b[31mvalue"], "blob": [b"\x1b\xff"]}), tmp_path / "other.parquet")
    shown = look(tmp_path / "other.parquet")
    assert "  col[31m  [31mvalue\n  blob     \ufffd\n" in shown


def test_clean_and_sizes():
    assert clean(EVIL) == "]0;title [31mred2J esrever \ufffd end next"
    assert clean("a" * 500, 10) == "a" * 10 + "…"
    assert clean(" " * 5000 + "x", 10) == "…"
    assert clean("[bold]x[/bold] :smile:") == "[bold]x[/bold] :smile:"
    assert [byte_size(count) for count in (0, 999, 1500, 2_000_000, 3_000_000_000_000)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "2.0 MB",
        "3000 GB",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone", None, "no such file or folder"),
        ("page.html", b"<html>", "neither a Parquet table, a shard nor a web archive"),
        ("empty", b"", "neither a Parquet table, a shard nor a web archive"),
        ("cut.parquet", b"PAR1" + b"\0" * 100, "Parquet magic bytes not found"),
        ("folder", "folder", "a folder with neither tables nor shards in it, but documents, media"),
    ],
)
def test_one_error_in_one_line(tmp_path, name, content, said):
    path = tmp_path / name
    if content == "folder":
        for inner in ("media", "documents"):
            (path / inner).mkdir(parents=True)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        look(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.real
def test_real_archives_are_shown_without_an_error(real_data):
    for path in sorted((real_data / "warcs").iterdir())[::12]:
        if ".warc" in path.name or ".arc" in path.name:
            try:
                look(path, limit=3)
            except ValueError as error:
                assert "neither" in str(error), path


def test_a_whole_run_and_its_datasets(tmp_path):
    run = Path(small_run(tmp_path / "run"))
    lines = look(run).splitlines()
    assert lines[0] == f"{run}: run of demo over 2 archives, finished"
    shown = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line.startswith("  ")}
    size = sum(path.stat().st_size for path in (run / "documents").glob("*.parquet"))
    assert shown["documents"] == f"5 rows 2 files, {byte_size(size)}"
    assert shown["duplicates"] == "not there"
    assert shown["shards/align"] == "not whole: align-train-00000.tar is missing"
    assert shown["media/packs"].startswith("1 file, ")
    (run / "shards/align/align-train-00000.tar").write_bytes(bytes(2000))
    lines = look(run / "shards").splitlines()
    assert lines[0] == f"{run}/shards: 4 tables or datasets"
    assert lines[1].split() == ["align", "2", "samples", "1", "file,", "2.0", "kB"]


def test_a_run_in_work_and_another_program_s_run(tmp_path):
    run = Path(small_run(tmp_path / "run", jobs={"documents": {"seconds": 1.0, "done": True}}))
    assert "not finished: media, pairs, shards not done" in look(run)
    (run / "run.json").write_text('{"name": "another program"}')
    with pytest.raises(ValueError, match="is not a run's of lamella"):
        look(run)


@pytest.mark.parametrize(
    "size", [b"\x80" + b"\x00" * 3 + b"\x01" + b"\x00" * 7, b"\xff" * 12, b"77777777777\0"], ids=["2**56", "-1", "8 GiB"]
)
def test_a_size_that_no_file_has_ends_at_once(tmp_path, size):
    header = bytearray(tarfile.TarInfo("picture.png").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = size
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    path = tmp_path / "odd.tar"
    path.write_bytes(bytes(header) + bytes(2048))
    with pytest.raises(ValueError, match=r"odd\.tar: "):
        look(path)


def test_parquet_is_looked_into_only_within_bounds(tmp_path, monkeypatch):
    """Long texts that the footer tells of, and a run of equal values that take no bytes; here against smaller bounds."""
    monkeypatch.setattr(damage, "MAX_ROW_GROUP_BYTES", 10_000_000)
    monkeypatch.setattr(damage, "MAX_ROW_GROUP_VALUES", 1_000_000)
    long = tmp_path / "long.parquet"
    pq.write_table(pa.table({"text": ["x" * 5_000_000] * 3}), long, compression="zstd", use_dictionary=False)
    assert long.stat().st_size < 10_000
    with pytest.raises(ValueError, match=r"long\.parquet: row group 0 unpacks to 15\d+ bytes, above"):
        look(long)
    lists = pa.ListArray.from_arrays(pa.array([0, 1_500_000], pa.int32()), pa.array(np.zeros(1_500_000, np.int8)))
    pq.write_table(pa.table({"list": lists}), tmp_path / "many.parquet", compression="zstd")
    with pytest.raises(ValueError, match=r"many\.parquet: row group 0 holds 1500000 values, above"):
        look(tmp_path / "many.parquet")


def test_a_reader_that_takes_too_much_is_stopped():
    with pytest.raises(MemoryError), memory_bound(64 << 20):
        bytearray(256 << 20)
    assert len(bytearray(256 << 20)) == 256 << 20
