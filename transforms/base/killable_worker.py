"""The child's side of `killable`: requests from stdin -> replies on stdout, until stdin ends.

It bounds its own memory and CPU time. If a request needs more, it does not answer: it ends, and its parent knows why.
"""

import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from lamella.transforms.base.lifeline import hold_on

LENGTH = struct.Struct("<Q")
OUT_OF_MEMORY = 77  # exit status


def serve(answer: Callable[[memoryview], list[bytes]]) -> None:
    """Answers requests with the pieces of a reply.

    `sys.argv` has bytes of memory and seconds of CPU, of one request, the read end of the parent's lifeline, and one word more.
    """
    memory, cpu_s = int(sys.argv[1]), float(sys.argv[2])
    hold_on(int(sys.argv[3]))
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if sys.platform == "linux" else 0
    resource.setrlimit(resource.RLIMIT_AS, (held + memory, held + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the parent: that this ends is a rejection of the record
        signal.signal(number, signal.SIG_IGN)
    replies = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not write into the pipe
    _send(replies, [b""])
    while (request := _read(sys.stdin.buffer)) is not None:
        # Not caught: the kernel ends the process in the middle of C code too. Its own time, not that of the wall.
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        try:
            reply = answer(request)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _send(replies, reply)


def _send(pipe: int, pieces: list[bytes]) -> None:
    for piece in (LENGTH.pack(sum(map(len, pieces))), *pieces):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(pipe, rest) :]


def _read(stream) -> memoryview | None:
    prefix = stream.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return None
    return memoryview(stream.read(LENGTH.unpack(prefix)[0]))
