"""A parent process -> a child that ends when its parent does, however the parent ended.

The lifeline is a pipe into which nothing is ever written and of which the parent alone holds the writing end. When the parent
is gone the kernel closes that end and signals the child: no thread must run, and no call must return. (PR_SET_PDEATHSIG would
follow the thread that started the child, and a parent's threads come and go.)
"""

import fcntl
import os
import select
import signal
import sys

ORPHANED = 79  # exit status where the signal does not end the process by itself


class Lifeline:
    """The parent's side. Give `read_end` to the child, call `given` once the child has it; `cut` ends the child."""

    def __init__(self):
        self.read_end, self._write_end = os.pipe()  # neither survives an exec that does not name it

    def given(self) -> None:
        os.close(self.read_end)

    def cut(self) -> None:
        os.close(self._write_end)


def hold_on(read_end: int) -> None:
    """The child's side: from here on this process ends with the parent that holds the other end.

    A fork shares the pipe but not the signal, so a process that forks gives each child a lifeline of its own.
    """
    # Linux ends a process at SIGIO, in the middle of any call; macOS ignores it unless there is a handler.
    signal.signal(signal.SIGIO, signal.SIG_DFL if sys.platform == "linux" else lambda *_: os._exit(ORPHANED))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGIO])
    fcntl.fcntl(read_end, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(read_end, fcntl.F_SETFL, fcntl.fcntl(read_end, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(read_end, select.POLLIN)
    if poll.poll(0):  # the parent was gone before the signal was asked for
        os._exit(ORPHANED)
