"""A process's number -> the numbers of all that it and its children have started, as /proc tells them."""

import time
from pathlib import Path


def descendants(process: int) -> set[int]:
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            parents[int(folder.name)] = int(fields[1])
    found, below = set(), {process}
    while below := {child for child, parent in parents.items() if parent in below} - found:
        found |= below
    return found


def alive(processes: set[int]) -> set[int]:
    """Those that still run; one that has ended and that nobody has asked about is gone."""
    return {process for process in processes if (fields := _stat(process)) and fields[0] not in "ZX"}


def wait_until(condition, patience_s: float = 120.0):
    """What `condition` gives once it is true. The patience only ends a test that would hang."""
    end = time.monotonic() + patience_s
    while not (result := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return result


def _stat(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
