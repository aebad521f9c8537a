"""Numbers -> thousands of bad inputs and kills, tried on the product, and their figures as a table and a JSON file.

    python -m tests.faults.fuzz --inputs 25000 --kills 200 --seed 0 --processes 2 --output fuzz.json

Exit 1 where the law was broken once. The figures of the last run stand in docs/reliability.md.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lamella.runners.progress import quiet_beam
from tests.faults.judge_tables import SOUND_RUN
from tests.faults.kills import kill_runs
from tests.faults.pool import KINDS, Verdict, judge_all, shares
from tests.finished_run import finished_run

# What the law is tried on, by what one input costs: a run's folder is verified as a whole, a picture is one decode.
WEIGHTS = {"archive": 7, "page": 6, "picture": 6, "clip": 3, "tar": 1, "table": 1, "manifest": 0.7, "run": 0.3}
_TELL_S = 60.0
_SHOWN = 40  # broken ones, in the terminal; the file has all


def judged_on(run: Path) -> dict[str, str]:
    """The environment in which damaged copies of a finished run are judged."""
    return {SOUND_RUN: str(run), "OMP_NUM_THREADS": "1"}


def figures(verdicts: Sequence[Verdict]) -> dict[str, dict[str, float]]:
    """By kind: how many were tried, and how many hung, aborted, broke the law otherwise; the dearest one's cost."""
    out = {}
    for kind in KINDS:
        of_kind = [verdict for verdict in verdicts if verdict.kind == kind]
        if of_kind:
            out[kind] = {
                "inputs": len(of_kind),
                "hangs": sum(verdict.ended == "hung" for verdict in of_kind),
                "aborts": sum(verdict.ended.startswith("aborted") for verdict in of_kind),
                "faults": sum(verdict.broken and not verdict.ended for verdict in of_kind),
                "most CPU s": max(verdict.cpu_s for verdict in of_kind),
                "most MiB": max(verdict.bytes for verdict in of_kind) >> 20,
            }
    return out


class Clock:
    """How far it is, and how long it will take, a line a minute."""

    def __init__(self, inputs: int):
        self._inputs, self._start, self._told = inputs, time.monotonic(), 0.0

    def tell(self, judged: int) -> None:
        seconds = time.monotonic() - self._start
        if seconds - self._told >= _TELL_S:
            self._told = seconds
            left_s = (self._inputs - judged) * seconds / judged
            _say(f"{judged:,} of {self._inputs:,} inputs, about {left_s / 60:.0f} min to go")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=25_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("fuzz.json"))
    parser.add_argument("--one", nargs=2, metavar=("KIND", "SEED"), help="judges this input alone")
    asked = parser.parse_args()
    quiet_beam()
    start, kills = time.monotonic(), None
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        inputs = [(asked.one[0], int(asked.one[1]))] if asked.one else shares(asked.inputs, WEIGHTS, asked.seed)
        verdicts = []
        if inputs:
            sound = judged_on(finished_run(Path(folder)).folder)
            verdicts = judge_all(inputs, asked.processes, sound, Clock(len(inputs)).tell)
        broken = [verdict for verdict in verdicts if verdict.broken]
        told = {
            "seed": asked.seed,
            "seconds": round(time.monotonic() - start),
            "kinds": figures(verdicts),
            "kills": None,
            "broken": [asdict(verdict) for verdict in broken],
        }
        asked.output.write_text(json.dumps(told, indent=1) + "\n")  # ahead of the kills, which take long
        if asked.kills and not asked.one:
            kills = kill_runs(asked.kills, asked.seed, Path(folder), say=_say)
            told |= {"seconds": round(time.monotonic() - start), "kills": asdict(kills)}
            asked.output.write_text(json.dumps(told, indent=1) + "\n")
    _print(told, broken)
    sys.exit(bool(broken or (kills and kills.faults)))


def _print(told: dict, broken: Sequence[Verdict]) -> None:
    names = ("inputs", "hangs", "aborts", "faults", "most CPU s", "most MiB")
    print("| kind | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    total = Counter()
    for kind, row in told["kinds"].items():
        print(f"| {kind} | " + " | ".join(str(row[name]) for name in names) + " |")
        total.update({name: row[name] for name in names[:4]})
    print("| all | " + " | ".join(str(total[name]) for name in names[:4]) + " | | |")
    if kills := told["kills"]:
        print(f"{kills['kills']} kills in {kills['runs']} runs, {len(kills['faults'])} faults")
    print(f"seed {told['seed']}, {told['seconds']} s")
    for verdict in broken[:_SHOWN]:
        print(verdict)


if __name__ == "__main__":
    main()
