"""A run's folder -> the lock that a run holds while it works there: the system's on a local disk, a lease in a store.

A lease is an object that only one run can create. While its run lives, the lease changes at every beat. The lease of a run that
ended without removing it stays the same: the next run watches it for a while, then takes the folder over. No clocks are
compared.
"""

import contextlib
import fcntl
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from fsspec.core import url_to_fs

from lamella.pipeline.config.resolution import check_no_credentials
from lamella.pipeline.ownership import LEASE, LOCK, check_output
from lamella.schemas.errors import ConfigError, LamellaError
from lamella.schemas.printable import printable
from lamella.transforms.base.files import is_local, join

BEAT_S = 10.0  # between two signs of life
SILENT_S = 35.0  # without one, a run is gone

_held: set[str] = set()  # owners, of this process


@contextlib.contextmanager
def own_folder(folder: str, say: Callable[[str], None] = lambda line: None) -> Iterator[None]:
    """Holds the lock of the run's folder, which is created if it is missing. `say` gets a line if that has to wait.

    Raises ConfigError, with nothing touched, for a folder that is not empty and holds no run, and for one that another run is
    at work in.
    """
    check_no_credentials("--output", folder)
    with contextlib.ExitStack() as held:
        try:
            check_output(folder)
            held.callback(_lock(folder) if is_local(folder) else _lease(folder, say))
        except LamellaError:
            raise
        except Exception as error:  # each store's library has errors of its own
            raise ConfigError(f"--output {printable(folder)}: {getattr(error, 'strerror', None) or error}") from None
        yield


def _lock(folder: str) -> Callable[[], None]:
    """What unlocks it. The lock ends with the process, however it ends."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    lock = os.open(Path(folder) / LOCK, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise ConfigError(f"--output {folder}: another run is at work there") from None
    return partial(os.close, lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What the object says."""

    owner: str  # random, of one run
    host: str
    process: int
    beat: int = 0

    @property
    def is_gone(self) -> bool:
        """Whether it is of this machine, and its process is not there any more."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return self.process == os.getpid() and self.owner not in _held  # of an earlier process of the same number


class LeaseFile:
    """The object of a folder."""

    def __init__(self, folder: str):
        self._fs, self._path = url_to_fs(join(folder, LEASE))

    def create(self, lease: Lease) -> bool:
        """False where there is one. Raises FileNotFoundError for a bucket that is not there: nobody asked for a new one."""
        try:
            try:
                self._fs.pipe_file(self._path, _coded(lease), mode="create")
            except FileNotFoundError:
                if not self._fs.exists(self._path.partition("/")[0] or "/"):
                    raise
                self._fs.makedirs(self._path.rpartition("/")[0], exist_ok=True)
                self._fs.pipe_file(self._path, _coded(lease), mode="create")
        except FileExistsError:
            return False
        return True

    def read(self) -> Lease | None:
        """None where there is none. Raises ValueError for what is no lease."""
        try:
            said = json.loads(self._fs.cat_file(self._path))
            return Lease(owner=str(said["owner"]), host=str(said["host"]), process=int(said["process"]), beat=int(said["beat"]))
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"it holds {LEASE}, which is not a run's of lamella") from None

    def write(self, lease: Lease) -> None:
        self._fs.pipe_file(self._path, _coded(lease))

    def remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self._path)


def _lease(folder: str, say: Callable[[str], None]) -> Callable[[], None]:
    """What gives it back."""
    file = LeaseFile(folder)
    lease = Lease(owner=secrets.token_hex(8), host=socket.gethostname(), process=os.getpid())
    _take(file, lease, lambda other: say(_waits(folder, other)))
    _held.add(lease.owner)
    ended = threading.Event()
    beats = threading.Thread(target=_beat, args=(file, lease, ended), name="lease", daemon=True)
    beats.start()

    def give_back() -> None:
        ended.set()
        beats.join()
        _held.discard(lease.owner)
        with contextlib.suppress(OSError, ValueError):
            if _is_ours(file.read(), lease):
                file.remove()

    return give_back


def _take(file: LeaseFile, lease: Lease, wait: Callable[[Lease], None]) -> None:
    """Raises ValueError where another run lives."""
    while not file.create(lease):
        other = file.read()
        if other is None:
            continue  # it has just ended
        if not other.is_gone:
            wait(other)
            if _lives(file, other):
                raise ValueError(f"another run is at work there: process {other.process} of {other.host}")
        if file.read() == other:
            file.remove()


def _lives(file: LeaseFile, known: Lease) -> bool:
    """Whether its run gives a sign of life while it is watched, or ends."""
    end = time.monotonic() + SILENT_S
    while time.monotonic() < end:
        time.sleep(min(BEAT_S, SILENT_S) / 4)
        now = file.read()
        if now != known:
            return now is not None
    return False


def _beat(file: LeaseFile, lease: Lease, ended: threading.Event) -> None:
    """Until the run ends, or another one has taken its folder, which it was too long silent to keep."""
    number = 0
    while not ended.wait(BEAT_S):
        with contextlib.suppress(OSError, ValueError):  # a store that does not answer may do so at the next beat
            if not _is_ours(file.read(), lease):
                return
            number += 1
            file.write(replace(lease, beat=number))


def _is_ours(found: Lease | None, lease: Lease) -> bool:
    return found is not None and found.owner == lease.owner


def _coded(lease: Lease) -> bytes:
    return json.dumps(asdict(lease)).encode() + b"\n"


def _waits(folder: str, other: Lease) -> str:
    return (
        f"{printable(folder)}: a run that did not end is watched for {SILENT_S:.0f} s: process {other.process} of {other.host}"
    )
