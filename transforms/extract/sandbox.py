"""A page in, its parse out, by a child process that can be killed: no page costs more time or memory than its limits.

A thread's time-out leaves the thread running, and a parser that dies takes its process along; a child costs 0.1 ms a page.
"""

import atexit
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lamella.schemas.config import ExtractConfig
from lamella.transforms.base.lifeline import Lifeline
from lamella.transforms.extract.child import OUT_OF_MEMORY
from lamella.transforms.extract.parse import PageTooCostly, Parsed
from lamella.transforms.extract.wire import LENGTH, decode_reply, encode_request, max_reply_bytes

_ENVELOPE_BYTES = 1 << 16  # of a reply, beside its nodes
_CHUNK = 1 << 20
_START_S = 30.0  # a child that takes longer to start than this is broken infrastructure, not a costly page


class Sandbox:
    """One child, started on the first page and again whenever it had to be killed. For one thread at a time."""

    def __init__(self, config: ExtractConfig):
        self._config, self._child, self._lifeline, self._pages = config, None, None, 0
        self._owner = os.getpid()

    def parse(self, html: str, url: str) -> Parsed:
        """Raises PageTooCostly; ParseFailed where the parse raises; OSError where no child can be started."""
        if self._child is None or self._child.poll() is not None or self._pages >= self._config.pages_per_child:
            self._start()
        self._pages += 1
        deadline = time.monotonic() + self._config.timeout_s
        try:
            request = encode_request(html, url)
            self._send(request, deadline)
            reply = self._receive(deadline, max_reply_bytes(len(request), self._config) + _ENVELOPE_BYTES)
        except _TimedOut:
            self.close()
            raise PageTooCostly(f"more than {self._config.timeout_s:g} s") from None
        except _Gone:
            raise PageTooCostly(self._cause()) from None
        except BaseException:  # stopped in between: what the child says next would be taken for the next page's reply
            self.close()
            raise
        return decode_reply(reply)

    def close(self) -> None:
        """Ends the child, whatever it is doing."""
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():  # a fork's copy: the child is the other process's
            return
        child.kill()
        self._lifeline.cut()
        child.stdin.close()
        child.stdout.close()
        child.wait()

    def _start(self) -> None:
        self.close()
        self._lifeline = Lifeline()
        command = [sys.executable, "-P", "-m", "lamella.transforms.extract.child", self._config.model_dump_json()]
        self._child = subprocess.Popen(
            [*command, str(self._lifeline.read_end)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=[self._lifeline.read_end],
        )
        self._lifeline.given()
        os.set_blocking(self._child.stdin.fileno(), False)
        os.set_blocking(self._child.stdout.fileno(), False)
        self._pages, self._owner = 0, os.getpid()
        try:
            self._receive(time.monotonic() + _START_S, _ENVELOPE_BYTES)
        except (_Gone, _TimedOut):
            self.close()
            raise OSError("the extraction's child process does not start") from None

    def _send(self, message: bytes, deadline: float) -> None:
        pipe, rest = self._child.stdin.fileno(), memoryview(message)
        while rest:
            _wait(pipe, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(pipe, rest[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _Gone from None

    def _receive(self, deadline: float, max_bytes: int) -> bytes:
        length = LENGTH.unpack(self._read(LENGTH.size, deadline))[0]
        if length > max_bytes:
            raise PageTooCostly(f"{length} > {max_bytes} bytes of nodes")
        return self._read(length, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        pipe, out = self._child.stdout.fileno(), bytearray()
        while len(out) < size:
            _wait(pipe, select.POLLIN, deadline)
            try:
                piece = os.read(pipe, min(size - len(out), _CHUNK))
            except BlockingIOError:
                continue
            if not piece:
                raise _Gone
            out += piece
        return bytes(out)

    def _cause(self) -> str:
        """Why the child ended by itself."""
        status = self._child.wait()
        self.close()
        if status == OUT_OF_MEMORY:
            return f"more than {self._config.max_memory_bytes} bytes of memory"
        return f"killed its process: {signal.Signals(-status).name}" if status < 0 else f"ended its process: {status}"


class _TimedOut(Exception):
    pass


class _Gone(Exception):
    pass


def _wait(pipe: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(pipe, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise _TimedOut


_idle: dict[str, list[Sandbox]] = {}
_lock = threading.Lock()


@contextmanager
def borrowed(config: ExtractConfig) -> Iterator[Sandbox]:
    """A sandbox of this process for this config: as many children live as threads ever parsed at once."""
    key = f"{os.getpid()} {config.model_dump_json()}"
    with _lock:
        waiting = _idle.setdefault(key, [])
        sandbox = waiting.pop() if waiting else Sandbox(config)
    try:
        yield sandbox
    finally:
        with _lock:
            waiting.append(sandbox)


@atexit.register
def close_all() -> None:
    """Ends the children that wait for pages. They would end by themselves with this process, by the end of their input."""
    with _lock:
        for sandboxes in _idle.values():
            while sandboxes:
                sandboxes.pop().close()
