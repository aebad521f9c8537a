"""P2: work that is tried again, or done twice at once, leaves one file of the same bytes; no reader sees half of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from shard_world import World

from lamella.pipeline.tables import write_file
from lamella.schemas.config import FetchConfig, ReadConfig, ShardConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.pair import Dataset
from lamella.schemas.shards import shard_name
from lamella.transforms.media.store import MediaStore
from lamella.transforms.shard.write import ShardWork, write_one

TIMES = 12


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("retries"))


def at_once(do, path) -> tuple[set, set[str]]:
    """What a dozen do at once come to; the checksums of all that a reader saw meanwhile."""
    seen, over = set(), threading.Event()

    def read():
        while not over.is_set():
            if path.exists():
                seen.add(sha256(path.read_bytes()).hexdigest())

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(4) as pool:
        results = set(pool.map(lambda _: do(), range(TIMES)))
    over.set()
    reader.join()
    return results, seen


def test_a_shard_that_is_written_twice_at_once(world, tmp_path):
    store = MediaStore.of(str(world.root), ReadConfig(), FetchConfig())
    work = ShardWork(dataset=Dataset.ALIGN, config=ShardConfig(max_side_px=64), store=store, folder=str(tmp_path / "align"))
    pairs = [world.pair(number) for number in range(6)]
    path = tmp_path / "align" / shard_name(Dataset.ALIGN, "train", 0)
    results, seen = at_once(lambda: write_one(work, "train", 0, pairs).shard, path)
    (info,) = results
    assert seen <= {info.sha256} and sha256(path.read_bytes()).hexdigest() == info.sha256
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([info.name, info.sidecar])


def test_a_table_that_is_written_twice_at_once(world, tmp_path):
    documents = [world.document(number) for number in range(40)]
    turns = iter(range(TIMES))

    def write():
        order = documents[:: -1 if next(turns) % 2 else 1]  # a bundle that is tried again comes in another order
        return write_file(str(tmp_path / "table"), "part.parquet", InterleavedDocument, order)

    results, seen = at_once(write, tmp_path / "table" / "part.parquet")
    (info,) = results
    assert seen <= {info.sha256}
    assert [file.name for file in (tmp_path / "table").iterdir()] == ["part.parquet"]


def test_an_attempt_that_dies_halfway_leaves_nothing_under_the_name(world, tmp_path, monkeypatch):
    """As often as three times in ten; the attempt that ends leaves what one attempt alone would have."""
    alone = write_file(str(tmp_path / "alone"), "part.parquet", InterleavedDocument, [world.document(1)])
    path, failures = tmp_path / "table" / "part.parquet", []

    def sometimes(descriptor):
        failures.append(descriptor)
        if len(failures) < 4:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("lamella.transforms.base.files.os.fsync", sometimes)
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output"):
            write_file(str(path.parent), path.name, InterleavedDocument, [world.document(1)])
        assert list(path.parent.iterdir()) == []
    assert write_file(str(path.parent), path.name, InterleavedDocument, [world.document(1)]) == alone
    assert [file.name for file in path.parent.iterdir()] == ["part.parquet"]
