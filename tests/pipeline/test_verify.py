"""A sound run has no fault; each kind of damage is one line that names its place."""

import json
import shutil
import tarfile
from dataclasses import replace
from io import BytesIO

import pytest
from verified_run import CONFIG, faults, first_shard, sign, table

from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.datasets import DATASETS, Dataset
from lamella.schemas.rejection import Stage, Unit
from lamella.schemas.shards import MANIFEST, read_shard, write_shard


@pytest.fixture
def run(verified, tmp_path):
    return shutil.copytree(verified, tmp_path / "run")


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
