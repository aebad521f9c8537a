"""A trained model -> what it has learned: a Flamingo's validation loss by dataset and its answers in context; the classes
that a CLIP or CoCa tells by prompts.

The table is printed; the numbers go to `evaluation.json`, and accuracy by number of examples to `evaluation.svg`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from lamella.schemas.errors import TrainingError
from lamella.trainer.core.console import open_folder, say, write_whole
from lamella.trainer.core.world import ALONE, World, join
from lamella.trainer.evaluation.fewshot import BARE, BLANK, SEEN, FewShotEvaluator, Options, Result, Setting, labels_of
from lamella.trainer.evaluation.gallery import computing
from lamella.trainer.evaluation.generate import TooLong
from lamella.trainer.evaluation.plots import accuracy_svg
from lamella.trainer.evaluation.questions import read_questions
from lamella.trainer.evaluation.zeroshot import PROMPTS, TEMPLATES, is_contrastive, load_contrastive, zero_shot
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.flamingo.model import Flamingo, load
from lamella.trainer.loading.batch import Batch

JSON_FILE, PLOT_FILE = "evaluation.json", "evaluation.svg"


def evaluate(
    checkpoint: str | Path,
    *,
    shards: str | None = None,
    questions: str | None = None,
    output: str | None = None,
    language: str | None = None,
    options: Options | None = None,
    templates: Sequence[str] = TEMPLATES,
    processes: int = 1,
) -> dict[str, Any]:
    """Measures the model that a training left in `checkpoint`: a Flamingo, or a CLIP or CoCa.

    Args:
        checkpoint: a training's folder.
        shards: whose validation split gives a Flamingo's loss.
        questions: a file as docs/formats.md describes it.
        output: folder for the two files; the checkpoint's own if not given.
        language: where the frozen language model lies now, if it has moved.
        options: what is asked of the questions, and how, of a Flamingo.
        templates: of the prompts by which a CLIP or CoCa classifies.
        processes: on a CPU: this one and its forks share a Flamingo's work, one thread each; the answers are those of one.

    Returns:
        What is written to `evaluation.json`.

    Raises:
        TrainingError: a model, a shard, a question or a picture that cannot be read, in one line.
    """
    if not shards and not questions:
        raise TrainingError("evaluate: neither shards nor questions; there is nothing to measure")
    folder = open_folder(output) if output else Path(checkpoint)
    if is_contrastive(Path(checkpoint)):
        return _evaluate_contrastive(Path(checkpoint), questions, folder, templates)
    results: list[Result] = []
    with join("auto", processes=processes) as world:
        model = load(Path(checkpoint), language=language)
        found: dict[str, Any] = {"checkpoint": str(checkpoint), "training": _training(model.config)}
        if shards:
            found["validation"] = validation_losses(model, shards, world)
        if questions:
            options = options or Options()
            results = answer(model, Path(questions), options, world)
            found["options"] = asdict(options)
            found["questions"] = [_row(result) for result in results]
    if world.leads:
        _tell(found, results, folder)
    return found


def _tell(found: dict[str, Any], results: Sequence[Result], folder: Path) -> None:
    """Writes the figures and their plot, and shows them."""
    if results:
        write_whole(folder / PLOT_FILE, accuracy_svg(results, "Questions answered right, by number of examples"))
    write_whole(folder / JSON_FILE, json.dumps(found, indent=1) + "\n")
    _show(found.get("validation", {}), results)
    weights = ", ".join(f"{dataset} {weight:g}" for dataset, weight in found["training"]["weights"].items())
    say(f"trained with next_image={found['training']['next_image']:g}, losses weighed {weights}")
    say(f"all numbers: {folder / JSON_FILE}")


def _training(config: FlamingoConfig) -> dict[str, Any]:
    """What must be known of a training to compare its figures with others'."""
    weights = {str(dataset): part.weight for dataset, part in config.mixture().items()}
    return {"recipe": config.recipe, "steps": config.steps, "next_image": config.next_image, "weights": weights}


def _evaluate_contrastive(checkpoint: Path, questions: str | None, folder: Path, templates: Sequence[str]) -> dict[str, Any]:
    if not questions:
        raise TrainingError(f"{checkpoint}: no Flamingo, but a CLIP or CoCa; give --questions whose tasks have choices")
    results = zero_shot(load_contrastive(checkpoint), read_questions(Path(questions)), Path(questions).parent, templates)
    rows = [_row(result) for result in results]
    found = {"checkpoint": str(checkpoint), "templates": list(templates), "questions": rows}
    write_whole(folder / JSON_FILE, json.dumps(found, indent=1) + "\n")
    _show({}, results)
    say(f"all numbers: {folder / JSON_FILE}")
    return found


@torch.no_grad()
def validation_losses(model: Flamingo, shards: str, world: World = ALONE) -> dict[str, dict[str, float]]:
    """For each dataset of the model's mixture the mean loss of a token with and without sight, and the number of samples."""
    from lamella.trainer.loading.mixture import Mixture

    losses = {}
    with Mixture(shards, model.config, model.vocabulary, model.image_px, told=world.told) as mixture:
        for dataset in mixture.datasets:
            seen = blank = tokens = samples = 0
            for batch in world.shares(mixture.validation(dataset)):
                seen += _loss(model, batch)
                blank += _loss(model, replace(batch, phi=torch.zeros_like(batch.phi)))
                tokens += int(batch.loss_mask.sum())
                samples += len(batch.keys)
            seen, blank, tokens, samples = world.sums([seen, blank, tokens, samples])
            if tokens:
                losses[str(dataset)] = {"loss": seen / tokens, "blank_loss": blank / tokens, "samples": int(samples)}
    return losses


def answer(model: Flamingo, questions: Path, options: Options, world: World = ALONE) -> list[Result]:
    """Every task of the file in every setting of the options; each process of the world gets all results."""
    evaluator = FewShotEvaluator(model, read_questions(questions), questions.parent, options, world=world)
    tell = say if world.leads else _nothing
    results = []
    for task in evaluator.tasks:
        if few := evaluator.left_out(task):
            tell(f"  {task}: without {', '.join(few)}; it has {evaluator.examples(task)} examples")
        for setting in evaluator.settings(task):
            try:
                results.append(evaluator.ask(task, setting))
            except TooLong as error:  # the other settings stand
                tell(f"  {task}, {_how(setting)}: not {_how_many(setting.label)}; {error}")
        tell(f"  {task}: " + ", ".join(f"{share:.0%} {_how_many(label)}" for label, share in _seen(results, task)))
    if not results:  # what lies in the folder from before is worth more
        raise TrainingError(f"questions={questions}: no prompt has a place in the language model")
    return results


def _nothing(line: str) -> None:
    """Another process says it."""


def _how_many(label: str) -> str:
    return label if label == BARE else f"with {label}"


def _seen(results: Sequence[Result], task: str) -> list[tuple[str, float]]:
    """The best of a task for each number of examples: for a line on the screen while it goes on."""
    best: dict[str, float] = {}
    for result in results:
        if result.task == task and result.setting.images == SEEN:
            best[result.setting.label] = max(best.get(result.setting.label, 0.0), result.accuracy)
    return list(best.items())


def _loss(model: Flamingo, batch: Batch) -> float:
    device = next(model.parameters()).device
    with computing(model):
        return model.loss(batch.to(device)).item()


def _row(result: Result) -> dict[str, Any]:
    low, high = result.interval
    row = {
        "task": result.task,
        "label": result.setting.label,
        **asdict(result.setting),
        "right": result.right,
        "asked": result.asked,
    }
    row |= {"accuracy": result.accuracy, "low": low, "high": high}
    return row | ({"attributes": result.attributes} if result.attributes else {})


def _show(losses: dict[str, dict[str, float]], results: Sequence[Result]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    if losses:
        table = Table("validation", "samples", "loss", "blank", box=box.SIMPLE)
        for dataset, row in losses.items():
            table.add_row(dataset, f"{row['samples']:,}", f"{row['loss']:.3f}", f"{row['blank_loss']:.3f}")
        console.print(table)
    if results:
        labels = labels_of(results)
        table = Table(
            "answers right, %",
            "",
            *(label if label == BARE else f"{label} shots" for label in labels),
            box=box.SIMPLE,
            caption="± half of the 95 % interval",
        )
        for column in table.columns[2:]:
            column.justify = "right"
        for (task, how), cells in _rows(results).items():
            table.add_row(task, how, *(cells.get(label, "") for label in labels))
        console.print(table)


def _how(setting: Setting) -> str:
    if setting.way == PROMPTS:
        return PROMPTS
    return f"{setting.way}, {BLANK if setting.images == BLANK else setting.selection}"


def _rows(results: Sequence[Result]) -> dict[tuple[str, str], dict[str, str]]:
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for result in results:
        setting = result.setting
        low, high = result.interval
        cell = f"{100 * result.accuracy:.0f} ±{50 * (high - low):.0f}"
        rows.setdefault((result.task, _how(setting)), {})[setting.label] = cell
    return rows
