"""A run of a few rows, and damage to it."""

import json
from dataclasses import replace
from hashlib import sha256

from shard_world import World
from store_world import store_at

from lamella.pipeline.graph import JOBS
from lamella.pipeline.tables import TableManifest, write_file, write_manifest
from lamella.reporting.verify import verify
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.config import ShardConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.media import Alias, ArchiveMedia, Media
from lamella.schemas.opt_out import OptOut
from lamella.schemas.pair import ImageTextPair, VideoTextPair
from lamella.schemas.rejection import Rejection, Stage, Unit
from lamella.schemas.shards import MANIFEST, ShardManifest
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


def write_sound_run(root):
    """A whole run of 12 documents, 12 image-text pairs and 2 clips in the folder, which is given back."""
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


def faults(run) -> list[str]:
    return list(verify(str(run)))


def first_shard(run, dataset):
    return min((run / "shards" / dataset).glob("*.tar"))


def sign(run, dataset, path):
    manifest_path = run / "shards" / dataset / MANIFEST
    manifest = ShardManifest.decode(manifest_path.read_bytes())
    data = path.read_bytes()
    infos = tuple(
        replace(info, bytes=len(data), sha256=sha256(data).hexdigest()) if info.name == path.name else info
        for info in manifest.shards
    )
    manifest_path.write_bytes(replace(manifest, shards=infos).encode())
