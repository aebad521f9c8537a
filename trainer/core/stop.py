"""SIGTERM or SIGINT -> a flag, so that a training ends between two steps with its checkpoint written."""

import signal
import threading
from typing import Any

EXIT_STOPPED = 130  # a signal asked for it; the checkpoint stands


class Stop:
    """`asked` turns true at SIGTERM or SIGINT; the handlers that were there come back at the end."""

    asked = False

    def __enter__(self) -> "Stop":
        self._old: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                self._old[name] = signal.signal(name, self._ask)
        return self

    def __exit__(self, *_) -> None:
        for name, handler in self._old.items():
            signal.signal(name, handler)

    def _ask(self, *_) -> None:
        self.asked = True
