"""SIGINT or SIGTERM -> one line on standard error and an exit code: 128 plus the signal's number.

The process ends at once, without unwinding. An exception could be swallowed by the code that runs at that moment, and be taken
for a fault of a record; a library's threads would print errors. Files appear by rename, so a run may end anywhere, and the
processes that it started end with it (`transforms/base/lifeline.py`).
"""

import contextlib
import os
import signal
import sys
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_ending = threading.Lock()


def end_on_signals() -> None:
    """From here on the signals end this process. For a program's own start, not for a library: it changes the process.

    A training puts its own handlers over these, writes its checkpoint, and puts these back.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # whoever started this in the background may have asked for that
            signal.signal(number, _end)
    # Python runs handlers between two steps of the main thread, which may wait in a call for long. This thread does not.
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(read_end, os.getpid()), name="signals", daemon=True).start()


def _listen(read_end: int, process: int) -> None:
    while number := os.read(read_end, 1):
        if os.getpid() == process and signal.getsignal(number[0]) is _end:
            _end(number[0])


def _end(number: int, *_: object) -> None:
    if not _ending.acquire(blocking=False):
        return  # the other thread is at it
    line = f"lamella: stopped by {signal.Signals(number).name}; the same command goes on from what is finished\n"
    start = "\r\033[K" if sys.stderr is not None and os.isatty(2) else ""
    with contextlib.suppress(OSError):
        os.write(2, (start + line).encode())
    os._exit(128 + number)
