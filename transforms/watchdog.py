"""A call and its limit in seconds in; the call's result out, or TimedOut once the limit has passed: no record holds a run.

Beam runs bundles in threads, which no signal reaches. One watching thread a process looks at the calls that are under way,
and raises TimedOut in the thread of one that is late by the interpreter's own means (`PyThreadState_SetAsyncExc`).

What it cannot interrupt is a single call into C, which returns first: one search of a pattern, a decode, a parse, a read
from a slow disk. There other bounds do the work: patterns are linear (tests/patterns), texts are cut where they enter,
pictures have a limit of pixels, and pages are parsed in a process that can be killed.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

Result = TypeVar("Result")

_LOOK_S = 0.1  # between two looks
_NOTHING = ctypes.py_object()  # NULL: takes back
_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
_raise_in.argtypes = (ctypes.c_ulong, ctypes.py_object)


class TimedOut(BaseException):
    """A call took longer than its limit. No Exception: what a function catches by itself must not swallow it."""


def limited(limit_s: float, function: Callable[..., Result], *arguments: object) -> Result:
    """`function(*arguments)`. Raises TimedOut where that takes longer, and where it swallowed the one that it was sent.

    A call within a limited call has the outer one's limit alone.
    """
    watch = getattr(_local, "watch", None) or _new_watch()
    return watch.call(limit_s, function, arguments) if watch.ends is None else function(*arguments)


class _Watch:
    """The call that a thread has under way."""

    __slots__ = ("_late", "_lock", "ends", "thread")

    def __init__(self):
        self.thread, self._lock, self._late = threading.current_thread(), threading.Lock(), False
        self.ends: float | None = None  # on the monotonic clock; None between calls, and once the exception is sent

    def call(self, limit_s: float, function: Callable[..., Result], arguments: tuple) -> Result:
        self._late = False
        try:
            self.ends = monotonic() + limit_s
            result = function(*arguments)
        finally:
            self._end()
        if self._late:
            raise TimedOut
        return result

    def _end(self) -> None:
        """From here on nothing is sent; what was sent, but has not arrived yet, is taken back."""
        try:
            with self._lock:
                self.ends = None
            if self._late:
                _raise_in(self.thread.ident, _NOTHING)
        except TimedOut:  # it arrived just here, and it comes once
            pass

    def look(self, now: float) -> None:
        """Called by the watching thread. The lock stands between it and the call's end, so that no other call is hit."""
        with self._lock:
            if self.ends is not None and now > self.ends:
                self.ends, self._late = None, True
                _raise_in(self.thread.ident, TimedOut)


_local = threading.local()
_watches: list[_Watch] = []
_starting = threading.Lock()


def _new_watch() -> _Watch:
    """This thread's own; the first of a process starts the watching thread."""
    watch = _local.watch = _Watch()
    with _starting:
        if not _watches:
            threading.Thread(target=_look_on, name="watchdog", daemon=True).start()
        _watches[:] = [other for other in _watches if other.thread.is_alive()]
        _watches.append(watch)
    return watch


def _look_on() -> None:
    while True:
        sleep(_LOOK_S)
        now = monotonic()
        for watch in tuple(_watches):
            if watch.ends is not None:
                watch.look(now)


def _forget() -> None:
    """In a forked child no thread but its own is left."""
    global _local, _starting
    _local, _starting = threading.local(), threading.Lock()
    _watches.clear()


os.register_at_fork(after_in_child=_forget)
