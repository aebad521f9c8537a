"""A call and its limit in seconds -> the call's result, or TimedOut when the limit has passed.

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
_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
_raise_in.argtypes = (ctypes.c_ulong, ctypes.py_object)


class TimedOut(BaseException):
    """A call took longer than its limit. No Exception: what a function catches by itself must not swallow it."""


def limited(limit_s: float, function: Callable[..., Result], *arguments: object) -> Result:
    """`function(*arguments)`. Raises TimedOut where that takes longer, and where it swallowed the one that it was sent.

    A call within a limited call has the outer one's limit alone.
    """
    watch = getattr(_local, "watch", None) or _new_watch()
    return function(*arguments) if watch.ends else watch.call(limit_s, function, arguments)


class _Watch:
    """The call that a thread has under way.

    `ends` holds one number while it is: who takes it out, by one operation that no thread can divide, ends the call. The thread
    itself, and nothing is sent any more; or the watching thread, and the exception is sent before the lock is given back.
    """

    __slots__ = ("_lock", "ends", "thread")

    def __init__(self):
        self.thread, self._lock = threading.current_thread(), threading.Lock()
        self.ends: list[float] = []  # on the monotonic clock

    def call(self, limit_s: float, function: Callable[..., Result], arguments: tuple) -> Result:
        ends = self.ends = [monotonic() + limit_s]
        try:
            result = function(*arguments)
        finally:
            try:
                ends.pop()
            except IndexError:
                self._take_back()
                raise TimedOut from None
        return result

    def _take_back(self) -> None:
        """Where the exception was sent and has not arrived: it is received here.

        To replace it by nothing would not do. Python would look for it at every call and turn of a loop from then on, which is
        slow, and Python 3.11 loops for ever at the first instruction of a traced function.
        """
        with self._lock:  # by now it is sent; where it arrives in here, it comes as late as it should
            pass
        try:
            _raise_in(self.thread.ident, TimedOut)  # in the place of one that is on its way, or once more
            while True:
                pass
        except TimedOut:
            return

    def look(self, now: float) -> None:
        """Called by the watching thread."""
        ends = self.ends
        with self._lock:
            try:
                late = now > ends[0] and ends.pop()
            except IndexError:
                return
            if late:
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
            if watch.ends:
                watch.look(now)


def _forget() -> None:
    """In a forked child no thread but its own is left."""
    global _local, _starting
    _local, _starting = threading.local(), threading.Lock()
    _watches.clear()


os.register_at_fork(after_in_child=_forget)
