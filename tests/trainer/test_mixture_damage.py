"""The mixture under damage: samples replaced and counted, shards refused or left out, copies, and a clean end."""

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

from lamella.schemas.errors import TrainingError
from lamella.schemas.pair import Dataset
from lamella.schemas.shards import read_shard
from lamella.trainer.loading.config import DatasetConfig
from lamella.trainer.loading.mixture import Mixture
from tests.trainer.flamingo_world import world_config, write_world
from tests.trainer.mixture_steps import COUNTS, PX, VOCABULARY, everything, keys_by_dataset, taken


@pytest.fixture(scope="module")
def shards(toy, tmp_path_factory) -> str:
    return write_world(toy, tmp_path_factory.mktemp("world"), COUNTS)


@pytest.fixture(scope="module")
def plain(shards) -> list[tuple]:
    return everything(taken(shards, 8))


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
from lamella.trainer.loading.mixture import Mixture
if __name__ == "__main__":
    with Mixture(sys.argv[1], world_config(workers=int(sys.argv[2])), world_vocabulary(), 16) as mixture:
        for step in mixture.steps():
            print(step.number, flush=True)
"""


def heeds_interrupts() -> None:
    """In the child, before it runs: a shell's background jobs, this suite perhaps, are started deaf to them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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
    pipes |= {"preexec_fn": heeds_interrupts}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:
        for line in process.stdout:
            if line == "20\n":
                os.killpg(process.pid, signal.SIGINT)
                break
        _, complaints = process.communicate(timeout=30)
    assert process.returncode != 0, complaints
    if process.returncode in (-signal.SIGINT, 130):  # on a loaded machine torch's own word on its workers can come first
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
