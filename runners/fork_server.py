"""Orders on stdin -> worker processes that are forked from this one, and news of them on stdout. Both are JSON lines.

    {"import": [MODULE, ...]}
    {"start": ID, "environment": {NAME: VALUE, ...}}     ->   {"ended": ID, "status": STATUS}
    {"kill": ID}

What workers import costs seconds; here it is imported once, before they are forked. This process has no threads of Python's:
a fork copies only the thread that asks for it, and a lock that another one holds would stay locked for ever. (Libraries whose
own threads run by then, OpenBLAS and jemalloc, prepare for a fork themselves.)
"""

import gc
import importlib
import json
import os
import signal
import sys
import threading

from lamella.runners.lean_beam import import_beam_lean
from lamella.transforms.base.killable import begin_nursery
from lamella.transforms.base.lifeline import Lifeline, hold_on

_WARM = (
    "apache_beam.runners.worker.sdk_worker_main",
    "lamella.pipeline.jobs",
    "lamella.transforms.extract.worker.worker",
    "lamella.transforms.media.decoding_worker",
)


def main() -> None:
    """Argument: the read end of the lifeline."""
    hold_on(int(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a terminal sends them to all; the command's own process answers
    news = os.dup(1)
    os.dup2(2, 1)  # whatever prints must not write into the news
    import_beam_lean()
    from lamella.runners.beam_memo import remember

    for module in _WARM:
        importlib.import_module(module)
    remember()
    Server(news).serve()


class Server:
    def __init__(self, news: int):
        self._news, self._workers, self._lifelines = news, {}, {}
        self._wake, write_end = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(write_end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until stdin ends."""
        import select

        poll, rest = select.poll(), b""
        poll.register(0, select.POLLIN | select.POLLHUP)
        poll.register(self._wake, select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._bury()
            if 0 in ready:
                piece = os.read(0, 1 << 16)
                if not piece:
                    return  # the lifelines of all workers end with this process
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))

    def _obey(self, order: dict) -> None:
        if "kill" in order:
            for process, worker in self._workers.items():
                if worker == order["kill"]:
                    os.kill(process, signal.SIGKILL)  # ended or not, it is ours until it is buried
            return
        if "import" in order:
            for module in order["import"]:
                importlib.import_module(module)
            return
        if threading.active_count() > 1:
            raise RuntimeError("an import has started a thread; a fork could stop for ever")
        lifeline = Lifeline()
        # What stands here is no worker's to collect: each would look through all imports, and copy their memory, by itself.
        gc.freeze()
        process = os.fork()
        if process == 0:
            lifeline.cut()
            self._become_worker(lifeline.read_end, order["environment"])
        lifeline.given()
        self._workers[process], self._lifelines[process] = order["start"], lifeline

    def _become_worker(self, read_end: int, environment: dict[str, str]) -> None:
        """Never returns: what stands below on the stack is the fork server's."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            hold_on(read_end)
            for lifeline in self._lifelines.values():
                lifeline.cut()  # of the workers before this one
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, self._news)
            begin_nursery()
            _work(environment)
            status = 0
        finally:
            os._exit(status)

    def _bury(self) -> None:
        while self._workers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            self._lifelines.pop(process).cut()
            news = {"ended": self._workers.pop(process), "status": os.waitstatus_to_exitcode(status)}
            os.write(self._news, json.dumps(news).encode() + b"\n")


def _work(environment: dict[str, str]) -> None:
    """What Beam's own worker process does, once its imports are done."""
    from apache_beam.runners.worker.sdk_worker_main import create_harness

    os.environ.update(environment)
    log, harness, _ = create_harness(os.environ)
    try:
        harness.run()
    finally:
        if log:
            log.close()


if __name__ == "__main__":
    main()
