"""A worker whose judges hang, die, take memory or raise: by them it is seen that the pool tells of it."""

import os
import signal
import time

from tests.faults import worker
from tests.faults.pool import MAX_BYTES


def _allocate(seed, folder):
    held = b"x" * (MAX_BYTES + (64 << 20))
    return f"{len(held)}", []


JUDGES = {
    "sleep": lambda seed, folder: time.sleep(600),
    "die": lambda seed, folder: os.kill(os.getpid(), signal.SIGSEGV),
    "allocate": _allocate,
    "raise": lambda seed, folder: 1 / 0,
    "pass": lambda seed, folder: ("sound", []),
}

if __name__ == "__main__":
    worker.judges = lambda: JUDGES
    worker.main()
