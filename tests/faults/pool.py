"""(kind, seed) -> Verdicts, by processes that can be killed: an input that hangs or kills its process costs that one.

The law: no input ends the process that judges it, none passes the limits of time and memory, and a judge finds no fault.
"""

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

KINDS = ("archive", "page", "picture", "clip", "tar", "table", "manifest", "run")
MAX_SECONDS = 60.0  # of an input on a machine that does other work too; the product's own limit for a page is 5 s
MAX_BYTES = 1 << 30  # an input may add to what its process holds
_WORKER = "tests.faults.worker"
_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 240.0
_INPUTS = 2000  # of a process, which then is replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    kind: str
    seed: int
    name: str = ""
    faults: tuple[str, ...] = ()
    cpu_s: float = 0.0
    bytes: int = 0  # at the peak, above what was held before
    ended: str = ""  # "aborted: ..." or "hung"

    @property
    def broken(self) -> bool:
        return bool(self.faults or self.ended or self.bytes > MAX_BYTES)

    def __str__(self) -> str:
        what = self.ended or "; ".join(self.faults) or f"{self.bytes >> 20} MiB"
        return f"{self.kind} {self.seed} ({self.name}): {what}"


def judge_all(
    inputs: Iterable[tuple[str, int]],
    processes: int,
    environment: Mapping[str, str],
    tell: Callable[[int], object] = lambda judged: None,
) -> list[Verdict]:
    """Every input's verdict, in the order of kinds and seeds. `tell` hears how many have been judged, after each."""
    waiting: Queue[tuple[str, int]] = Queue()
    for one in inputs:
        waiting.put(one)
    verdicts: list[Verdict] = []
    failures: list[BaseException] = []

    def work() -> None:
        worker = _Worker(environment)
        try:
            while not failures:
                verdicts.append(worker.judge(*waiting.get_nowait()))
                tell(len(verdicts))
        except Empty:
            pass
        except BaseException as error:
            failures.append(error)
        finally:
            worker.close()

    threads = [threading.Thread(target=work) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sorted(verdicts, key=lambda verdict: (KINDS.index(verdict.kind), verdict.seed))


class _Worker:
    """One process, started when it is needed."""

    def __init__(self, environment: Mapping[str, str]):
        self._environment, self._process, self._judged = environment, None, 0

    def judge(self, kind: str, seed: int) -> Verdict:
        if self._process is None or self._judged >= _INPUTS:
            self._start()
        self._judged += 1
        self._process.stdin.write(f"{kind} {seed}\n")
        self._process.stdin.flush()
        line = self._line(MAX_SECONDS)
        if line is None:
            self.close()
            return Verdict(kind=kind, seed=seed, ended="hung")
        if not line:
            status = self._process.wait()
            self.close()
            return Verdict(kind=kind, seed=seed, ended=f"aborted: {status}")
        told = json.loads(line)
        return Verdict(kind=kind, seed=seed, **told | {"faults": tuple(told["faults"])})

    def close(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def _start(self) -> None:
        self.close()
        self._judged = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=_ROOT,
            env=os.environ | self._environment,
        )
        if self._line(_START_SECONDS) != "ready\n":
            raise RuntimeError("a judging process does not start")

    def _line(self, seconds: float) -> str | None:
        """The next line; None where none comes in time, "" where the process has ended. Lines come one by one."""
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline() if ready else None


def shares(inputs: int, weights: Mapping[str, float], seed: int) -> Sequence[tuple[str, int]]:
    """So many (kind, seed), by the kinds' weights; the seeds of a kind follow each other from `seed` on."""
    total = sum(weights.values())
    return [(kind, seed + n) for kind, weight in weights.items() for n in range(round(inputs * weight / total))]
