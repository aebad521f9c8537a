"""Names of workers -> processes that are forked for them from one that has made its imports, and word of their ends.

The near side of `fork_server`. Nothing heavy is imported here, so that a command can start it before its own imports.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence

from lamella.transforms.base.killable import pipe_of
from lamella.transforms.base.lifeline import Lifeline

EXIT_S = 5.0  # for a worker to end by itself once its pipeline has ended
_servers: "weakref.WeakValueDictionary[str, ForkServer]" = weakref.WeakValueDictionary()


def server_named(name: str) -> "ForkServer":
    """The one that lives in this process. Raises KeyError."""
    return _servers[name]


class ForkServer:
    """The process that forks the workers. It is started at once, so that its imports run beside what the caller does next.

    Args:
        quiet: what workers print is not shown.
    """

    def __init__(self, quiet: bool):
        self._quiet, self._lock = quiet, threading.Lock()
        self._later: tuple[Sequence[str], int] | None = None
        self._ended: dict[str, threading.Event] = {}
        self._lost: dict[str, Callable[[str], None]] = {}
        self.name = f"{os.getpid()}-{id(self)}"
        self.losses: list[str] = []  # why workers ended that should not have; the caller clears it
        _servers[self.name] = self
        self._launch()

    def prepare(self, imports: Sequence[str], behind: int = 0) -> None:
        """Begins to import what later workers need beside what is imported already; the caller does not wait.

        Args:
            behind: begins once so many more workers are forked, beside their work: until it ends, none can be.
        """
        with self._lock:
            self._later = (imports, behind) if behind else None
        if imports and not behind:
            self._tell({"import": list(imports)})

    def start(self, worker: str, environment: dict[str, str], lost: Callable[[str], None]) -> None:
        """Forks a worker. `lost(why)` is called where it ends before it is asked to."""
        with self._lock:
            self._ended[worker], self._lost[worker] = threading.Event(), lost
            imports, behind = self._later or ((), 0)
            self._later = (imports, behind - 1) if behind > 1 else None
        self._tell({"start": worker, "environment": environment})
        if behind == 1:
            self._tell({"import": list(imports)})

    def expect_end(self, worker: str) -> None:
        """From here on the worker may end."""
        with self._lock:
            self._lost.pop(worker, None)

    def stop(self, worker: str, patience_s: float) -> None:
        """Returns once the worker is gone."""
        self.expect_end(worker)
        if not self._ended[worker].wait(patience_s):
            self._tell({"kill": worker})
            self._ended[worker].wait(EXIT_S)
        del self._ended[worker]

    def relaunch_if_gone(self) -> None:
        if self._process.poll() is not None:
            self._launch()

    def _launch(self) -> None:
        lifeline = Lifeline()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lamella.runners.fork_server", str(lifeline.read_end)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if self._quiet else None,
            pass_fds=[lifeline.read_end],
        )
        lifeline.given()
        weakref.finalize(self, _end, self._process, lifeline)
        threading.Thread(target=_listen, args=(weakref.ref(self), self._process), name="fork server", daemon=True).start()

    def _tell(self, order: dict) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError):  # its listener says that it is gone
            orders = pipe_of(self._process.stdin)
            orders.write(json.dumps(order).encode() + b"\n")
            orders.flush()

    def _has_ended(self, worker: str, why: str) -> None:
        with self._lock:
            lost, ended = self._lost.pop(worker, None), self._ended.get(worker)
        if lost:
            self.losses.append(why)
            lost(why)
        if ended:
            ended.set()

    def _all_have_ended(self, why: str) -> None:
        for worker in list(self._ended):
            self._has_ended(worker, why)


def _listen(server: "weakref.ref[ForkServer]", process: subprocess.Popen) -> None:
    for line in pipe_of(process.stdout):
        news, here = json.loads(line), server()
        if here:
            here._has_ended(news["ended"], _why(news["status"]))
        del here
    if here := server():
        here._all_have_ended(f"the process that starts workers ended: {_why(process.wait())}")


def _why(status: int) -> str:
    """What a process's end says: 137 is what a shell would call -9."""
    if status >= 0:
        return f"exit {status}"
    return "SIGKILL, as a machine sends it that is out of memory" if status == -9 else f"signal {-status}"


def _end(process: subprocess.Popen, lifeline: Lifeline) -> None:
    lifeline.cut()
    with contextlib.suppress(BrokenPipeError):  # an order that it did not live to read
        pipe_of(process.stdin).close()
    process.wait()
