"""Does curation help? The same small Flamingo, the same steps, on shards that differ in their filters alone: a table.

    python benchmarks/curation_value.py                 3,000 pages, 400 steps, three seeds: an hour and a half on two cores
    python benchmarks/curation_value.py --quick         120 pages, 20 steps, one seed: whether it runs, and nothing else

Pairs: raw, with CLIP's filter, with CapFilt alone, with both. Documents: without any filter, and with those of the demo recipe,
both beside the same pairs, filtered by CLIP, from which so small a model learns to see. All arms share one language model,
trained on the curated documents, and one examination, whose pictures no page shows; those of a kind see as many samples,
pairs for twice the steps. A quarter of the sample web's alt texts say what is not so. What is told is the share of questions
answered right, mean and standard deviation over seeds: captions, and what they say of each attribute, of a picture alone, as
pairs have it; the other questions after four examples, as documents have them.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lamella.schemas.config import LimitsForText  # noqa: E402

CAPTION, SHOTS = "caption", 4
UNBOUND = [
    f"filter.{part}.{name}={'null' if field.default is None else 'false'}"
    for part in ("node", "document")
    for name, field in LimitsForText.model_fields.items()
    if field.default is None or field.default is False
]
ENOUGH = ("pair.max_alts_per_image=1000", "fetch.max_documents=null")  # one small site shows its pictures on many pages
ONLY_PAIRS = ("m3w.batch=0", "vtp.batch=0", "align.weight=1")
LONGER = 2  # times the steps, without documents: a step without them costs a third


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What a run is told, what a training is told, and which questions it is asked."""

    name: str
    curation: tuple[str, ...]
    mixture: tuple[str, ...] = ()
    pairs: tuple[str, ...] | None = None  # of another run, beside the documents of this one
    tasks: str = CAPTION


CLIP = ("caption.on=false",)
ASKED = "caption,colour,shape,count"
ARMS = (
    Arm(name="pairs, raw", curation=("score.min_score=null", *CLIP), mixture=ONLY_PAIRS),
    Arm(name="pairs, CLIP", curation=CLIP, mixture=ONLY_PAIRS),
    Arm(name="pairs, CapFilt alone", curation=("score.when=never",), mixture=ONLY_PAIRS),
    Arm(name="pairs, CLIP and CapFilt", curation=(), mixture=ONLY_PAIRS),
    Arm(
        name="documents, unfiltered",
        curation=(*UNBOUND, "filter.languages=null", "dedup.by_text=false", "dedup.by_url=false", *CLIP),
        pairs=CLIP,
        tasks=ASKED,
    ),
    Arm(name="documents, filtered", curation=CLIP, pairs=CLIP, tasks=ASKED),
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
    mixed = {arm.name: _beside(folder, arm, shards) if arm.pairs else shards[arm.curation] for arm in ARMS}
    recipe = ("--recipe", "demo-lm", "steps=20") if quick else ("--recipe", "sample-lm")
    _lamella("train", "lm", "--shards", shards[CLIP], "--output", folder / "lm", *recipe)
    rows: dict[str, list[dict[str, float]]] = {arm.name: [] for arm in ARMS}
    for seed in range(seeds):
        with ThreadPoolExecutor(arguments.at_once) as pool:
            shares = pool.map(lambda arm, seed=seed: _right(folder, arm, mixed[arm.name], (seed, steps)), ARMS)
        for arm, found in zip(ARMS, shares, strict=True):
            rows[arm.name].append(found)
        _print(rows, folder)


def _curated(folder: Path, arm: Arm) -> Path:
    run = folder / f"run-{_slug(arm)}"
    archives = f"{folder}/web/*.warc.gz"
    _lamella(
        "run", "--recipe", "demo", "--input", archives, "--output", run, "--processes", 2, "--no-report", *ENOUGH, *arm.curation
    )
    return run / "shards"


def _beside(folder: Path, arm: Arm, shards: dict[tuple[str, ...], Path]) -> Path:
    """The arm's documents, and the pairs of another run: a folder of links."""
    out = folder / f"shards-{_slug(arm)}"
    out.mkdir(exist_ok=True)
    for dataset in ("m3w", "align", "ltip", "vtp"):
        link = out / dataset
        link.unlink(missing_ok=True)
        link.symlink_to(shards[arm.curation if dataset == "m3w" else arm.pairs] / dataset)
    return out


def _slug(arm: Arm) -> str:
    return "-".join(arm.name.replace(",", "").split())


def _right(folder: Path, arm: Arm, shards: Path, training: tuple[int, int]) -> dict[str, float]:
    """Share of each task's questions that a model trained on the arm's shards answers right."""
    seed, steps = training
    model = folder / f"{_slug(arm)}-{seed}"
    steps *= LONGER if arm.mixture == ONLY_PAIRS else 1
    told = (f"language={folder / 'lm'}", f"seed={seed}", f"steps={steps}", "threads=1", *arm.mixture)
    _lamella("train", "flamingo", "--shards", shards, "--recipe", "demo", "--output", model, *told)
    asked = ("--questions", folder / "web/exam/questions.jsonl", "--tasks", arm.tasks, "--shots", f"0,{SHOTS}", "--quick")
    _lamella("evaluate", "--checkpoint", model, *asked)
    found = json.loads((model / "evaluation.json").read_bytes())["questions"]
    seen = {(row["task"], row["shots"], row["text_only"]): row for row in found if row["images"] == "seen"}
    caption = seen[CAPTION, 0, 0]
    shares = {CAPTION: caption["accuracy"]} | {f"it says: {name}": share for name, share in caption["attributes"].items()}
    return shares | {task: row["accuracy"] for (task, shots, _), row in seen.items() if shots == SHOTS and task != CAPTION}


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
    subprocess.run([sys.executable, "-m", "lamella.runners.cli", *map(str, words)], cwd=ROOT, check=True, stdout=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="curation-value", help="for webs, runs and models; what stands is not made again")
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--at-once", type=int, default=2, help="trainings, of one thread each: so small a model gains little from two"
    )
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
