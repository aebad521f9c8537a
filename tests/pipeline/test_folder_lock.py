"""Two runs and one folder in a store: the second is refused while the first lives, and has the folder once it is gone."""

import json
import os
import threading
from dataclasses import replace

import fsspec
import pytest

from lamella.pipeline import folder_lock
from lamella.pipeline.folder_lock import Lease, LeaseFile, own_folder
from lamella.pipeline.ownership import LEASE
from lamella.schemas.errors import ConfigError
from lamella.schemas.keys import stable_key

OTHER = Lease(owner="other", host="elsewhere", process=7)


@pytest.fixture
def folder(request, monkeypatch):
    monkeypatch.setattr(folder_lock, "BEAT_S", 0.02)
    monkeypatch.setattr(folder_lock, "SILENT_S", 1.0)
    path = f"memory://{stable_key(request.node.name)}"
    yield path
    store = fsspec.filesystem("memory")
    if store.exists(path):
        store.rm(path, recursive=True)


def there(folder) -> list[str]:
    store = fsspec.filesystem("memory")
    return [path.rpartition("/")[2] for path in store.find(folder)]


def test_a_lease_is_there_while_a_run_is_and_says_who_holds_it(folder):
    with own_folder(folder):
        assert there(folder) == [LEASE]
        lease = LeaseFile(folder).read()
        assert lease is not None and lease.process == os.getpid()
    assert there(folder) == []


def test_it_gives_a_sign_of_life(folder):
    with own_folder(folder):
        file, beats = LeaseFile(folder), set()
        while len(beats) < 3:
            beats.add(file.read().beat)


def test_a_second_run_is_refused_while_the_first_one_lives(folder):
    said = []
    with own_folder(folder):
        with pytest.raises(ConfigError, match=r"^--output memory://.*: another run is at work there: process \d+ of "):
            own_folder(folder, said.append).__enter__()
        assert there(folder) == [LEASE]
    assert len(said) == 1 and "is watched for 1 s" in said[0]


def test_what_a_silent_run_left_is_taken_over(folder, monkeypatch):
    monkeypatch.setattr(folder_lock, "SILENT_S", 0.1)
    assert LeaseFile(folder).create(OTHER)
    with own_folder(folder):
        assert LeaseFile(folder).read().owner != "other"


def test_a_run_whose_process_is_gone_is_not_waited_for(folder, monkeypatch):
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    host = folder_lock.socket.gethostname()
    for process in (child, os.getpid()):  # none of this process holds it
        assert LeaseFile(folder).create(replace(OTHER, host=host, process=process))
        with own_folder(folder, pytest.fail):
            pass


def test_a_run_that_ends_while_it_is_watched_makes_room(folder):
    file = LeaseFile(folder)
    assert file.create(OTHER)
    threading.Timer(0.05, file.remove).start()
    with own_folder(folder):
        assert file.read().owner != "other"


def test_a_lost_lease_is_left_to_who_has_it(folder):
    with own_folder(folder):
        LeaseFile(folder).write(OTHER)
    assert LeaseFile(folder).read() == OTHER


@pytest.mark.parametrize(
    "content", [b"", b"mine", b"[]", json.dumps({"owner": 1}).encode(), b'{"owner": "a", "host": "b", "process": "c"}']
)
def test_a_users_file_of_its_name_stays(folder, content):
    fsspec.filesystem("memory").pipe_file(f"{folder}/{LEASE}", content)
    with pytest.raises(ConfigError, match=r"it holds \.lease\.json, which is not a run's of lamella"):
        own_folder(folder).__enter__()
    assert fsspec.filesystem("memory").cat_file(f"{folder}/{LEASE}") == content


def test_what_a_store_says_is_one_line_that_names_the_folder(folder, monkeypatch):
    class NoCredentials(Exception):
        """Of a store's library: no OSError."""

    def refuses(*args, **kwargs):
        raise NoCredentials("no credentials were found")

    monkeypatch.setattr(fsspec.implementations.memory.MemoryFileSystem, "pipe_file", refuses)
    with pytest.raises(ConfigError, match=r"^--output memory://.*: no credentials were found$"):
        own_folder(folder).__enter__()
