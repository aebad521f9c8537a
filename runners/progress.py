"""Progress: what is being done goes in; a live line on a terminal, plain lines elsewhere, come out on standard error."""

import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable

from lamella.schemas.printable import printable

HEARTBEAT_S = 15.0  # between plain lines of one long job


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

    def watch(self, execute: Callable) -> Callable:
        """The same `execute`, with a line that tells that it still runs."""

        def watched(label: str, build: Callable) -> None:
            ended = threading.Event()
            threading.Thread(target=self._beat, args=(label, ended), daemon=True).start()
            try:
                execute(label, build)
            finally:
                ended.set()
                self._clear()

        return watched

    def _beat(self, label: str, ended: threading.Event) -> None:
        start = time.monotonic()
        while not ended.wait(0.5 if self._live else HEARTBEAT_S):
            seconds = time.monotonic() - start
            if self._live:
                print(
                    f"\r{time.monotonic() - self._start:7.1f} s  {label}: {seconds:.0f} s ", end="", file=sys.stderr, flush=True
                )
            else:
                self.say(f"{label}: {seconds:.0f} s")

    def _clear(self) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


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
