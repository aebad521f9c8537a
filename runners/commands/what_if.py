"""`lamella what-if`: a finished run and `key=value` overrides -> what they would change, as a table and a page."""

from typing import Annotated

import typer


def what_if(
    folder: Annotated[str, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    overrides: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="Settings to try.")],
    page: Annotated[str, typer.Option(help="Where the page with examples is written.")] = "what-if.html",
    apply: Annotated[bool, typer.Option("--apply", help="Then run it with these settings.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Says what other thresholds would keep and reject, with examples, and changes nothing."""
    from tempfile import TemporaryDirectory

    from lamella.pipeline.config.resolution import with_overrides
    from lamella.pipeline.preflight import reach_models
    from lamella.pipeline.run_file import config_of, facts_of
    from lamella.pipeline.trial import try_out
    from lamella.reporting.what_if import difference, write_page
    from lamella.runners.launch import Engine, executor, prepare
    from lamella.runners.progress import Progress

    config = with_overrides(config_of(folder), overrides)
    reach_models(config)
    engine, progress = Engine(processes=processes), Progress()
    with progress, TemporaryDirectory(prefix="lamella-what-if-") as scratch:
        execute = progress.watch(executor(engine, (), progress.say))
        trial = try_out(folder, config, scratch, execute, say=progress.say)
        found = difference(trial)
        write_page(found, trial, config, overrides, path=page)
    _print(found, page)
    if apply:
        with Progress() as progress:
            launch = prepare(config, facts_of(folder)["inputs"], folder, progress.say, engine=engine)
            launch.carry_out(progress.say, progress.watch)


def _print(found, page: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for name, changes in (*found.funnels.items(), ("reasons that change", found.reasons)):
        if not changes:
            continue
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), title=Text(name), title_justify="left")
        for column in ("", "is", "would be", ""):
            table.add_column(column, justify="right" if column else "left")
        for one in changes:
            moved = f"{one.after - one.before:+,}" if one.after != one.before else ""
            table.add_row(one.what, f"{one.before:,}", f"{one.after:,}", moved)
        console.print(table)
    for one in found.moved:
        console.print(Text(f"{one.unit}s: {one.come:,} would come, {one.go:,} would go"))
    if found.ended:
        console.print(Text(found.ended, style="yellow"))
    console.print(Text(f"examples: {page}", style="dim"))
