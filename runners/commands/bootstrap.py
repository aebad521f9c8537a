"""`lamella bootstrap`: a finished run -> rounds of training, captioning and filtering on it, and a table of them."""

from typing import Annotated

import typer


def bootstrap(
    run: Annotated[str, typer.Option(help="Folder of a finished run; it is made again with the new models.")],
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds; finished ones are not made again.")] = 1,
    output: Annotated[str, typer.Option(help="Folder for models and the table; RUN-bootstrap if not given.")] = "",
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PART.KEY=VALUE]...",
            help="Settings of the three trainings, such as matcher.steps=200.",
        ),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Trains captioner and matcher on what a run has kept, captions and filters again, N times (BLIP's bootstrapping)."""
    from lamella.runners.bootstrap import bootstrap as run_rounds
    from lamella.runners.commands.train import pairs_of
    from lamella.runners.launch import Engine
    from lamella.runners.progress import Progress

    place = output or f"{run.rstrip('/')}-bootstrap"
    told = dict(pairs_of(overrides or ()))
    with Progress() as progress:
        engine = Engine(processes=processes)
        done = run_rounds(run, rounds, place, say=progress.say, watch=progress.watch, engine=engine, overrides=told)
    _print(done)
    print(f"models and table: {place}")


def _print(done) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in ("round", "pairs kept", "false texts let through", "validation loss"):
        table.add_column(column, justify="right")
    for one in done:
        false = f"{one.false:,} of {one.known:,}" if one.known is not None else "not known"
        table.add_row(str(one.number), f"{one.pairs:,}", false, f"{one.loss:.3f}")
    Console().print(table)
