"""One shard's files: bytes that depend on records alone, Parquet beside them, the account, and nothing half written."""

import random
from dataclasses import replace
from hashlib import sha256

import pyarrow.parquet as pq
import pytest
from store_world import store_at

from lamella.reporting.report import _faces
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ShardConfig
from lamella.schemas.pair import Dataset
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.schemas.sample import ClipSample, InterleavedSample, PairSample
from lamella.schemas.shards import read_shard
from lamella.transforms.base.blobs import BlobError
from lamella.transforms.base.files import NewFile
from lamella.transforms.media.faces import Box
from lamella.transforms.shard.write import ShardWork, write_one

CONFIG = ShardConfig(max_side_px=64)


def work(world, dataset: Dataset, **config) -> ShardWork:
    folder = str(world.root / "shards" / dataset)
    return ShardWork(dataset=dataset, config=CONFIG.model_copy(update=config), store=store_at(str(world.root)), folder=folder)


def samples(path, sample_type):
    with path.open("rb") as stream:
        return {key: sample_type.decode(members) for key, members in read_shard(stream)}


@pytest.mark.parametrize("dataset, pictures", [(Dataset.M3W, None), (Dataset.ALIGN, 2), (Dataset.VTP, None)])
def test_faces_that_were_blurred_are_counted(world, monkeypatch, dataset, pictures):
    monkeypatch.setattr("lamella.transforms.shard.pictures.find_faces", lambda image, score: (Box(1, 1, 9, 9), Box(2, 2, 8, 8)))
    records = {
        Dataset.M3W: [world.document(0)],
        Dataset.ALIGN: [world.pair(0), world.pair(1)],
        Dataset.VTP: [world.film(0)],
    }[dataset]
    unasked = write_one(work(world, dataset), "train", 0, records).shard
    asked = write_one(work(world, dataset, blur_faces=True), "train", 0, records).shard
    seen = sum(len(one.images) for one in records) if dataset is Dataset.M3W else pictures
    if dataset is Dataset.VTP:
        (clip,) = samples(world.root / "shards" / dataset / asked.name, ClipSample).values()
        seen = clip.facts["distinct_frames"]
    assert (unasked.faces, asked.faces) == (None, 2 * seen)
    assert (_faces([unasked]), _faces([asked, asked, unasked])) == (None, 4 * seen)


def test_bytes_depend_on_the_records_and_not_on_their_order(world):
    records = [world.document(number) for number in range(12)]
    first = write_one(work(world, Dataset.M3W), "train", 3, records)
    path = world.root / "shards/m3w/m3w-train-00003.tar"
    once = path.read_bytes()
    assert first.shard.sha256 == sha256(once).hexdigest()
    assert first.shard.bytes == len(once)
    shuffled = records[:]
    random.Random(1).shuffle(shuffled)
    assert write_one(work(world, Dataset.M3W), "train", 3, shuffled) == first
    assert path.read_bytes() == once
    written = samples(path, InterleavedSample)
    assert list(written)[:2] == ["000003000000", "000003000001"]
    assert {sample.key for sample in written.values()} == {record.key for record in records}
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["m3w-train-00003.tar"]


def test_documents_lie_in_parquet_too_row_by_row(world):
    written = write_one(work(world, Dataset.M3W), "validation", 0, [world.document(number) for number in range(5)])
    path = world.root / "shards/m3w-parquet/validation-00000.parquet"
    table = pq.read_table(path)
    assert written.table.sha256 == sha256(path.read_bytes()).hexdigest()
    assert table.column_names[:4] == ["texts", "images", "metadata", "general_metadata"]
    tar = samples(world.root / "shards/m3w/m3w-validation-00000.tar", InterleavedSample)
    for row, sample in zip(table.to_pylist(), tar.values(), strict=True):
        assert tuple(row["texts"]) == sample.texts
        assert [text is None for text in row["texts"]] == [image is not None for image in row["images"]]
        assert row["matched_text_index"] == [2, 4]
        assert row["matched_sim"] == [0.5, None]


def test_parquet_of_documents_can_be_turned_off(world):
    assert write_one(work(world, Dataset.M3W, parquet=False), "train", 0, [world.document(1)]).table is None
    assert not (world.root / "shards/m3w-parquet").exists()


def test_pairs_have_a_sidecar(world):
    written = write_one(work(world, Dataset.ALIGN), "train", 1, [world.pair(number) for number in range(6)])
    rows = pq.read_table(world.root / "shards/align" / written.shard.sidecar).to_pylist()
    tar = samples(world.root / "shards/align/align-train-00001.tar", PairSample)
    assert [(row["key"], row["uid"], row["caption"]) for row in rows] == [
        (key, sample.key, sample.text) for key, sample in tar.items()
    ]
    assert rows[0]["similarity"] == 0.25
    assert (rows[0]["width"], rows[0]["original_width"], rows[0]["status"]) == (64, 500, "success")
    data = (world.root / "shards/align/align-train-00001.parquet").read_bytes()
    assert (written.shard.sidecar_bytes, written.shard.sidecar_sha256) == (len(data), sha256(data).hexdigest())


def test_the_account_balances(world):
    broken = world.add(b"\x89PNG\r\n\x1a\nnothing", 7)
    good, bad = world.document(0), world.document(1)
    node_out = replace(good, key="n", nodes=tuple(replace(n, media=broken) if n.position == 2 else n for n in good.nodes))
    gone = replace(bad, key="g", nodes=tuple(replace(n, media=broken) if hasattr(n, "alt") else n for n in bad.nodes))
    crash = replace(bad, key="c", nodes=(replace(bad.nodes[0], next_image=2), *bad.nodes[1:]))
    written = write_one(work(world, Dataset.M3W), "train", 0, [good, node_out, gone, crash])

    def counter(unit, kind, count):
        return Counter(stage=Stage.SHARD, unit=unit, kind=kind, count=count)

    assert set(written.counters) == {
        counter(Unit.DOCUMENT, CounterKind.IN, 4),
        counter(Unit.DOCUMENT, CounterKind.KEPT, 2),
        counter(Unit.NODE, CounterKind.IN, 24),
        counter(Unit.NODE, CounterKind.KEPT, 11),
    }
    assert sorted((r.unit.value, r.key, r.reason.value, r.nodes) for r in written.rejected) == [
        ("document", "c", Reason.CRASHED, 6),
        ("document", "g", Reason.NO_IMAGE_LEFT, 4),
        ("node", "g/2", Reason.BROKEN_IMAGE, 0),
        ("node", "g/7", Reason.BROKEN_IMAGE, 0),
        ("node", "n/2", Reason.BROKEN_IMAGE, 0),
    ]
    assert written.shard.samples == 2


def test_a_shard_of_nothing_is_not_written(world):
    pair = world.film(0, media=world.add(b"no film", 8))
    written = write_one(work(world, Dataset.VTP), "train", 0, [pair])
    assert (written.shard, written.table) == (None, None)
    assert list((world.root / "shards/vtp").iterdir()) == []


def test_lost_bytes_raise_and_leave_nothing(world):
    world.pack.unlink()
    with pytest.raises(BlobError):
        write_one(work(world, Dataset.ALIGN), "train", 0, [world.pair(0)])
    assert list((world.root / "shards/align").iterdir()) == []


def test_a_new_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "folder" / "file"
    with NewFile(str(path)) as out:
        out.write(b"first")
        assert not path.exists()
        out.commit()
    with pytest.raises(ZeroDivisionError), NewFile(str(path)) as out:
        out.write(b"second")
        raise ZeroDivisionError
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_new_file_on_another_file_system():
    import fsspec

    fs = fsspec.filesystem("memory")
    for data in (b"one", b"two"):
        with NewFile("memory://lamella-test/file") as out:
            out.write(data)
            out.commit()
    assert fs.cat_file("/lamella-test/file") == b"two"
    assert [path.rpartition("/")[2] for path in fs.ls("/lamella-test", detail=False)] == ["file"]
    fs.rm("/lamella-test", recursive=True)
