"""Sizes of a local run's input and of this machine's memory -> a line if the input will probably not fit."""

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
# Of the sample, 100 and 400 pages (6 and 22 MB of archives) in one process had 963 and 1,112 MiB at their peaks.
HELD = 10  # bytes for each byte of archives: what jobs shuffle
BASE = 1 << 30  # bytes of a process with Beam and the models of the demo


def warn_of_memory(archives: int, processes: int, available: int | None = None) -> str:
    """One line before a local run that will probably not fit, else "".

    Beam's in-memory runner holds all that a job shuffles: text, keys, measurements and refs; bytes of media are never among it.

    Args:
        archives: bytes of all archives, as they lie.
        processes: of the run; each holds its imports and models.
        available: bytes of memory; None asks this machine, and where it does not tell, there is no line.
    """
    available = available_bytes() if available is None else available
    needed = archives * HELD + processes * BASE
    if available is None or needed <= available:
        return ""
    return (
        f"WARNING: {archives / 1e9:.1f} GB of archives on a runner that holds in memory what it shuffles: up to {_gib(needed)} "
        f"may be needed, and {_gib(available)} are free. Take fewer archives a run, or a cluster: --runner spark --master "
        "'local[N]' spills to disk on this machine alone."
    )


def available_bytes() -> int | None:
    """What this machine can give without swapping, as Linux says; None where it does not say."""
    try:
        lines = _MEMINFO.read_text().splitlines()
    except OSError:
        return None
    found = [line.split() for line in lines if line.startswith("MemAvailable:")]
    return int(found[0][1]) << 10 if found else None


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
