"""A process -> one that keeps the memory that it frees, for the tensors of the next step.

glibc gives large blocks back to the kernel at once, and asks for the same again a moment later: in each step every page of them
is zeroed and mapped again. That was a tenth of a small training's time on a CPU.
"""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt(3)
_MOST = 1 << 30  # bytes; larger blocks still go back
_MOST_OF_OLDER = 32 << 20  # the limit that mallopt(3) names; a glibc that keeps to it refuses more


def keep_freed_memory() -> None:
    """For the rest of the process. Does nothing where the C library is another one."""
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        if not mallopt(_MMAP_THRESHOLD, _MOST):  # alone, the other setting would fix the threshold where it is: at 128 KiB
            mallopt(_MMAP_THRESHOLD, _MOST_OF_OLDER)
        mallopt(_TRIM_THRESHOLD, 2 * _MOST - 1)
