"""A process that judges bad inputs until its input ends: `kind seed` lines -> one JSON line each.

It bounds its own memory, and measures the peak of each input in itself and in the children that parse and decode for it.
"""

import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

MAX_ADDRESSES = 8 << 30  # bytes of address space: what is asked beyond it is a MemoryError, not a dead machine

Judge = Callable[[int, Path], tuple[str, list[str]]]


def judges() -> dict[str, Judge]:
    """By kind. Imported late: `pool` knows the kinds without their imports."""
    from tests.faults.judge_archives import judge_archive, judge_page
    from tests.faults.judge_media import judge_clip, judge_picture
    from tests.faults.judge_tables import judge_run

    runs = {kind: judge_run(kind) for kind in ("tar", "table", "manifest", "run")}
    return {"archive": judge_archive, "page": judge_page, "picture": judge_picture, "clip": judge_clip} | runs


def judged(judge: Judge, seed: int) -> dict[str, object]:
    start, before = time.process_time(), _memory("VmRSS")
    _forget_peak()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        try:
            name, faults = judge(seed, Path(folder))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            name, faults = "", [f"raised {type(error).__name__}: {error} at {last.filename}:{last.lineno}"[:300]]
    grown = max(_memory("VmHWM") - before, 0)
    return {"name": name, "faults": faults, "cpu_s": round(time.process_time() - start, 3), "bytes": grown}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESSES, MAX_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not write into the pipe
    known = judges()
    replies.write("ready\n")
    for line in sys.stdin:
        kind, seed = line.split()
        replies.write(json.dumps(judged(known[kind], int(seed))) + "\n")


def _memory(what: str) -> int:
    """Bytes of this process and of its children, by the kernel's own count."""
    total = 0
    for process in ("self", *_children()):
        with suppress(OSError):
            status = Path(f"/proc/{process}/status").read_text()
            total += next((int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith(f"{what}:")), 0)
    return total


def _forget_peak() -> None:
    for process in ("self", *_children()):
        with suppress(OSError):
            Path(f"/proc/{process}/clear_refs").write_text("5")


def _children() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            yield from (task / "children").read_text().split()


if __name__ == "__main__":
    main()
