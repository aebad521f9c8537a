"""What a run is doing -> lines on standard error: one live line on a terminal, plain lines elsewhere."""

import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress

from lamella.schemas.printable import printable

HEARTBEAT_S = 15.0  # between plain lines of one long job
_LIVE_S = 0.5  # between changes of the line on a terminal


class Progress:
    """Says which job runs and for how long, so that a long one is seen to be alive."""

    def __init__(self):
        self._live = sys.stderr.isatty()
        self._start = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def say(self, line: str) -> None:
        self._clear()
        print(f"{time.monotonic() - self._start:7.1f} s  {printable(line)}", file=sys.stderr, flush=True)

    def watch(self, execute: Callable, gained: Callable[[], Callable[[], Mapping[str, int]]] | None = None) -> Callable:
        """The same `execute`, with a line that tells that it still runs.

        Args:
            gained: called as a job begins, gives what tells how much of what it has found out since.
        """

        def watched(label: str, build: Callable) -> None:
            ended = threading.Event()
            found = gained() if gained else dict
            threading.Thread(target=self._beat, args=(label, found, ended), daemon=True).start()
            try:
                execute(label, build)
            finally:
                ended.set()
                self._clear()

        return watched

    def _beat(self, label: str, found: Callable[[], Mapping[str, int]], ended: threading.Event) -> None:
        start = looked = time.monotonic()
        so_far: Mapping[str, int] = {}
        while not ended.wait(_LIVE_S if self._live else HEARTBEAT_S):
            now = time.monotonic()
            if now - looked >= HEARTBEAT_S or not self._live:
                with suppress(OSError):  # a store that does not answer costs this look alone
                    so_far, looked = found(), now
            line = job_line(label, now - start, so_far)
            if self._live:
                print(f"\r{now - self._start:7.1f} s  {line} ", end="", file=sys.stderr, flush=True)
            else:
                self.say(line)

    def _clear(self) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def job_line(label: str, seconds: float, found: Mapping[str, int]) -> str:
    """Such as `pairs: 435 s, captions: 3,072 measured, 7/s`."""
    told = (f"{name}: {number:,} measured, {number / seconds:.0f}/s" for name, number in found.items())
    return ", ".join([f"{label}: {seconds:.0f} s", *told])


class Counter:
    """Counts up to a total: `update(done)`."""

    def __init__(self, unit: str, total: int):
        self._unit, self._total = unit, total
        self._live = sys.stderr.isatty()
        self._said = self._start = time.monotonic()

    def __enter__(self) -> "Counter":
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def update(self, done: int) -> None:
        now = time.monotonic()
        if now - self._said < (0.2 if self._live else HEARTBEAT_S):
            return
        self._said = now
        line = f"{done} of {self._total} {self._unit}, {done / (now - self._start):.0f}/s"
        print(f"\r{line} " if self._live else line, end="" if self._live else "\n", file=sys.stderr, flush=True)


def quiet_beam() -> None:
    """Beam narrates every bundle, and prints the traceback of what the run reports in one line."""
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore")
