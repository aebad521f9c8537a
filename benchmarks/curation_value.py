"""Does curation help? Shards that differ only in their filters -> a table of what the same small Flamingo learns from each.

    python benchmarks/curation_value.py                 3,000 pages, 400 steps, three seeds: some two hours on two cores
    python benchmarks/curation_value.py --only pairs    the arms whose name has this in it
    python benchmarks/curation_value.py --quick         120 pages, 20 steps, one seed: whether it runs, and nothing else

Pairs: raw, with CLIP's filter, with CapFilt alone, with both, and after two rounds of bootstrapping from there. Documents:
without any filter, and with those of the demo recipe, both beside the same pairs, filtered by CLIP, from which so small a model
learns to see. Mixtures: the last of these with other weights of pairs beside documents. All arms share one language model,
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
from typing import Any

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
# Without documents, and twice the steps: a step without them costs a third.
ONLY_PAIRS: dict[str, Any] = {"mixture": ("m3w.batch=0", "vtp.batch=0", "align.weight=1"), "steps": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The overrides of a run, those of a training, and the questions that are asked."""

    name: str
    curation: tuple[str, ...]
    mixture: tuple[str, ...] = ()
    pairs: tuple[str, ...] | None = None  # of another run, beside the documents of this one
    tasks: str = CAPTION
    rounds: int = 0  # of bootstrapping, after that run
    steps: int = 1  # times those that are asked for


CLIP = ("caption.on=false",)
ASKED = "caption,colour,shape,count"
ARMS = (
    Arm(name="pairs, raw", curation=("score.min_score=null", *CLIP), **ONLY_PAIRS),
    Arm(name="pairs, CLIP", curation=CLIP, **ONLY_PAIRS),
    Arm(name="pairs, CapFilt alone", curation=("score.when=never",), **ONLY_PAIRS),
    Arm(name="pairs, CLIP and CapFilt", curation=(), **ONLY_PAIRS),
    Arm(name="pairs, two rounds of bootstrapping", curation=(), rounds=2, **ONLY_PAIRS),
    Arm(
        name="documents, unfiltered",
        curation=(*UNBOUND, "filter.languages=null", "dedup.by_text=false", "dedup.by_url=false", *CLIP),
        pairs=CLIP,
        tasks=ASKED,
    ),
    Arm(name="documents, filtered", curation=CLIP, pairs=CLIP, tasks=ASKED),  # M3W 1, ALIGN 0.2, LTIP 1: as the recipe has it
    Arm(name="mixture, LTIP 0.2", curation=CLIP, pairs=CLIP, tasks=ASKED, mixture=("ltip.weight=0.2",)),  # the paper's weights
    Arm(name="mixture, M3W 0.2", curation=CLIP, pairs=CLIP, tasks=ASKED, mixture=("m3w.weight=0.2",)),
)


def main() -> None:
    arguments = _arguments()
    folder = Path(arguments.folder).resolve()
    quick = arguments.quick
    pages, steps, seeds = (120, 20, [0]) if quick else (arguments.pages, arguments.steps, arguments.seeds)
    questions = 20 if quick else 200
    _lamella("sample", folder / "web", "--pages", pages, "--seed", 1, "--exam", questions)
    arms = [arm for arm in ARMS if arguments.only in arm.name]
    shards: dict[tuple[int, tuple[str, ...]], Path] = {}
    for rounds, curation in dict.fromkeys([(0, CLIP), *((arm.rounds, arm.curation) for arm in arms)]):
        shards[rounds, curation] = _curated(folder, curation, rounds)
    mixed = {arm.name: _beside(folder, arm, shards) if arm.pairs else shards[arm.rounds, arm.curation] for arm in arms}
    recipe = ("--recipe", "demo-lm", "steps=20") if quick else ("--recipe", "sample-lm", f"steps={arguments.language_steps}")
    _lamella("train", "lm", "--shards", shards[0, CLIP], "--output", folder / "lm", *recipe)
    rows: dict[str, list[dict[str, float]]] = {arm.name: [] for arm in arms}
    for seed in seeds:
        with ThreadPoolExecutor(arguments.at_once) as pool:
            shares = pool.map(lambda arm, seed=seed: _right(folder, arm, mixed[arm.name], (seed, steps)), arms)
        for arm, found in zip(arms, shares, strict=True):
            rows[arm.name].append(found)
        _print(rows, folder)


def _curated(folder: Path, curation: tuple[str, ...], rounds: int) -> Path:
    """Shards of a run over the web. All runs share what models have found out. A run that was bootstrapped stays as it is."""
    name = _slug(next(arm.name for arm in ARMS if (arm.curation, arm.rounds) == (curation, rounds)))
    run, out = folder / f"run-{name}", folder / f"rounds-{name}"
    if not (out / "rounds.json").is_file():
        told = ("--processes", 2, "--no-report", f"run.memory={folder / 'memory'}", *ENOUGH, *curation)
        _lamella("run", "--recipe", "demo", "--input", f"{folder}/web/*.warc.gz", "--output", run, *told)
    if rounds:
        _lamella("bootstrap", "--run", run, "--output", out, "--rounds", rounds, "--processes", 2)
    return run / "shards"


def _beside(folder: Path, arm: Arm, shards: dict[tuple[int, tuple[str, ...]], Path]) -> Path:
    """The arm's documents, and the pairs of another run: a folder of links."""
    assert arm.pairs
    out = folder / f"shards-{_slug(arm.name)}"
    out.mkdir(exist_ok=True)
    for dataset in ("m3w", "align", "ltip", "vtp"):
        link = out / dataset
        link.unlink(missing_ok=True)
        link.symlink_to(shards[0, arm.curation if dataset == "m3w" else arm.pairs] / dataset)
    return out


def _slug(name: str) -> str:
    return "-".join(name.replace(",", "").split())


def _right(folder: Path, arm: Arm, shards: Path, training: tuple[int, int]) -> dict[str, float]:
    """Share of each task's questions that a model trained on the arm's shards answers right."""
    seed, steps = training
    model = folder / f"{_slug(arm.name)}-{seed}"
    told = (f"language={folder / 'lm'}", f"seed={seed}", f"steps={steps * arm.steps}", "processes=1", "threads=1", *arm.mixture)
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
    parser.add_argument("--language-steps", type=int, default=1500, help="of the language model that all arms share")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the trainings")
    parser.add_argument(
        "--at-once", type=int, default=2, help="trainings, of one thread each: so small a model gains little from two"
    )
    parser.add_argument("--only", default="", help="a part of the names of the arms that are wanted; all, if not given")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
