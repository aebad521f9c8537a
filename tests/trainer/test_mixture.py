"""The mixture: one global order for any world, workers and micro-batches; damage is replaced, counted, and has a limit."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import fsspec
import pytest
import torch

from schemas.pair import Dataset
from schemas.sample import SAMPLE_TYPES
from schemas.shards import read_shard
from tests.trainer.flamingo_world import colour_of, colours, document, world_config, world_vocabulary, write_world
from trainer.config import TrainingError
from trainer.data import Mixture
from trainer.recipes import DatasetConfig

VOCABULARY = world_vocabulary()
PX = 16
COUNTS = {Dataset.M3W: [7, 5, 6], Dataset.ALIGN: [9, 4], Dataset.LTIP: [8], Dataset.VTP: [3, 4]}


@pytest.fixture(scope="module")
def shards(toy, tmp_path_factory) -> str:
    return write_world(toy, tmp_path_factory.mktemp("world"), COUNTS)


def taken(shards: str, steps: int, start: int = 0, rank: int = 0, world: int = 1, **changes) -> list:
    with Mixture(shards, world_config(**changes), VOCABULARY, PX, rank=rank, world=world) as mixture:
        stream = mixture.steps(start)
        return [next(stream) for _ in range(steps)]


def content(batch) -> list[tuple]:
    """Of each sequence, whatever row it stands in: its tokens, phi within it, mask and images."""
    found, first = [], 0
    for row in range(len(batch.text)):
        before = 0
        for number in range(1, int(batch.document[row].max()) + 1):
            inside = batch.document[row] == number
            text, phi = batch.text[row][inside].tolist(), batch.phi[row][inside].tolist()
            images = text.count(VOCABULARY.image)
            pixels = batch.images[first : first + images]
            own = tuple(value - before if value else 0 for value in phi)
            found.append((tuple(text), own, tuple(batch.loss_mask[row][inside].tolist()), pixels.numpy().tobytes()))
            assert batch.position[row][inside].tolist() == list(range(len(text)))
            first, before = first + images, before + images
        assert int(batch.image_counts[row]) == before
    assert first == len(batch.images)
    return found


def everything(steps: list) -> list[tuple]:
    return [
        (step.number, dataset, batch.keys, batch.damaged, content(batch))
        for step in steps
        for micro in step.micro
        for dataset, batch in micro.items()
    ]


@pytest.fixture(scope="module")
def plain(shards) -> list[tuple]:
    return everything(taken(shards, 8))


def keys_by_dataset(steps: list) -> dict[Dataset, list[str]]:
    found: dict[Dataset, list[str]] = {}
    for step in steps:
        for micro in step.micro:
            for dataset, batch in micro.items():
                found.setdefault(dataset, []).extend(batch.keys)
    return found


def test_shapes_and_types(shards):
    (step,) = taken(shards, 1)
    assert list(step.micro[0]) == [Dataset.ALIGN, Dataset.LTIP, Dataset.M3W, Dataset.VTP]
    for dataset, batch in step.micro[0].items():
        part = getattr(world_config(), str(dataset))
        for tensor in (batch.text, batch.phi, batch.document, batch.position):
            assert tensor.shape == (part.batch, part.tokens) and tensor.dtype == torch.int64
        assert batch.loss_mask.shape == (part.batch, part.tokens) and batch.loss_mask.dtype == torch.bool
        assert batch.images.shape == (int(batch.image_counts.sum()), part.frames, PX, PX, 3)
        assert batch.images.dtype == torch.uint8
        assert len(batch.keys) == part.batch
        assert batch.dataset is dataset
    assert step.number == 0 and step.waited_s > 0


def test_the_images_are_those_of_the_window(shards):
    """Each picture has a colour of its own: the k-th image of a row is the one that the document has at that place."""
    seen = 0
    for step in taken(shards, 12):
        batch = step.micro[0][Dataset.M3W]
        first = 0
        for row, key in enumerate(batch.keys):
            sample = document(int(key.split("-")[1]))
            count = int(batch.image_counts[row])
            found = colours(batch.images[first : first + count])
            own = colours_of(sample)
            starts = [n for n in range(len(own) - count + 1) if all(map(close, own[n : n + count], found))]
            assert starts or not count
            first, seen = first + count, seen + count
    assert seen > 60


def colours_of(sample) -> list[tuple[int, int, int]]:
    from PIL import Image

    return [Image.open(io.BytesIO(image)).getpixel((12, 9)) for image in sample.images]


def close(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= 2 for a, b in zip(one, other, strict=True))


def test_clips_have_their_frames_in_order(shards):
    (step,) = taken(shards, 1, align=DatasetConfig(), ltip=DatasetConfig(), m3w=DatasetConfig())
    batch = step.micro[0][Dataset.VTP]
    for clip, key in enumerate(batch.keys):
        number = int(key.split("-")[1])
        assert all(map(close, colours(batch.images[clip, :, None]), [colour_of(number + frame) for frame in range(4)]))


def test_fewer_and_more_frames_than_a_clip_has(shards):
    def frames(count: int) -> list[tuple[int, int, int]]:
        part = DatasetConfig(batch=2, tokens=16, frames=count)
        (step,) = taken(shards, 1, align=DatasetConfig(), ltip=DatasetConfig(), m3w=DatasetConfig(), vtp=part)
        return colours(step.micro[0][Dataset.VTP].images[0, :, None])

    four = frames(4)
    assert frames(2) == [four[0], four[2]]
    assert frames(8) == [frame for frame in four for _ in range(2)]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_gives_the_same(shards, plain, workers):
    assert everything(taken(shards, 8, workers=workers)) == plain


@pytest.mark.parametrize("start", range(8))
def test_a_training_goes_on_from_any_step(shards, plain, start):
    assert everything(taken(shards, 8 - start, start=start)) == [entry for entry in plain if entry[0] >= start]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("world", [1, 2])
def test_a_training_goes_on_with_other_workers_in_another_world(shards, plain, workers, world):
    ranks = [taken(shards, 3, start=5, workers=workers, rank=rank, world=world) for rank in range(world)]
    parts: dict[tuple, list] = {}
    for number, dataset, keys, _, rows in (entry for rank in ranks for entry in everything(rank)):
        known = parts.setdefault((number, dataset), [(), []])
        parts[number, dataset] = [known[0] + keys, known[1] + rows]
    assert parts == {(number, dataset): [keys, rows] for number, dataset, keys, _, rows in plain if number >= 5}


@pytest.mark.parametrize(("world", "micro"), [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2)])
def test_any_world_and_micro_batches_give_the_same_global_batches(shards, world, micro):
    sizes = {name: DatasetConfig(batch=12, tokens=16) for name in ("m3w", "align", "ltip", "vtp")}
    alone = taken(shards, 3, **sizes)
    ranks = [taken(shards, 3, rank=rank, world=world, micro_batches=micro, **sizes) for rank in range(world)]
    for number, step in enumerate(alone):
        for dataset, batch in step.micro[0].items():
            parts = [part[dataset] for rank in ranks for part in rank[number].micro]
            assert [len(part.keys) for part in parts] == [12 // (world * micro)] * (world * micro)
            assert tuple(key for part in parts for key in part.keys) == batch.keys
            assert [one for part in parts for one in content(part)] == content(batch)


@pytest.mark.parametrize("count", range(1, 10))
def test_every_sample_comes_once_an_epoch_in_any_world(toy, tmp_path, count):
    """Fewer shards than processes included; one dataset, batches that run over the end of an epoch."""
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [2 + n % 2 for n in range(count)]}, validation=1)
    none = DatasetConfig()
    total = sum(2 + n % 2 for n in range(count))
    for world in (1, 2, 3, 7, 8):
        part = DatasetConfig(batch=world, tokens=8)
        changes = {"m3w": none, "ltip": none, "vtp": none, "align": part}
        steps = -(-2 * total // world)
        ranks = [taken(folder, steps, rank=rank, world=world, **changes) for rank in range(world)]
        keys = [ranks[rank][step].micro[0][Dataset.ALIGN].keys[0] for step in range(steps) for rank in range(world)]
        for epoch in range(2):
            assert Counter(keys[epoch * total : (epoch + 1) * total]) == Counter(f"pair-{n}" for n in range(total))


def test_packed_rows_hold_what_unpacked_rows_hold(shards, plain):
    packed = taken(shards, 8, pack_tokens=48)
    found = everything(packed)
    for (*one, mine), (*other, theirs) in zip(found, plain, strict=True):
        assert one == other
        assert sorted(mine) == sorted(theirs)
    assert all(len(batch.text) < len(batch.keys) for step in packed for batch in step.micro[0].values())


def test_the_papers_layout(shards):
    for batch in taken(shards, 1)[0].micro[0].values():
        images, there = batch.padded_images()
        assert there.sum(1).tolist() == batch.image_counts.tolist()
        assert torch.equal(images[there], batch.images)
        assert not images[~there].any()


def test_another_seed_another_order(shards):
    keys = [keys_by_dataset(taken(shards, 8, seed=seed))[Dataset.M3W] for seed in (0, 1)]
    assert keys[0] != keys[1] and len(set(keys[0])) == 18


def test_a_sample_is_cut_anew_in_each_epoch(shards):
    rows: dict[str, set] = {}
    for step in taken(shards, 18):  # four epochs of 18 documents
        batch = step.micro[0][Dataset.M3W]
        for key, row in zip(batch.keys, batch.text.tolist(), strict=True):
            rows.setdefault(key, set()).add(tuple(row))
    assert max(map(len, rows.values())) > 1


def test_samples_and_fingerprint(toy, shards, tmp_path):
    with Mixture(shards, world_config(), VOCABULARY, PX) as one, Mixture(shards, world_config(), VOCABULARY, PX) as same:
        assert one.samples == {dataset: sum(counts) for dataset, counts in COUNTS.items()}
        assert one.datasets == tuple(sorted(COUNTS))
        assert one.fingerprint == same.fingerprint
    other = write_world(toy, tmp_path, COUNTS | {Dataset.LTIP: [7]})
    with Mixture(other, world_config(), VOCABULARY, PX) as another:
        assert another.fingerprint != one.fingerprint


def test_validation_is_finite_in_order_and_alike(shards):
    with Mixture(shards, world_config(validation_samples=5, micro_batches=2), VOCABULARY, PX) as mixture:
        batches = list(mixture.validation(Dataset.M3W))
        assert [len(batch.keys) for batch in batches] == [2, 2, 1]
        assert [key for batch in batches for key in batch.keys] == [f"document-{n}" for n in range(18, 23)]
        again = [content(batch) for batch in mixture.validation(Dataset.M3W)]
        assert again == [content(batch) for batch in batches]
    with Mixture(shards, world_config(validation_samples=3), VOCABULARY, PX) as mixture:
        assert [len(batch.keys) for batch in mixture.validation(Dataset.VTP)] == [2, 1]


def damage(folder: str, toy, name: str, change) -> None:
    """Writes the shard anew with members changed by `change(index, members)`; its manifest lists the new bytes."""
    dataset = Dataset(name.split("-")[0])
    splits: dict[str, list] = {}
    for path in sorted((Path(folder) / str(dataset)).glob("*.tar")):
        members = [dict(found) for _, found in read_shard(io.BytesIO(path.read_bytes()))]
        if path.name == name:
            members = [change(index, found) for index, found in enumerate(members)]
        splits.setdefault(path.name.split("-")[1], []).append(members)
    for path in (Path(folder) / str(dataset)).iterdir():
        path.unlink()
    (Path(folder) / str(dataset)).rmdir()
    toy.write(Path(folder) / str(dataset), dataset, splits)


def no_picture(index: int, members: dict) -> dict:
    return members | {"jpg": b"\xff\xd8\xff" + bytes(len(members["jpg"]) - 3)} if index == 2 else members


def no_json(index: int, members: dict) -> dict:
    return members | {"json": members["json"][:-5]} if index == 2 else members


@pytest.mark.parametrize("change", [no_picture, no_json])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_sample_is_replaced_and_named(toy, tmp_path, change, workers):
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [10, 10]})
    none = DatasetConfig()
    changes = {"m3w": none, "ltip": none, "vtp": none, "max_damaged_samples": 1.0, "workers": workers}
    before = keys_by_dataset(taken(folder, 10, **changes))[Dataset.ALIGN]
    damage(folder, toy, "align-train-00001.tar", change)
    steps = taken(folder, 10, **changes)
    after = keys_by_dataset(steps)[Dataset.ALIGN]
    moved = [slot for slot, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert {before[slot] for slot in moved} == {"pair-12"} and len(moved) == 2  # once in each of two epochs
    assert "pair-12" not in after
    faults = [fault for step in steps for fault in step.micro[0][Dataset.ALIGN].damaged]
    assert len(faults) >= 2 and {fault.split(":")[0] for fault in faults} == {"align-train-00001.tar, sample 2"}


def test_too_many_damaged_samples_end_the_training(toy, tmp_path):
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [10, 10]})
    damage(folder, toy, "align-train-00001.tar", no_json)
    none = DatasetConfig()
    with Mixture(folder, world_config(m3w=none, ltip=none, vtp=none, max_damaged_samples=0.02), VOCABULARY, PX) as mixture:
        drawn = 0
        with pytest.raises(TrainingError, match=r"max_damaged_samples=0.02: \d+ of 1\d\d samples are damaged"):
            for step in mixture.steps():
                drawn += len(step.micro[0][Dataset.ALIGN].keys)
        assert 90 <= drawn < 110


def test_nothing_sound_is_an_error_and_no_endless_search(toy, tmp_path):
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [3]})
    damage(folder, toy, "align-train-00000.tar", lambda _, members: members | {"json": b"{}"})
    none = DatasetConfig()
    with pytest.raises(TrainingError, match="could stand for it are damaged too"):
        taken(folder, 1, m3w=none, ltip=none, vtp=none)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


DAMAGE = {
    "a flipped bit": flipped,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1024]),
    "empty": lambda path: path.write_bytes(b""),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_shard_is_an_error_of_one_line(toy, tmp_path, how, workers):
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [5, 5, 5]})
    DAMAGE[how](tmp_path / "align" / "align-train-00001.tar")
    none = DatasetConfig()
    with pytest.raises(TrainingError, match=r"align-train-00001\.tar") as raised:
        taken(folder, 9, m3w=none, ltip=none, vtp=none, workers=workers)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_shards_can_be_left_out(toy, tmp_path, capsys, how):
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [5, 5, 5]})
    DAMAGE[how](tmp_path / "align" / "align-train-00001.tar")
    none = DatasetConfig()
    steps = taken(folder, 5, m3w=none, ltip=none, vtp=none, damaged_shards="skip")
    keys = keys_by_dataset(steps)[Dataset.ALIGN]
    expected = [f"pair-{n}" for n in (*range(5), *range(10, 15))]
    assert Counter(keys) == Counter(expected * 2)
    lines = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert len(lines) == 1 and "align-train-00001.tar" in lines[0]


def test_unverified_shards_are_checked_by_size_and_headers(toy, tmp_path):
    folder = write_world(toy, tmp_path, {Dataset.ALIGN: [5]})
    path = tmp_path / "align" / "align-train-00000.tar"
    data = bytearray(path.read_bytes())
    data[data.find(b"red") :][:1] = b"R"
    path.write_bytes(bytes(data))
    none = DatasetConfig()
    assert len(taken(folder, 2, m3w=none, ltip=none, vtp=none, verify_shards=False)) == 2


@pytest.mark.parametrize("cached", [False, True])
def test_a_remote_path_gives_the_same(shards, plain, tmp_path, cached):
    memory = fsspec.filesystem("memory")
    for path in Path(shards).rglob("*"):
        if path.is_file():
            memory.pipe_file(f"/world/{path.relative_to(shards)}", path.read_bytes())
    cache = tmp_path / "cache"
    changes = {"cache": str(cache)} if cached else {}
    assert everything(taken("memory://world", 8, **changes)) == plain
    copies = list(cache.rglob("*.tar")) if cached else []
    assert len(copies) == (8 if cached else 0)
    if cached:  # a second training takes the copies and not the store
        memory.pipe_file("/world/m3w/m3w-train-00000.tar", b"gone")
        assert everything(taken("memory://world", 8, **changes)) == plain
    memory.rm("/world", recursive=True)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_temporary_files_and_descriptors_go_at_the_end(shards, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    taken(shards, 2, workers=2)  # the server of worker processes opens its own once
    before = descriptors()
    for workers in (0, 2, 0, 2):
        taken(shards, 5, workers=workers)
    assert descriptors() <= before + 2
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("lamella-")]


INTERRUPTED = """
import sys
from tests.trainer.flamingo_world import world_config, world_vocabulary
from trainer.data import Mixture
if __name__ == "__main__":
    with Mixture(sys.argv[1], world_config(workers=int(sys.argv[2])), world_vocabulary(), 16) as mixture:
        for step in mixture.steps():
            print(step.number, flush=True)
"""


def living(session: int) -> list[str]:
    """Processes of a session that are more than an entry in a table."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            _, _, after = path.read_text().rpartition(") ")
            state, _, _, own, *_ = after.split()
            if int(own) == session and state != "Z":
                found.append(path.parent.name)
    return found


@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupt_ends_the_workers_and_only_the_training_speaks(shards, tmp_path, workers):
    root = Path(__file__).resolve().parents[2]
    (script := tmp_path / "endless.py").write_text(INTERRUPTED)
    command = [sys.executable, str(script), shards, str(workers)]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "TMPDIR": str(temporary)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:
        for line in process.stdout:
            if line == "20\n":
                os.killpg(process.pid, signal.SIGINT)
                break
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT or process.returncode == 130
    assert complaints.count("Traceback") == 1 and complaints.rstrip().endswith("KeyboardInterrupt")
    until = time.monotonic() + 20
    while (left := living(process.pid)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left
    assert not [path for path in temporary.iterdir() if path.name.startswith("lamella-")]


def test_kept_batches_cost_few_descriptors(shards):
    before = descriptors()
    kept = taken(shards, 20, workers=1)
    assert descriptors() - before <= 4 * len(kept) + 4  # one for the images of each batch


REFUSED = {
    "m3w.batch=4: cannot be shared evenly by 3 x 1": ({"world": 3}, {}),
    "m3w.batch=4: cannot be shared evenly by 2 x 3": ({"world": 2}, {"micro_batches": 3, "align": 6, "ltip": 6, "vtp": 6}),
    "pack_tokens=20: shorter than m3w.tokens=24": ({}, {"pack_tokens": 20}),
    "all 0": ({}, {"m3w": 0, "align": 0, "ltip": 0, "vtp": 0}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_trained_is_refused_by_its_key(shards, message):
    where, changes = REFUSED[message]
    changes = {key: DatasetConfig(batch=value) if key in COUNTS else value for key, value in changes.items()}
    if where.get("world") == 3:
        changes |= {key: DatasetConfig(batch=6) for key in ("align", "ltip", "vtp")}
    with pytest.raises(TrainingError, match=message):
        Mixture(shards, world_config(**changes), VOCABULARY, PX, **where)


def test_a_dataset_without_samples_is_refused(toy, tmp_path):
    folder = write_world(toy, tmp_path, {dataset: ([4] if dataset is not Dataset.VTP else []) for dataset in COUNTS})
    with pytest.raises(TrainingError, match=r"no train sample of vtp; vtp.batch=0 leaves it out"):
        Mixture(folder, world_config(), VOCABULARY, PX)


def test_every_dataset_has_its_type():
    assert set(SAMPLE_TYPES) == set(COUNTS)
