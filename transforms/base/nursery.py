"""A module's name, words and pipes -> a child process that runs it, forked from one that has made its imports already.

A process with threads must not fork, and a child that is started anew imports for half a second of CPU. So a worker process,
before it has threads, forks one that has none and waits for orders: the nursery. It ends when the worker does, however that
ended.

An order is a message with what the child is to have: [module, words] with the pipes of its stdin and stdout and the read end
of its lifeline -> its process id, with a descriptor of the process; a process id -> the status with which that process ended.
Linux alone hands out such descriptors: elsewhere there is no nursery, and children are started anew.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

_MOST_BYTES = 1 << 18  # of an order
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h


class Forked:
    """A child of the nursery, as `subprocess.Popen` would have it."""

    def __init__(self, nursery: "Nursery", pid: int, process: int):
        self.pid, self._nursery, self._process = pid, nursery, process
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            ended = select.poll()
            ended.register(self._process, select.POLLIN)
            if ended.poll(0):
                self.wait()
        return self._status

    def kill(self) -> None:
        if self._status is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def wait(self) -> int:
        if self._status is None:
            self._status = self._nursery._status_of(self.pid)
            os.close(self._process)
        return self._status


class Nursery:
    """The side of the process whose children they are. Begin it before there are threads.

    Args:
        environment: of the children, as far as the C library reads it: theirs has begun with another.
    """

    def __init__(self, environment: Mapping[str, str]):
        self._orders, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock, self._owner = threading.Lock(), os.getpid()
        if os.fork() == 0:
            try:
                self._orders.close()
                _set_malloc(environment)
                _serve(there)
            finally:
                os._exit(1)
        there.close()

    def start(self, module: str, words: Sequence[str], pipes: tuple[int, int, int]) -> Forked | None:
        """A child that calls `main` of a module, with its words and the number of its lifeline's read end as `sys.argv`.

        Args:
            pipes: of its stdin, of its stdout, and of its lifeline.

        Returns:
            None where the nursery is another process's, or gone.
        """
        if self._owner != os.getpid():
            return None
        with self._lock, suppress(OSError):
            socket.send_fds(self._orders, [json.dumps([module, *words]).encode()], pipes)
            pid, processes, _, _ = socket.recv_fds(self._orders, 32, 1)
            if pid:
                return Forked(self, int(pid), processes[0])
        return None

    def _status_of(self, pid: int) -> int:
        with self._lock, suppress(OSError):
            self._orders.send(json.dumps(pid).encode())
            if status := self._orders.recv(32):
                return int(status)
        return -signal.SIGKILL  # the nursery is gone, and its children are nobody's


def can_fork_children() -> bool:
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def _serve(orders: socket.socket) -> NoReturn:
    while True:
        message, fds, _, _ = socket.recv_fds(orders, _MOST_BYTES, 3)
        if not message:
            os._exit(0)
        order = json.loads(message)
        if isinstance(order, int):
            status = os.waitstatus_to_exitcode(os.waitpid(order, 0)[1])
            orders.send(str(status).encode())
            continue
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            try:
                _become(order, fds)
            finally:
                os._exit(1)
        process = os.pidfd_open(pid)
        socket.send_fds(orders, [str(pid).encode()], [process])
        for fd in (*fds, process):
            os.close(fd)


def _become(order: list[str], fds: list[int]) -> NoReturn:
    module, *words = order
    requests, replies, lifeline = fds
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd, place in ((requests, 0), (replies, 1), (nothing, 2)):
        os.dup2(fd, place)
    for fd in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if fd > 2 and fd != lifeline:
            with suppress(OSError):  # the one by which they were listed
                os.close(fd)
    sys.argv = [module, *words[:2], str(lifeline), *words[2:]]
    import_module(module).main()
    os._exit(0)


def _set_malloc(environment: Mapping[str, str]) -> None:
    """What glibc reads from the environment of a process that begins, for one that has begun. Without effect elsewhere."""
    names = {
        "MALLOC_ARENA_MAX": _M_ARENA_MAX,
        "MALLOC_MMAP_THRESHOLD_": _M_MMAP_THRESHOLD,
        "MALLOC_TRIM_THRESHOLD_": _M_TRIM_THRESHOLD,
    }
    with suppress(AttributeError):
        for name, value in environment.items():
            if name in names:
                ctypes.CDLL(None).mallopt(names[name], int(value))
