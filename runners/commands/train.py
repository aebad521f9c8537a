"""The commands of the trainer: arguments -> a call of `trainer`. Like the others they import torch only when they run."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lamella.schemas.printable import printable
from lamella.trainer.core.freed import keep_freed_memory

train_app = typer.Typer(help="Trains on shards.", no_args_is_help=True)

Shards = Annotated[str, typer.Option(help="The shards folder of a run, or one dataset of it; local or remote.")]
Recipe = Annotated[str, typer.Option(help="Name of a training recipe.")]
Output = Annotated[str, typer.Option(help="Folder for checkpoints and the model; a training that stopped there is continued.")]
Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Overrides of the recipe; docs/training.md, Keys.")
]
Checkpoint = Annotated[Path, typer.Option(help="OUTPUT of `train flamingo`; for `evaluate` also of `train contrastive`.")]
Language = Annotated[str | None, typer.Option(help="The frozen language model, if it has moved.")]


@train_app.callback()
def training() -> None:
    """This process is only for the training, so it may keep the memory that it frees."""
    keep_freed_memory()


@train_app.command()
def contrastive(shards: Shards, recipe: Recipe, output: Output, overrides: Overrides = None) -> None:
    """Trains CLIP or CoCa (scorer, captioner, matcher) on pair shards."""
    from lamella.trainer.contrastive.train import train

    train(shards, recipe, output, dict(pairs_of(overrides or ())))


@train_app.command()
def lm(shards: Shards, output: Output, recipe: Recipe = "demo-lm", overrides: Overrides = None) -> None:
    """Trains a small language model and its tokenizer on the text of the shards, in the format of transformers."""
    from lamella.trainer.language.pretrain_lm import pretrain_lm

    pretrain_lm(shards, recipe, output, dict(pairs_of(overrides or ())))


@train_app.command()
def flamingo(shards: Shards, recipe: Recipe, output: Output, overrides: Overrides = None) -> None:
    """Trains a Flamingo on any mixture of M3W, ALIGN, LTIP and VTP shards; several GPUs by torchrun."""
    from lamella.trainer.flamingo.train import train

    train(shards, recipe, output, dict(pairs_of(overrides or ())))


def evaluate(
    checkpoint: Checkpoint,
    shards: Annotated[str | None, typer.Option(help="Shards whose validation split gives the loss.")] = None,
    questions: Annotated[str | None, typer.Option(help="questions.jsonl: few-shot tasks with known answers.")] = None,
    output: Annotated[str | None, typer.Option(help="Folder for the table and the plot; CHECKPOINT if not given.")] = None,
    shots: Annotated[str, typer.Option(help="Numbers of examples, separated by commas.")] = "0,1,2,4,8",
    tasks: Annotated[str, typer.Option(help="Names of tasks, separated by commas; all if not given.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only so many questions of each task.")] = None,
    template: Annotated[
        list[str] | None, typer.Option(help="For a CLIP or CoCa: a prompt with {} in place of the class; may be repeated.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only written answers after random examples.")] = False,
    language: Language = None,
    processes: Annotated[int, typer.Option(min=1, help="That share a Flamingo's work on a CPU, with one thread each.")] = 1,
) -> None:
    """Measures a Flamingo (loss by dataset, answers in context), or a CLIP or CoCa (classification by prompts)."""
    from lamella.schemas.errors import ConfigError
    from lamella.trainer.evaluation.evaluate import evaluate as run
    from lamella.trainer.evaluation.fewshot import RANDOM, WRITTEN, Options
    from lamella.trainer.evaluation.zeroshot import TEMPLATES

    keep_freed_memory()
    if not shards and not questions:
        raise ConfigError("evaluate: give --shards, --questions, or both")
    options = Options(shots=_numbers(shots), tasks=tuple(filter(None, tasks.split(","))), queries=limit)
    if quick:
        options = replace(options, selections=(RANDOM,), ways=(WRITTEN,))
    run(
        checkpoint,
        shards=shards,
        questions=questions,
        output=output,
        language=language,
        options=options,
        templates=tuple(template or TEMPLATES),
        processes=processes,
    )


def generate(
    checkpoint: Checkpoint,
    image: Annotated[list[Path], typer.Option(help="An image; may be repeated.")],
    prompt: Annotated[str, typer.Option(help="Text; an image replaces each <image>; without one, all images come first.")] = "",
    beams: Annotated[int, typer.Option(min=1, help="Width of the beam search; 1 is greedy.")] = 3,
    max_tokens: Annotated[int, typer.Option(min=1, help="Length of what is written.")] = 32,
    language: Language = None,
) -> None:
    """Continues a text after images and text."""
    from lamella.trainer.evaluation.generate import generate_text

    text = generate_text(checkpoint, image, prompt, beams=beams, max_tokens=max_tokens, language=language)
    print(printable(text))


def _numbers(text: str) -> tuple[int, ...]:
    from lamella.schemas.errors import ConfigError

    try:
        numbers = tuple(map(int, text.split(",")))
        if min(numbers) < 0:
            raise ValueError
        return numbers
    except ValueError:
        raise ConfigError(f"--shots {text}: numbers separated by commas, such as 0,1,2,4,8") from None


def pairs_of(overrides: Iterable[str]) -> Iterator[tuple[str, str]]:
    from lamella.schemas.errors import ConfigError

    for word in overrides:
        key, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(f"{word!r}: not of the form key=value")
        yield key, value
