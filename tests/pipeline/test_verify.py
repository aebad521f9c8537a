"""A sound run has no fault; each kind of damage is one line that names its place."""

import json
import os
import shutil
import tarfile
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shard_world import World
from store_world import store_at

from lamella.pipeline import damage
from lamella.pipeline.graph import JOBS
from lamella.pipeline.tables import FileInfo, TableManifest, write_file, write_manifest
from lamella.reporting.verify import verify
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ShardConfig
from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.media import Alias, ArchiveMedia, Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection, Stage, Unit
from lamella.schemas.shards import MANIFEST, ShardManifest, read_shard, write_shard
from lamella.transforms.shard.manifest import finish, sorted_shards
from lamella.transforms.shard.plan import place_of, plan_shards
from lamella.transforms.shard.write import ShardWork, write_one

CONFIG = ShardConfig(samples_per_shard=5, validation_share=0.3, max_side_px=64)
COUNTERS = {
    "documents": [(Stage.DEDUP, Unit.DOCUMENT, 12)],
    "media": [(Stage.FETCH, Unit.MEDIA, 4)],
    "pairs": [(Stage.SCORE, Unit.DOCUMENT, 12), (Stage.PAIR, Unit.PAIR, 14), (Stage.SCORE, Unit.NODE, 72)],
    "shards": [(Stage.SHARD, Unit.DOCUMENT, 12), (Stage.SHARD, Unit.PAIR, 14), (Stage.SHARD, Unit.NODE, 72)],
}


@pytest.fixture
def run(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "run")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A whole run of 12 documents, 12 image-text pairs and 2 clips."""
    root = tmp_path_factory.mktemp("sound") / "run"
    root.mkdir()
    world = World(root)
    documents = [world.document(number) for number in range(12)]
    pairs = [world.pair(number) for number in range(12)]
    clips = [world.film(number) for number in range(2)]
    table(root, "documents", InterleavedDocument, documents)
    table(root, "candidates", ArchiveMedia, [])
    table(root, "duplicates", ArchiveMedia, [])  # no rows: the type does not matter
    table(root, "archive_media", ArchiveMedia, [])
    table(root, "archive_aliases", Alias, [])
    table(root, "opt_outs", OptOut, [])
    table(root, "media", Media, [*world.pictures, world.video])
    table(root, "interleaved", InterleavedDocument, documents)
    table(root, "pairs/images", ImageTextPair, pairs)
    table(root, "pairs/videos", VideoTextPair, clips)
    for job in JOBS:
        counters = [
            Counter(stage=stage, unit=unit, kind=kind, count=count)
            for stage, unit, count in COUNTERS[job]
            for kind in CounterKind
            if kind is not CounterKind.MADE
        ]
        table(root, f"rejections/{job}", Rejection, [])
        table(root, f"counters/{job}", Counter, counters)
    for dataset, records in zip(Dataset, (documents, pairs, [], clips), strict=True):
        shards(root, dataset, records)
    (root / "run.json").write_text(json.dumps({"config": {"shard": CONFIG.model_dump()}}))
    return root


def table(root, name, record_type, records):
    file = write_file(str(root / name), "part-00000-of-00001.parquet", record_type, records)
    write_manifest(str(root / name), TableManifest(table=name, fingerprint="", files=(file,)))


def shards(root, dataset, records):
    folder = str(root / "shards" / dataset)
    work = ShardWork(dataset=dataset, config=CONFIG, store=store_at(str(root)), folder=folder)
    plan, groups = plan_shards(dataset, len(records), CONFIG), {}
    for record in records:
        groups.setdefault(place_of(record, plan, CONFIG), []).append(record)
    written = [write_one(work, *place, group) for place, group in groups.items()]
    for folder, infos in zip(work.folders, zip(*((w.shard, w.table) for w in written), strict=True) or ((), ()), strict=False):
        finish(folder, ShardManifest(dataset=dataset, shards=sorted_shards(infos)))
    if not written:
        finish(folder, ShardManifest(dataset=dataset, shards=()))


def faults(run) -> list[str]:
    return list(verify(str(run)))


def first_shard(run, dataset):
    return min((run / "shards" / dataset).glob("*.tar"))


def rewrite(run, dataset, change):
    """Changes the first sample of a dataset's first shard, and the manifest with it, as a bug of ours would."""
    path = first_shard(run, dataset)
    with path.open("rb") as stream:
        samples = [DATASETS[dataset].sample.decode(members) for _, members in read_shard(stream)]
    out = BytesIO()
    number = int(path.stem.rpartition("-")[2])
    write_shard(out, number, [sample.encode() for sample in (change(samples[0]), *samples[1:])])
    path.write_bytes(out.getvalue())
    sign(run, dataset, path)
    return path


def sign(run, dataset, path):
    manifest_path = run / "shards" / dataset / MANIFEST
    manifest = ShardManifest.decode(manifest_path.read_bytes())
    data = path.read_bytes()
    infos = tuple(
        replace(info, bytes=len(data), sha256=sha256(data).hexdigest()) if info.name == path.name else info
        for info in manifest.shards
    )
    manifest_path.write_bytes(replace(manifest, shards=infos).encode())


def test_a_sound_run_has_no_fault(run):
    assert faults(run) == []


def test_flipped_short_missing_and_stray_files(run):
    tar = first_shard(run, Dataset.M3W)
    data = bytearray(tar.read_bytes())
    data[len(data) // 2] ^= 1
    tar.write_bytes(data)
    part = run / "documents/part-00000-of-00001.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    (run / "duplicates/part-00000-of-00001.parquet").unlink()
    (run / "shards/ltip/ltip-train-00007.tar").write_bytes(b"")
    (run / "shards/vtp/.vtp-train-00000.tar.1234.tmp").write_bytes(b"")
    (run / "counters/media" / MANIFEST).unlink()
    (run / "extra").mkdir()
    (run / "extra/table.parquet").write_bytes(b"")
    size = len(part.read_bytes())
    assert [fault.partition(": Arrow")[0] for fault in faults(run)] == [
        f"extra/table.parquet: in a folder without {MANIFEST}",
        "shards/vtp/.vtp-train-00000.tar.1234.tmp: left by a write that was stopped",
        f"counters/media: no {MANIFEST}: not finished",
        f"documents/part-00000-of-00001.parquet: {size} bytes, {MANIFEST} says {size + 1}",
        "duplicates/part-00000-of-00001.parquet: missing",
        f"shards/ltip/ltip-train-00007.tar: not in {MANIFEST}",
        f"shards/m3w/{tar.name}: not the SHA-256 that {MANIFEST} says",
    ]


@pytest.mark.parametrize(
    ("dataset", "change", "fault"),
    [
        (Dataset.M3W, lambda s: replace(s, previous=s.next), "phi is not that of the order of texts and images"),
        (Dataset.M3W, lambda s: replace(s, image_index=(None, 1, None, 0, None)), "image_index does not count the images"),
        (
            Dataset.M3W,
            lambda s: replace(s, images=(s.images[0][:200] + b"\xff\xd9", s.images[1])),
            "a picture cannot be decoded: ",
        ),
        (Dataset.ALIGN, lambda s: replace(s, image=s.image[:-2]), "a picture is not one whole JPEG"),
        (
            Dataset.ALIGN,
            lambda s: replace(s, facts=s.facts | {"width": 9}),
            "a picture of 64 x 32 px is said to have 9 x 32",
        ),
        (Dataset.VTP, lambda s: replace(s, frames=s.frames[:7]), "7 frames and not 8"),
    ],
)
def test_samples_that_are_wrong_in_themselves(run, dataset, change, fault):
    path = rewrite(run, dataset, change)
    (line,) = faults(run)
    assert line.startswith(f"shards/{dataset}/{path.name}: 0000")
    assert line.partition(": ")[2].partition(": ")[2].startswith(fault)


def test_a_sample_of_the_other_split(run):
    train = min((run / "shards/align").glob("*train*.tar"))
    config = CONFIG.model_copy(update={"validation_share": 1.0})
    (run / "run.json").write_text(json.dumps({"config": {"shard": config.model_dump()}}))
    found = faults(run)
    assert found
    assert all(fault.endswith("belongs to the other split than train") for fault in found)
    assert any(fault.startswith(f"shards/align/{train.name}") for fault in found)


def test_a_sidecar_that_does_not_match(run):
    path = rewrite(run, Dataset.ALIGN, lambda sample: replace(sample, key="other"))
    (fault,) = faults(run)
    assert fault.startswith(f"shards/align/{path.stem}.parquet: row (")


def test_a_foreign_tar_is_not_a_shard(run):
    path = first_shard(run, Dataset.ALIGN)
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("000000000000.jpg")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    sign(run, Dataset.ALIGN, path)
    assert any("not a regular file" in fault for fault in faults(run))


def test_a_pack_that_changed(run):
    pack = run / "media/packs/one.tar"
    data = bytearray(pack.read_bytes())
    data[40] ^= 1
    pack.write_bytes(data[:-1])
    (changed, short) = faults(run)
    assert changed == "media/packs/one.tar at 0: not the bytes of https://example.org/0"
    assert short.startswith("media/packs/one.tar at 2895: cannot be read: BlobError: ")


def test_accounts_that_do_not_add_up(run):
    counts = {CounterKind.IN: 12, CounterKind.KEPT: 11}
    table(
        run,
        "counters/documents",
        Counter,
        [Counter(stage=Stage.DEDUP, unit=Unit.DOCUMENT, kind=kind, count=count) for kind, count in counts.items()],
    )
    assert faults(run) == [
        "accounts: dedup, document: 12 in + 0 made, 11 kept + 0 rejected: 1 missing",
        "accounts: documents that dedup kept = rows of documents/: 11 is not 12",
    ]


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
