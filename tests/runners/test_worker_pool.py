"""Worker processes: they do the work, what they raise arrives, and one that dies is replaced, up to twice."""

import os
import signal
import time

import apache_beam as beam
import pytest
from apache_beam.runners.worker import data_plane

from lamella.runners.local import local_execute


@pytest.fixture(scope="module")
def pool():
    said = []
    return local_execute(2, say=said.append), said


def write_each(folder, act=lambda number: None):
    """A pipeline's content: acts on the numbers 0 to 3, then writes a file for each, which holds its process."""

    def write(number):
        act(number)
        (folder / str(number)).write_text(str(os.getpid()))

    return lambda pipeline: pipeline | beam.Create(range(4)) | beam.Reshuffle() | beam.Map(write)


def dies(folder, times):
    """A function that kills its process, `times` times in all."""

    def act(number):
        died = len(list(folder.glob("died-*")))
        if number == 3 and died < times:
            (folder / f"died-{died}").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return act


def test_workers_share_the_work_and_are_new_for_each_pipeline(pool, tmp_path):
    execute, _ = pool
    seen = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        execute(name, write_each(folder))
        assert sorted(path.name for path in folder.iterdir()) == ["0", "1", "2", "3"]
        seen.append({path.read_text() for path in folder.iterdir()})
    assert not seen[0] & seen[1]
    assert str(os.getpid()) not in seen[0] | seen[1]


def test_what_a_worker_raises_ends_the_job_at_once(pool, tmp_path):
    execute, said = pool

    def fails(number):
        raise OSError("No space left on device")

    said.clear()
    with pytest.raises(RuntimeError, match="No space left on device"):
        execute("job", write_each(tmp_path, fails))
    assert said == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_dies_is_replaced(pool, tmp_path, times):
    execute, said = pool
    said.clear()
    execute("job", write_each(tmp_path, dies(tmp_path, times)))
    assert {path.name for path in tmp_path.iterdir()} >= {"0", "1", "2", "3"}
    why = "SIGKILL, as a machine sends it that is out of memory"
    assert said == [f"job: a worker process ended ({why}); try {attempt + 2} of 3" for attempt in range(times)]


def test_three_deaths_are_an_error(pool, tmp_path):
    execute, _ = pool
    with pytest.raises(RuntimeError, match="job: a worker process ended in each of 3 tries: SIGKILL"):
        execute("job", write_each(tmp_path, dies(tmp_path, 9)))
    assert len(list(tmp_path.glob("died-*"))) == 3


def test_input_for_a_worker_that_has_died_holds_nobody(pool, tmp_path, monkeypatch):
    """Beam's queue to a worker takes a hundred megabytes before it lets nobody put more; here it is full at once."""
    monkeypatch.setattr(data_plane, "_DEFAULT_SEND_QUEUE_MAX_BYTES", 10_000)
    monkeypatch.setattr(data_plane, "_DEFAULT_SIZE_FLUSH_THRESHOLD", 10_000)
    execute, said = pool
    said.clear()
    die = dies(tmp_path, 1)

    def act(number):
        if len(number) == 1:
            die(3)

    def build(pipeline):
        first = pipeline | beam.Create(["x"]) | beam.Map(act)
        rows = pipeline | "Rows" >> beam.Create(["y" * 10_000] * 800) | beam.Reshuffle()
        rows | "Wait" >> beam.Map(lambda row, _: act(row), beam.pvalue.AsList(first))

    execute("job", build)
    assert len(said) == 1


def test_a_fork_server_that_dies_is_started_again(pool, tmp_path):
    execute, said = pool
    said.clear()

    def kills_the_server(number):
        flag = tmp_path / "died"
        if not flag.exists():
            flag.touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)  # it ends with its server

    execute("job", write_each(tmp_path, kills_the_server))
    assert len(said) == 1 and "the process that starts workers ended" in said[0]
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1", "2", "3", "died"}


def test_models_are_imported_beside_the_first_job_and_at_the_latest_before_their_own():
    class Server:
        name, losses = "told", []

        def __init__(self):
            self.told = []

        def relaunch_if_gone(self):
            pass

        def prepare(self, imports, behind=0):
            self.told.append((imports, behind))

    class Built(Exception):
        pass

    def build(_):
        raise Built

    for jobs, told in (
        (("extract", "documents", "media", "pairs", "shards"), [(("models",), 2), (("models",), 0)]),
        (("pairs", "shards"), [(("models",), 0)]),
    ):
        server = Server()
        execute = local_execute(2, models=("models",), server=server)
        for job in jobs:
            with pytest.raises(Built):
                execute(job, build)
        assert server.told == told
