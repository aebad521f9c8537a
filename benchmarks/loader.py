"""The same documents -> documents a second to ready batches, for the trainer's loader and others, on two cores.

    python benchmarks/loader.py [--documents 400] [--sides 320,480,640,800] [--shards DIR] [--json FILE]

Every round runs in a process of its own, one loader after the other; the medians of five count. The gate comes first:
same tokens and phi, same images within the decoder's tolerance, and an exact resume of ours. The peers:

    pip install webdataset zstd python-snappy xxhash boto3 catalogue && pip install --no-deps mosaicml-streaming==0.13.0

(mosaicml-streaming asks for numpy < 2.2 and transformers < 5, and runs with later ones.)
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

WARM_BATCHES = 10  # more than all workers have ahead
TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--sides", default="320,480,640,800", help="longer side of the pictures, px")
    parser.add_argument("--shards", type=Path, help="a run's shards instead of documents made here")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measured(args.one, args.folder, args.seconds)))
        return
    with tempfile.TemporaryDirectory(prefix="loader-") as folder:
        compare(Path(folder), args)


def compare(folder: Path, args: argparse.Namespace) -> None:
    from benchmarks.loader_gate import gate, profile
    from benchmarks.loader_input import make_shards, make_tokenizer, write_base64, write_mds

    if args.shards:
        (folder / "shards").symlink_to(args.shards.resolve())
    else:
        make_shards(folder / "shards", args.documents, tuple(map(int, args.sides.split(","))))
    make_tokenizer(folder)
    write_base64(folder / "shards", folder / "base64")
    write_mds(folder / "shards", folder / "mds")
    facts = gate(folder)
    print("gate     " + ", ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
    costs = profile(folder)
    print("profile  " + ", ".join(f"{name} {value:.2f}" for name, value in costs.items()), flush=True)
    rounds: dict[str, list[dict]] = {name: [] for name in ("lamella", "open_flamingo", "mosaicml")}
    for number, name in itertools.product(range(args.rounds), rounds):
        rounds[name].append(apart(name, folder, args.seconds))
        print(f"round {number + 1}  {name:14s} {rounds[name][-1]['documents_per_s']:8.1f} documents/s", flush=True)
    figures = {name: {key: statistics.median(one[key] for one in found) for key in found[0]} for name, found in rounds.items()}
    print(table(figures))
    if args.json:
        args.json.write_text(json.dumps({"gate": facts, "profile_ms": costs, "loaders": figures, "rounds": rounds}, indent=1))


def apart(name: str, folder: Path, seconds: float) -> dict[str, float]:
    """One measurement in a session of its own, whose processes are all counted."""
    command = [sys.executable, __file__, "--one", name, "--folder", str(folder), "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, start_new_session=True, timeout=300)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measured(name: str, folder: Path, seconds: float) -> dict[str, float]:
    from benchmarks.loader_peers import LOADERS

    batches: Iterator = LOADERS[name](folder)
    for _ in range(WARM_BATCHES):
        next(batches)
    began, cpu = time.perf_counter(), session_cpu_s()
    documents = 0
    while time.perf_counter() - began < seconds:
        documents += next(batches)[0]
    wall, cpu = time.perf_counter() - began, session_cpu_s() - cpu
    return {"documents_per_s": documents / wall, "documents_per_cpu_s": documents / cpu}


def session_cpu_s() -> float:
    """CPU seconds of all living processes of this session: workers are not always this process's children."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[3]) == os.getsid(0):
            total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def table(figures: dict[str, dict[str, float]]) -> str:
    ours = figures["lamella"]
    lines = [f"{'':14s} {'documents/s':>12s} {'ours is':>9s} {'documents/CPU s':>16s} {'ours is':>9s}"]
    for name, found in figures.items():
        cells = [f"{name:14s}"]
        for key, width in (("documents_per_s", 12), ("documents_per_cpu_s", 16)):
            cells += [f"{found[key]:{width}.1f}", f"{ours[key] / found[key]:8.2f}x"]
        lines.append(" ".join(cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
