"""A number of processes -> as many that train together on this machine, forked from this one, in a group of torch.distributed.

A fork needs no imports, which take seconds in each process that torchrun starts. It reads shards and builds the model again.
On the recipe `demo`, a step of half the batch takes 0.36 CPU seconds of one thread, a step of the whole batch 0.68.
"""

import contextlib
import datetime
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import distributed

from lamella.schemas.errors import WRONG_CONFIG, LamellaError, TrainingError, TrainingFailed

_HOST = "127.0.0.1"
_CONNECT = datetime.timedelta(seconds=60)
_LINE_BYTES = 4096  # of the line that a process leaves: what a pipe takes at once
_ENDING_S = 60.0  # for a process that has nothing left to do
_FAILING_S = 1.0  # for one that has closed its connections
_ERROR = 1  # exit code of an error of nobody's intention, such as that another process is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Who this process is among those that exchange gradients by gloo."""

    rank: int
    size: int
    listening: socket.socket  # the leading process's, which the others connect to
    patience: datetime.timedelta  # how long one waits for another

    def join(self) -> None:
        port, leads = self.listening.getsockname()[1], self.rank == 0
        listener = self.listening.detach()
        if not leads:  # it must be the leading process's alone: with that one gone, nobody listens
            os.close(listener)
        own = {"master_listen_fd": listener, "wait_for_workers": False} if leads else {}
        store: Any = distributed.TCPStore(  # pyright: ignore[reportPrivateImportUsage]
            _HOST, port, is_master=leads, timeout=_CONNECT, **own
        )
        distributed.init_process_group("gloo", store=store, rank=self.rank, world_size=self.size, timeout=self.patience)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Another process, as the leading one sees it."""

    process: int
    line: int  # where to read what one that fails says

    def end(self, patience_s: float) -> tuple[int, str]:
        """Its exit code, or minus the signal that ended it, and what it said. One that goes on is killed: (0, "")."""
        until = time.monotonic() + patience_s
        ended, status = os.waitpid(self.process, os.WNOHANG)
        while not ended and time.monotonic() < until:
            time.sleep(0.01)
            ended, status = os.waitpid(self.process, os.WNOHANG)
        if not ended:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        with open(self.line, "rb") as pipe:
            said = pipe.read().decode(errors="replace")
        return (os.waitstatus_to_exitcode(status), said) if ended else (0, "")


class Failure(NamedTuple):
    """Why another process failed. No exception: one that a frame holds and that holds the frame is freed late, in some fork."""

    line: str
    code: int

    def error(self) -> TrainingError:
        return (TrainingError if self.code == WRONG_CONFIG else TrainingFailed)(self.line)


@contextlib.contextmanager
def forked(size: int, patience: datetime.timedelta) -> Iterator[int]:
    """Within it there are `size` processes of one thread each, in a group of torch.distributed; behind it this one alone.

    The leading process answers signals. An error in one ends all: whoever waits for it learns that it is gone.

    Args:
        size: of the group.
        patience: how long one waits for another's word.

    Yields:
        Each process's rank.

    Raises:
        TrainingError: another process was given what is wrong; its line.
        TrainingFailed: another process failed otherwise, or was killed.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a fork has none of the threads that this process has used, and would wait for them
    listening, forks = socket.create_server((_HOST, 0)), []
    lifeline, held = os.pipe()  # nothing is written: the end that the leading process alone holds closes with it
    gc.collect()  # a fork that frees the group of an earlier training waits for threads that it does not have
    try:
        for rank in range(1, size):
            read_end, write_end = os.pipe()
            sys.stdout.flush()
            sys.stderr.flush()
            if (process := os.fork()) == 0:
                for line in (held, read_end, *(fork.line for fork in forks)):
                    os.close(line)
                threading.Thread(target=_end_with_leader, args=(lifeline,), name="lifeline", daemon=True).start()
                yield from _following(Group(rank=rank, size=size, listening=listening, patience=patience), write_end)
            os.close(write_end)
            forks.append(Fork(process=process, line=read_end))
        yield from _leading(Group(rank=0, size=size, listening=listening, patience=patience), forks)
    finally:
        os.close(held)
        os.close(lifeline)
        torch.set_num_threads(threads)


def _end_with_leader(lifeline: int) -> None:
    """Ends this process once the leading one is gone: whoever shares out an evaluation hears nothing of others for hours."""
    os.read(lifeline, 1)
    os._exit(_ERROR)


def _leading(group: Group, forks: list[Fork]) -> Iterator[int]:
    try:
        group.join()
        yield group.rank
    except SystemExit:  # all stop at the same step
        _end(forks, _ENDING_S)
        raise
    except Exception as error:
        own = isinstance(error, LamellaError)  # then the others have no more to say
        why = _end(forks, 0.0 if own else _FAILING_S)
        if own or not why:
            raise
        raise why.error() from error
    except BaseException:
        _end(forks, 0.0)
        raise
    else:
        if why := _end(forks, _ENDING_S):
            raise why.error()
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _end(forks: list[Fork], patience_s: float) -> Failure | None:
    """Once all have ended, why the first of them failed; None where none did."""
    ends = [end for end in [fork.end(patience_s) for fork in forks] if end[0]]
    for code, said in sorted(ends, key=lambda end: end[0] == _ERROR):
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Failure(said or f"processes={len(forks) + 1}: one ended by {how}; too little memory?", code)
    return None


def _check_gradients(size: int) -> None:
    """Raises TrainingError in a fork of a process whose autograd has started threads, as it does for a compiled model: torch
    allows no gradients there."""
    try:
        torch.ones(1, requires_grad=True).sum().backward()
    except RuntimeError as error:
        raise TrainingError(
            f"processes={size}: this process has trained a compiled model; train in a new one, or with processes=1"
        ) from error


def _following(group: Group, line: int) -> Iterator[int]:
    """Never returns: what stands below on the stack is the leading process's."""
    code = _ERROR
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a terminal sends them to all
        os.environ["LOCAL_RANK"] = str(group.rank)
        group.join()
        _check_gradients(group.size)
        yield group.rank
        distributed.destroy_process_group()
        code = 0
    except SystemExit:
        code = 0
    except BaseException as error:
        code, said = _ERROR, f"{type(error).__name__}: {error}"
        if isinstance(error, LamellaError):
            code, said = error.exit_code, str(error)
        with contextlib.suppress(BrokenPipeError):
            os.write(line, " ".join(said.split()).encode()[:_LINE_BYTES])
    finally:
        os._exit(code)
