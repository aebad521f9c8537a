"""Beam flags -> an `execute(label, build)` on Beam's Prism, which starts here and ends with this process.

Prism is one binary, which `make engines` builds with Go. Functions run in workers that are forked here (`runners/external.py`).
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import apache_beam as beam

from lamella.runners.external import WorkerPool
from lamella.runners.portable import portable_execute
from lamella.schemas.errors import ConfigError

_START_S = 30.0  # for Prism to listen


def find_prism() -> str:
    """The binary: what LAMELLA_PRISM names, `build/engines/prism` of a checkout, or one on PATH. Raises ConfigError."""
    built = Path(__file__).resolve().parents[1] / "build" / "engines" / "prism"
    named = os.environ.get("LAMELLA_PRISM") or (str(built) if built.exists() else "prism")
    found = shutil.which(named)
    if not found:
        raise ConfigError(f"--runner prism: no {named}; `make engines` builds it with Go, or LAMELLA_PRISM=PATH names one")
    return found


def prism_execute(flags: Sequence[str]) -> "PrismExecute":
    """Raises ConfigError where there is no Prism."""
    return PrismExecute(find_prism(), flags)


class PrismExecute:
    """`execute(label, build)`, and `close()`. Prism is started by the first job."""

    def __init__(self, binary: str, flags: Sequence[str]):
        self._binary, self._flags = binary, flags
        self._process: subprocess.Popen | None = None
        self._pool: WorkerPool | None = None
        self._execute: Callable | None = None

    def __call__(self, label: str, build: Callable[[beam.Pipeline], object]) -> None:
        if self._execute is None:
            self._execute = self._start()
        self._execute(label, build)

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        if self._pool:
            self._pool.close()
        self._process = self._pool = self._execute = None

    def _start(self) -> Callable:
        port = _free_port()
        command = [self._binary, f"-job_port={port}", "-serve_http=false", "-idle_shutdown_timeout=-1ns", "-log_kind=text"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._pool = WorkerPool("127.0.0.1", 0)
        end = time.monotonic() + _START_S
        while not _listens(port):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"prism: {self._binary} did not start")
            time.sleep(0.05)
        workers = ["--environment_type=EXTERNAL", f"--environment_config={self._pool.address}"]
        return portable_execute(f"127.0.0.1:{port}", [*workers, *self._flags])


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
