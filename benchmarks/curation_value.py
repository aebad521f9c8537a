"""Does curation help? The same small Flamingo, the same steps, on shards that differ in their filters alone: a table.

    python benchmarks/curation_value.py                 3,000 pages, 600 steps, three seeds: some hours on two cores
    python benchmarks/curation_value.py --quick         120 pages, 20 steps, one seed: whether it runs, and nothing else

Pairs: raw, with CLIP's filter, with CLIP's and CapFilt. Documents: with the filters of the demo recipe, and without any.
All arms share one language model, trained on the curated documents, one examination, whose pictures no page shows, and the
number of samples that they see. A quarter of the sample web's alt texts say what is not so. What is told is the share of
questions answered right after four examples, mean and standard deviation over seeds.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from schemas.config import LimitsForText  # noqa: E402

SHOTS = 4
UNBOUND = [
    f"filter.{part}.{name}={'null' if field.default is None else 'false'}"
    for part in ("node", "document")
    for name, field in LimitsForText.model_fields.items()
    if field.default is None or field.default is False
]
ONLY_PAIRS = ("m3w.batch=0", "vtp.batch=0", "align.batch=24", "align.weight=1", "ltip.batch=8")
ONLY_DOCUMENTS = ("align.batch=0", "ltip.batch=0", "vtp.batch=0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What a run is told, what a training is told, and which questions it is asked."""

    name: str
    curation: tuple[str, ...]
    mixture: tuple[str, ...]
    tasks: str


ARMS = (
    Arm(name="pairs, raw", curation=("score.min_score=null", "caption.on=false"), mixture=ONLY_PAIRS, tasks="caption"),
    Arm(name="pairs, CLIP", curation=("caption.on=false",), mixture=ONLY_PAIRS, tasks="caption"),
    Arm(name="pairs, CLIP and CapFilt", curation=(), mixture=ONLY_PAIRS, tasks="caption"),
    Arm(
        name="documents, unfiltered",
        curation=(*UNBOUND, "filter.languages=null", "dedup.by_text=false", "dedup.by_url=false"),
        mixture=ONLY_DOCUMENTS,
        tasks="caption,colour,shape,count",
    ),
    Arm(name="documents, filtered", curation=(), mixture=ONLY_DOCUMENTS, tasks="caption,colour,shape,count"),
)


def main() -> None:
    arguments = _arguments()
    folder = Path(arguments.folder).resolve()
    quick = arguments.quick
    pages, steps, seeds = (120, 20, 1) if quick else (arguments.pages, arguments.steps, arguments.seeds)
    questions = 20 if quick else 200
    _lamella("sample", folder / "web", "--pages", pages, "--seed", 1, "--exam", questions)
    shards: dict[tuple[str, ...], Path] = {}
    for arm in ARMS:
        if arm.curation not in shards:
            shards[arm.curation] = _curated(folder, arm)
    recipe = ("--recipe", "demo-lm", "steps=20") if quick else ("--recipe", "sample-lm")
    _lamella("train", "lm", "--shards", shards[()], "--output", folder / "lm", *recipe)
    rows = {}
    for arm in ARMS:
        rows[arm.name] = [_right(folder, arm, shards[arm.curation], (seed, steps)) for seed in range(seeds)]
    _print(rows, folder)


def _curated(folder: Path, arm: Arm) -> Path:
    run = folder / "-".join(["run", *arm.name.replace(",", "").split()])
    archives = f"{folder}/web/*.warc.gz"
    _lamella("run", "--recipe", "demo", "--input", archives, "--output", run, "--processes", 2, "--no-report", *arm.curation)
    return run / "shards"


def _right(folder: Path, arm: Arm, shards: Path, training: tuple[int, int]) -> dict[str, float]:
    """Share of each task's questions that a model trained on the arm's shards answers right."""
    seed, steps = training
    model = folder / f"{arm.name.replace(', ', '-').replace(' ', '-')}-{seed}"
    told = (f"language={folder / 'lm'}", f"seed={seed}", f"steps={steps}", *arm.mixture)
    _lamella("train", "flamingo", "--shards", shards, "--recipe", "demo", "--output", model, *told)
    asked = ("--questions", folder / "web/exam/questions.jsonl", "--tasks", arm.tasks, "--shots", SHOTS, "--quick")
    _lamella("evaluate", "--checkpoint", model, *asked)
    found = json.loads((model / "evaluation.json").read_bytes())["questions"]
    seen = [row for row in found if row["images"] == "seen"]
    shares = {row["task"]: row["accuracy"] for row in seen}
    caption = next(row for row in seen if row["task"] == "caption")
    return shares | {f"caption: {name}": share for name, share in caption["attributes"].items()}


def _print(rows: dict[str, list[dict[str, float]]], folder: Path) -> None:
    names = list(dict.fromkeys(name for runs in rows.values() for run in runs for name in run))
    print("| trained on | " + " | ".join(names) + " |\n|---" + "|---" * len(names) + "|")
    for arm, runs in rows.items():
        print(f"| {arm} | " + " | ".join(_cell([run[name] for run in runs if name in run]) for name in names) + " |")
    (folder / "curation_value.json").write_text(json.dumps(rows, indent=1) + "\n")


def _cell(shares: list[float]) -> str:
    if not shares:
        return ""
    spread = f" ± {stdev(shares):.3f}" if len(shares) > 1 else ""
    return f"{mean(shares):.3f}{spread}"


def _lamella(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "runners.cli", *map(str, words)], cwd=ROOT, check=True, stdout=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="curation-value", help="for webs, runs and models; what stands is not made again")
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
