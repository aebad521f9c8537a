"""Real processes without the seconds that each interpreter takes to import torch: a server has imported the trainer, and forks.

A child has its own exit code, signals and traceback. It waits for its threads and runs what is left for the end; taking torch's
modules apart, which takes longer than the training, it leaves to the one test that asks for a `whole` end.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = (
    "lamella.trainer.flamingo.train",
    "lamella.trainer.contrastive.train",
    "torch.distributed.checkpoint",
    "torch.distributed.fsdp",
    "torch.distributed.tensor",
    "transformers.models.llama.modeling_llama",
    "transformers.models.llama.tokenization_llama",
)


@dataclass(frozen=True)
class Child:
    """A process that the server has forked; `said` is its standard error."""

    server: "ForkServer"
    pid: int
    said: Path

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self, seconds: float = 120) -> tuple[int, str]:
        """(exit code, as subprocess has it; standard error), once it has ended; one that does not end in time is killed."""
        pidfd = os.pidfd_open(self.pid)
        try:
            if not select.select([pidfd], [], [], seconds)[0]:
                self.signal(signal.SIGKILL)
        finally:
            os.close(pidfd)
        return self.server.ask({"wait": self.pid}), self.said.read_text()

    def wait_for(self, log: Path, lines: int, seconds: float = 60) -> None:
        """Until the log has so many lines."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not (log.exists() and log.read_text().count("\n") >= lines):
            time.sleep(0.01)


class ForkServer:
    """Starts when it is asked first."""

    def __init__(self, folder: Path):
        self._folder, self._process, self._count = folder, None, 0

    def run(self, module: str, arguments: list, environment: dict[str, str] | None = None, whole: bool = False) -> Child:
        """`module.train(*arguments)` in a process of its own; `whole`: to the end of its interpreter."""
        self._count += 1
        said = self._folder / f"{self._count}.txt"
        request = {"module": module, "arguments": arguments, "environment": environment or {}, "said": str(said)}
        request["whole"] = whole
        return Child(self, self.ask(request), said)

    def ask(self, request: dict) -> int:
        if self._process is None:
            environment = os.environ | {"OMP_NUM_THREADS": "1"}
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            command = [sys.executable, "-m", "tests.trainer.fork_server"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        if self._process:
            self._process.communicate("stop\n", timeout=30)


@contextlib.contextmanager
def fork_server(folder: Path) -> Iterator[ForkServer]:
    with contextlib.closing(ForkServer(folder)) as server:
        yield server


def _serve() -> dict | None:
    """Answers requests until there are none; in a child, what it is to do."""
    for line in sys.stdin:
        if line == "stop\n":
            os._exit(0)
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
        elif pid := os.fork():
            print(pid, flush=True)
        else:
            _become(request)
            return request
    return None


def _become(request: dict) -> None:
    """The child's own standard streams and environment; signals as a program of its own has them."""
    nothing, said = os.open(os.devnull, os.O_RDWR), os.open(request["said"], os.O_WRONLY | os.O_CREAT, 0o600)
    for number, stream in ((nothing, 0), (nothing, 1), (said, 2)):
        os.dup2(number, stream)
    os.environ.update(request["environment"])


def _ended(work: Callable[[], None]) -> None:
    """Does the work, and what an interpreter does after it, short of taking its modules apart."""
    code = 0
    try:
        work()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    if (task := _serve()) is not None:
        training = import_module(task["module"])
        if task["whole"]:
            training.train(*task["arguments"])
        else:
            _ended(lambda: training.train(*task["arguments"]))
