"""WriteShards and its targets on a runner: both outputs, manifests, stale files, and equal bytes on a second run."""

from dataclasses import replace
from pathlib import Path

import pytest
from apache_beam import Create
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from store_world import store_at

from lamella.pipeline.write import WriteTargets
from lamella.schemas.account import Counter
from lamella.schemas.config import ShardConfig
from lamella.schemas.datasets import DATASETS
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.pair import Dataset, ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Reason
from lamella.schemas.shards import MANIFEST, ShardManifest
from lamella.transforms.shard.plan import plan_shards
from lamella.transforms.shard.stage import PlannedShards, ShardsTarget, WriteShards
from lamella.transforms.shard.write import ShardWork

CONFIG = ShardConfig(samples_per_shard=10, validation_share=0.3, max_side_px=64)
TYPES = {Dataset.M3W: InterleavedDocument, Dataset.VTP: VideoTextPair}


def write(world, dataset, records, config=CONFIG, checks=None, settings="", standing=()):
    """`standing`: what manifests say of files that may stay; they themselves are gone, as a run's claim leaves them."""
    work = ShardWork(
        dataset=dataset,
        config=config,
        store=store_at(str(world.root)),
        folder=str(world.root / "shards" / dataset),
        settings=settings,
        standing={shard.name: shard for shard in standing},
    )
    for folder in work.folders if standing else ():
        Path(folder, MANIFEST).unlink()
    targets = {folder: ShardsTarget(dataset=dataset, folder=folder, fingerprint="hash") for folder in work.folders}
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        given = pipeline | Create(records).with_output_types(TYPES.get(dataset, ImageTextPair))
        planned = PlannedShards(plan_shards(dataset, max(40, len(records)), config), work)
        outcome = {DATASETS[dataset].table: given} | WriteShards({dataset: planned})
        {"pieces": outcome.written} | WriteTargets({}, targets)
        if checks:
            checks(outcome)
    return ShardManifest.decode((world.root / "shards" / dataset / MANIFEST).read_bytes())


def files(world):
    folder = world.root / "shards"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_both_outputs(world):
    records = [world.pair(number) for number in range(5)]
    bad = world.pair(5, media=world.add(b"\x89PNG\r\n\x1a\nnothing", 7))

    def checks(outcome):
        def shown(counters):
            sums = {}
            for counter in counters:
                assert isinstance(counter, Counter)
                sums[counter.unit, counter.kind] = sums.get((counter.unit, counter.kind), 0) + counter.count
            assert sums == {("pair", "in"): 6, ("pair", "kept"): 5}

        assert_that(outcome.rejected, lambda out: equal_to([Reason.BROKEN_IMAGE])([r.reason for r in out]), label="rejected")
        assert_that(outcome.counters, shown, label="counters")

    manifest = write(world, Dataset.ALIGN, [*records, bad], checks=checks)
    assert sum(shard.samples for shard in manifest.shards) == 5
    assert manifest.dataset is Dataset.ALIGN
    assert manifest.fingerprint == "hash"


def test_two_runs_are_equal_and_the_second_removes_what_is_stale(world):
    documents = [world.document(number) for number in range(40)]
    manifest = write(world, Dataset.M3W, documents)
    first = files(world)
    assert {shard.split for shard in manifest.shards} == {"train", "validation"}
    assert [shard.name for shard in manifest.shards] == sorted(shard.name for shard in manifest.shards)
    assert len({name for name in first if name.startswith("m3w-parquet/")}) == len(manifest.shards) + 1

    more = CONFIG.model_copy(update={"samples_per_shard": 2})
    write(world, Dataset.M3W, documents, config=more)
    assert len(files(world)) > len(first)
    foreign = {"m3w/notes.txt", "m3w/m3w-train-00099.tar", "m3w-parquet/train-00099.parquet"}  # no manifest names them
    for name in foreign:
        (world.root / "shards" / name).write_bytes(b"not ours")
    (world.root / "shards/m3w/.m3w-train-00000.tar.0123abcd.tmp").write_bytes(b"of a killed run")
    write(world, Dataset.M3W, documents[20:] + documents[:20])
    second = files(world)
    assert {second.pop(name) for name in foreign} == {b"not ours"}
    assert second == first
    for name in foreign:
        (world.root / "shards" / name).unlink()

    write(world, Dataset.M3W, documents, config=CONFIG.model_copy(update={"parquet": False}))
    assert [name for name in files(world) if name.startswith("m3w-parquet/")] == ["m3w-parquet/_manifest.json"]


def version(path):
    """What changes when a file is written again: a file system gives the number of one that is gone to the next."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_only_shards_whose_records_changed_are_written_again(world):
    documents = [world.document(number) for number in range(40)]
    manifest = write(world, Dataset.M3W, documents, settings="a")
    tables = ShardManifest.decode((world.root / "shards/m3w-parquet" / MANIFEST).read_bytes())
    folder = world.root / "shards"
    paths = sorted(path for path in folder.rglob("*") if path.name != MANIFEST and path.is_file())
    written = {path: version(path) for path in paths}
    known = (*manifest.shards, *tables.shards)

    def anew() -> set[str]:
        return {path.name for path, before in written.items() if version(path) != before}

    def counted(outcome):
        def balanced(counters):
            sums = {}
            for counter in counters:
                sums[counter.unit, counter.kind] = sums.get((counter.unit, counter.kind), 0) + counter.count
            assert sums["document", "in"] == sums["document", "kept"] == 39
            assert sums["node", "in"] == sums["node", "kept"] == sum(len(one.nodes) for one in documents[1:])

        assert_that(outcome.counters, balanced)

    left = write(world, Dataset.M3W, documents[1:], settings="a", standing=known, checks=counted)
    assert len(anew()) == 2  # the shard of the document that left, and its Parquet file
    assert sum(shard.samples for shard in left.shards) == 39
    fresh = files(world)
    write(world, Dataset.M3W, documents[1:], settings="a")
    assert files(world) == fresh

    written = {path: version(path) for path in paths}
    known = (*left.shards, *ShardManifest.decode(fresh[f"m3w-parquet/{MANIFEST}"]).shards)
    damaged = folder / "m3w" / left.shards[0].name
    damaged.write_bytes(damaged.read_bytes()[:-512] + b"x" * 512)
    write(world, Dataset.M3W, documents[1:], settings="a", standing=known)
    assert anew() == {damaged.name, damaged.name.removeprefix("m3w-").replace(".tar", ".parquet")}
    assert files(world) == fresh
    write(world, Dataset.M3W, documents[1:], settings="b", standing=known)
    assert len(anew()) == len(paths)


def test_an_empty_dataset_has_a_manifest_without_shards(world):
    assert write(world, Dataset.VTP, []) == ShardManifest(dataset=Dataset.VTP, shards=(), fingerprint="hash")


def test_a_failed_write_raises_and_withdraws_the_manifest(world):
    write(world, Dataset.VTP, [world.film(0)])
    lost = replace(world.video, blob=replace(world.video.blob, path="packs/gone.tar"))
    with pytest.raises(Exception, match=r"gone\.tar"):
        write(world, Dataset.VTP, [world.film(0, media=lost)])
    assert not (world.root / "shards/vtp" / MANIFEST).exists()
