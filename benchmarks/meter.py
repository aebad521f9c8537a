"""A process -> CPU seconds and memory of it and of all that it starts, read from /proc."""

import os
import threading
from pathlib import Path

_LOOK_S = 0.2  # between two looks at the processes: one that lives for less is missed
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Meter:
    """`with Meter(process) as meter: ...`, then what was used meanwhile.

    Attributes:
        peak_bytes: the most that all had together; what they share counts for each.
        driver_bytes: the most that the process itself had.
        worker_bytes: the most that one of the Pythons that it started had.
    """

    def __init__(self, process: int):
        self._process = process
        self._ticks: dict[tuple[int, str], int] = {}  # by process and the time of its start
        self.peak_bytes = self.driver_bytes = self.worker_bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Meter":
        self._look()
        self._before = self.cpu_s
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    @property
    def cpu_s(self) -> float:
        return sum(self._ticks.values()) / _TICKS

    @property
    def used_s(self) -> float:
        return self.cpu_s - self._before

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self._look()

    def _look(self) -> None:
        stats = {int(path.name): found for path in Path("/proc").iterdir() if path.name.isdigit() and (found := _stat(path))}
        ours, below = {self._process}, {self._process}
        while below := {process for process, (_, fields) in stats.items() if int(fields[1]) in below} - ours:
            ours |= below
        sizes = {}
        for process in ours & stats.keys():
            fields = stats[process][1]
            self._ticks[process, fields[19]] = int(fields[11]) + int(fields[12])
            sizes[process] = int(fields[21]) * _PAGE
        self.peak_bytes = max(self.peak_bytes, sum(sizes.values()))
        self.driver_bytes = max(self.driver_bytes, sizes.get(self._process, 0))
        workers = [size for process, size in sizes.items() if process != self._process and "python" in stats[process][0]]
        self.worker_bytes = max(self.worker_bytes, *workers, 0)


def _stat(path: Path) -> tuple[str, list[str]] | None:
    """The name of a process and the fields after it; None if the process has ended."""
    try:
        name, _, rest = (path / "stat").read_text().rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return name, rest.split()
