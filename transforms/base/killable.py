"""Requests as bytes -> replies as bytes, from a child process that is killed if one costs more than its limits.

It is for C code on foreign bytes. A thread's time-out leaves the thread running, and a decoder that dies takes its process with
it. The child's side is `killable_worker.serve`. Time is the child's own CPU time, so a busy machine refuses nothing more.
"""

import atexit
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, NamedTuple

from lamella.schemas.errors import LamellaError
from lamella.transforms.base.killable_worker import LENGTH, OUT_OF_MEMORY
from lamella.transforms.base.lifeline import Lifeline
from lamella.transforms.base.nursery import Forked, Nursery, can_fork_children

_CHUNK = 1 << 20
_START_S = 120.0  # a child that takes longer to start is broken infrastructure: it imports for half a second of CPU
_WALL = 30  # seconds on the wall for one of CPU, after which a child that waits for something is killed too
_CHILD_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    # glibc gives what is freed back to the kernel, and gets it again as zeroed pages, a fault each: a sixth of the time that a
    # picture of 4 MP takes. Up to 16 MiB stay with the child; larger pieces still come and go alone.
    "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
}
_PAUSE_S = 1.0  # a wait is cut in such pieces, so that an interrupt of this thread gets through


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What the child may use. Memory is counted on top of what it holds once it has started."""

    max_memory_bytes: int
    max_cpu_s: float  # of one request
    max_reply_bytes: int  # where a request names no other bound
    max_requests: int | None = None  # then a fresh child takes its place: leaks end


class TooCostly(LamellaError):
    """The request ran into a limit, or killed its process; the message says which."""


class Killable:
    """One child, started on the first request and again whenever it is gone. For one thread at a time."""

    def __init__(self, module: str, limits: ChildLimits, argument: str = ""):
        """`argument` is one more word for the child's command line."""
        self._module, self._limits, self._argument, self._owner = module, limits, argument, os.getpid()
        self._child: _Child | None = None
        self._requests = 0  # that the child was asked

    def ask(self, request: bytes, data: bytes = b"", max_reply_bytes: int | None = None) -> bytes:
        """The child's reply to `request + data`. Raises TooCostly; OSError where no child can be started.

        Of a child that was killed from outside nothing is known of the request: another is asked, once.
        """
        with suppress(_Killed):
            return self._ask(request, data, max_reply_bytes)
        return self._ask(request, data, max_reply_bytes)

    def _ask(self, request: bytes, data: bytes, max_reply_bytes: int | None) -> bytes:
        spent = self._limits.max_requests is not None and self._requests >= self._limits.max_requests
        child = self._child if self._child and self._child.process.poll() is None and not spent else self._start()
        self._requests += 1
        deadline = time.monotonic() + self._limits.max_cpu_s * _WALL
        try:
            self._send(child, LENGTH.pack(len(request) + len(data)) + request, deadline)
            self._send(child, data, deadline)
            return self._receive(child, deadline, max_reply_bytes or self._limits.max_reply_bytes)
        except _Gone:
            raise self._cause(child) from None
        except BaseException:  # a limit, or an interrupt in the middle: what the child says next is no answer of ours
            self.close()
            raise

    def close(self) -> None:
        """Ends the child, whatever it is doing."""
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():  # a fork's copy: the child is the other process's
            return
        child.process.kill()
        child.lifeline.cut()
        child.requests.close()
        child.replies.close()
        child.process.wait()

    def _start(self) -> "_Child":
        self.close()
        limits, lifeline = self._limits, Lifeline()
        words = [str(limits.max_memory_bytes), str(limits.max_cpu_s), self._argument]
        child = self._child = self._forked(words, lifeline) or self._spawned(words, lifeline)
        lifeline.given()
        for pipe in (child.requests.fileno(), child.replies.fileno()):
            os.set_blocking(pipe, False)
            _widen(pipe)
        self._owner, self._requests = os.getpid(), 0
        try:
            self._receive(child, time.monotonic() + _START_S, limits.max_reply_bytes)
        except (_Gone, TooCostly):
            self.close()
            raise OSError(f"the child process {self._module} does not start") from None
        return child

    def _forked(self, words: list[str], lifeline: Lifeline) -> "_Child | None":
        if _nursery is None:
            return None
        (stdin, requests), (replies, stdout) = os.pipe(), os.pipe()
        process = _nursery.start(self._module, words, (stdin, stdout, lifeline.read_end))
        os.close(stdin)
        os.close(stdout)
        pipes = os.fdopen(requests, "wb", 0), os.fdopen(replies, "rb", 0)
        if process:
            return _Child(process, *pipes, lifeline)
        for pipe in pipes:
            pipe.close()
        return None

    def _spawned(self, words: list[str], lifeline: Lifeline) -> "_Child":
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", self._module, *words[:2], str(lifeline.read_end), *words[2:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=os.environ | _CHILD_ENVIRONMENT,
            pass_fds=[lifeline.read_end],
        )
        return _Child(process, pipe_of(process.stdin), pipe_of(process.stdout), lifeline)

    def _send(self, child: "_Child", message: bytes, deadline: float) -> None:
        pipe, rest = child.requests.fileno(), memoryview(message)
        while rest:
            try:
                rest = rest[os.write(pipe, rest[:_CHUNK]) :]
            except BlockingIOError:
                self._wait(pipe, select.POLLOUT, deadline)
            except BrokenPipeError:
                raise _Gone from None

    def _receive(self, child: "_Child", deadline: float, max_bytes: int) -> bytes:
        length = LENGTH.unpack(self._read(child, LENGTH.size, deadline))[0]
        if length > max_bytes:
            raise TooCostly(f"a reply of {length} > {max_bytes} bytes")
        return self._read(child, length, deadline)

    def _read(self, child: "_Child", size: int, deadline: float) -> bytes:
        pipe, out = child.replies.fileno(), bytearray()
        while len(out) < size:
            self._wait(pipe, select.POLLIN, deadline)
            try:
                piece = os.read(pipe, min(size - len(out), _CHUNK))
            except BlockingIOError:
                continue
            if not piece:
                raise _Gone
            out += piece
        return bytes(out)

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        while not poll.poll(_PAUSE_S * 1000):
            if time.monotonic() > deadline:
                raise TooCostly(f"no answer after {self._limits.max_cpu_s * _WALL:g} s")

    def _cause(self, child: "_Child") -> TooCostly:
        """Why the child ended by itself."""
        status = child.process.wait()
        self.close()
        if status == OUT_OF_MEMORY:
            return TooCostly(f"more than {self._limits.max_memory_bytes} bytes of memory")
        if status == -signal.SIGPROF:
            return TooCostly(f"more than {self._limits.max_cpu_s:g} s of CPU")
        said = f"killed its process: {signal.Signals(-status).name}" if status < 0 else f"ended its process: {status}"
        return (_Killed if status == -signal.SIGKILL else TooCostly)(said)


class _Child(NamedTuple):
    """A child that runs, and what holds it."""

    process: subprocess.Popen[bytes] | Forked
    requests: IO[bytes]
    replies: IO[bytes]
    lifeline: Lifeline


class _Gone(Exception):
    pass


class _Killed(TooCostly):
    """By no limit of ours: by another process, or by a machine that is out of memory. Or the nursery is gone, and who knows."""


def pipe_of(stream: IO[bytes] | None) -> IO[bytes]:
    """A child's end of a pipe, which it has where it was started with one."""
    if stream is None:
        raise ValueError("a child that was started without this pipe")
    return stream


def _widen(pipe: int) -> None:
    """A pipe of 64 KiB wakes both sides a dozen times for a picture; where the system grants more, once or twice."""
    with suppress(OSError, AttributeError):  # Linux alone has such a call, and bounds what a user's pipes may hold
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _CHUNK)


_nursery: Nursery | None = None


def begin_nursery() -> None:
    """From here on the children of this process are forked, where that can be. Call it before there are threads."""
    global _nursery
    if can_fork_children():
        _nursery = Nursery(_CHILD_ENVIRONMENT)


_idle: dict[tuple, list[Killable]] = {}
_lock = threading.Lock()


@contextmanager
def borrowed(module: str, limits: ChildLimits, argument: str = "") -> Iterator[Killable]:
    """A child of this process: as many live as threads ever asked at once."""
    with _lock:
        waiting = _idle.setdefault((os.getpid(), module, limits, argument), [])
        child = waiting.pop() if waiting else Killable(module, limits, argument)
    try:
        yield child
    finally:
        with _lock:
            waiting.append(child)


@atexit.register
def close_all() -> None:
    """Ends the children that wait. They would end by themselves with this process, by the end of their input."""
    with _lock:
        for waiting in _idle.values():
            while waiting:
                waiting.pop().close()
