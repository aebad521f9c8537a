"""Real processes without the seconds that each interpreter takes for its imports: a server has made them, and forks.

A child has its own exit code, signals, session and standard streams. It waits for its threads and runs what is left for the
end; taking torch's modules apart, which takes longer than a training, it leaves to the one test that asks for a `whole` end.
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TRAININGS = (
    "lamella.trainer.flamingo.train",
    "lamella.trainer.contrastive.train",
    "torch.distributed.checkpoint",
    "torch.distributed.fsdp",
    "torch.distributed.tensor",
    "transformers.models.llama.modeling_llama",
    "transformers.models.llama.tokenization_llama",
)
RUNS = (  # what `lamella run` imports on the way, what forks its workers aside
    "lamella.runners.cli",
    "lamella.runners.launch",
    "lamella.runners.local",
    "lamella.runners.beam_memo",
    "lamella.pipeline.jobs",
    "lamella.pipeline.run",
    "lamella.pipeline.preflight",
    "lamella.reporting.report",
)
MODELS = ("lamella.weights.coca", "lamella.weights", "lamella.transforms.score.stage")  # of the bundled models
COMMAND = "lamella.__main__:main"


@dataclass(frozen=True)
class Child:
    """A process that the server has forked; `printed` and `said` are its standard output and error."""

    server: "ForkServer"
    pid: int
    printed: Path
    said: Path

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Whether or not it has ended: until it is waited for, its number is nobody else's."""
        if self.poll() is None:
            self.signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """The exit code, as subprocess has it; None while it runs."""
        return self.server.ended(self.pid, wait=False)

    def wait(self) -> int:
        return self.server.ended(self.pid, wait=True)

    def end(self, seconds: float = 120) -> tuple[int, str]:
        """(exit code, standard error), once it has ended; one that does not end in time is killed."""
        pidfd = os.pidfd_open(self.pid)
        try:
            if not select.select([pidfd], [], [], seconds)[0]:
                self.signal(signal.SIGKILL)
        finally:
            os.close(pidfd)
        return self.wait(), self.said.read_text()

    def wait_for(self, log: Path, lines: int, seconds: float = 60) -> None:
        """Until the log has so many lines."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not (log.exists() and log.read_text().count("\n") >= lines):
            time.sleep(0.01)


class ForkServer:
    """Starts when it is asked first.

    Args:
        imported: the modules that it imports before it forks.
        environment: beside this process's own.
    """

    def __init__(self, folder: Path, imported: Sequence[str], **environment: str):
        self._folder, self._imported, self._environment = folder, imported, environment
        self._process, self._count, self._codes = None, 0, {}

    def run(self, module: str, arguments: list, environment: dict[str, str] | None = None, whole: bool = False) -> Child:
        """`module.train(*arguments)` in a process of its own; `whole`: to the end of its interpreter."""
        return self._fork({"call": f"{module}:train", "arguments": arguments, "environment": environment or {}, "whole": whole})

    def command(self, *words: object) -> Child:
        """`lamella WORDS` in a session of its own, with the signals as a terminal's shell would leave them."""
        return self._fork({"call": COMMAND, "words": ["lamella", *map(str, words)]})

    def _fork(self, request: dict) -> Child:
        self._count += 1
        printed, said = (self._folder / f"{self._count}.{stream}" for stream in ("out", "err"))
        return Child(self, self._ask(request | {"printed": str(printed), "said": str(said)}), printed, said)

    def ended(self, pid: int, wait: bool) -> int | None:
        if pid not in self._codes and (code := self._ask({"wait" if wait else "poll": pid})) is not None:
            self._codes[pid] = code
        return self._codes.get(pid)

    def _ask(self, request: dict) -> int | None:
        if self._process is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            command = [sys.executable, "-m", "tests.fork_server", *self._imported]
            self._process = subprocess.Popen(command, cwd=ROOT, env=os.environ | self._environment, **pipes)
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        if self._process:
            self._process.communicate("stop\n", timeout=30)


@contextlib.contextmanager
def fork_server(folder: Path, imported: Sequence[str], **environment: str) -> Iterator[ForkServer]:
    with contextlib.closing(ForkServer(folder, imported, **environment)) as server:
        yield server


def _serve() -> dict | None:
    """Answers requests until there are none; in a child, what it is to do."""
    for line in sys.stdin:
        if line == "stop\n":
            os._exit(0)
        request = json.loads(line)
        if "wait" in request or "poll" in request:
            process, status = os.waitpid(request.get("wait") or request["poll"], 0 if "wait" in request else os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if process else None
        else:
            ready, begun = os.pipe()
            if (answer := os.fork()) == 0:
                _become(request)
                os.close(ready)
                os.close(begun)
                return request
            os.close(begun)
            os.read(ready, 1)  # ends once the child is what it is to be
            os.close(ready)
        print(json.dumps(answer), flush=True)
    return None


def _become(request: dict) -> None:
    """The child's own session, standard streams and environment; signals as a program of its own has them."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    opened = [os.open(os.devnull, os.O_RDWR)]
    opened += [os.open(request[stream], os.O_WRONLY | os.O_CREAT, 0o600) for stream in ("printed", "said")]
    for number, stream in zip(opened, (0, 1, 2), strict=True):
        os.dup2(number, stream)
        os.close(number)
    os.environ.update(request.get("environment", {}))


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
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        import_module(name)
    if (task := _serve()) is not None:
        module, name = task["call"].split(":")
        function = getattr(import_module(module), name)
        sys.argv = task.get("words", sys.argv)
        if task.get("whole"):
            function(*task["arguments"])
        else:
            _ended(lambda: function(*task.get("arguments", ())))
