"""Work that is given a size -> whether it takes about four times as long at a size four times as large.

CPU time is compared with CPU time, on the same machine in the same moment, and never with a bound in seconds.
"""

import time
from collections.abc import Callable

_TRIES = 3
_LINEAR = 11.0  # times as long, at most: 4 is linear, 16 is the square


def is_linear(work: Callable[[int], object], size: int) -> bool:
    """One try of some is enough: what grows with the square does so each time."""
    return any(_cost(work, 4 * size) < _LINEAR * _cost(work, size) for _ in range(_TRIES))


def _cost(work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    work(size)
    return time.process_time() - start
