"""`lamella rules` and `lamella why`: a recipe, a run or an address in; every rule, or every verdict on the address, out."""

from typing import Annotated

import typer


def rules(
    recipe: Annotated[
        str, typer.Argument(help="demo, m3w, obelics or laion; with --run, the run's own config is shown.")
    ] = "m3w",
    overrides: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Overrides.")] = None,
    run: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder of a run: its config, and the share each rule took.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Rules that are off, too.")] = False,
) -> None:
    """Lists every rule in the order in which a page meets it, with its limit, source, file and line."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from lamella.pipeline.config.resolution import resolve
    from lamella.pipeline.run import config_of
    from lamella.reporting.rules import rule_lines

    config = config_of(run) if run else resolve(recipe, overrides or ())
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for name in ("stage", "unit", "reason", "measure", "limit", "source", "where"):
        table.add_column(name, overflow="fold")
    if run:
        table.add_column("took", justify="right")
        table.add_column("share", justify="right")
    for line in rule_lines(config, run):
        if not line.on and not every:
            continue
        key = line.key.removeprefix(f"{line.stage}.")
        limit = f"{line.sign} {key} = {line.limit:g}" if line.sign and line.on else key or "always"
        row = [line.stage, line.unit, line.reason, line.measure, limit if line.on else f"{key} is off", line.source, line.where]
        if run:
            row += [f"{line.took:,}" if line.took else "·", f"{line.share:.1%}" if line.took and line.share is not None else ""]
        table.add_row(*row, style=None if line.on else "dim")
    console = Console()
    console.print(table)
    if not every:
        console.print(Text("rules that are off are left out; --all shows them", style="dim"))


def why(
    folder: Annotated[str, typer.Argument(metavar="RUN", help="Folder of a run.")],
    address: Annotated[str, typer.Argument(metavar="URL", help="A page or a media file, as it was crawled or linked.")],
) -> None:
    """Follows one page or picture through every stage: each measurement beside its limit, to its shard or to its reason."""
    from rich.console import Console
    from rich.text import Text

    from lamella.reporting.samples import clean
    from lamella.reporting.why import why as follow
    from lamella.schemas.errors import ConfigError

    console, stage = Console(), ""
    findings = follow(folder, address)
    if not findings:
        raise ConfigError(f"{address}: neither a page nor a media file of {folder}")
    for finding in findings:
        head = "" if finding.stage == stage else finding.stage
        tone, word = ("red", "left") if finding.left else ("green", "kept")
        line = Text.assemble((f"{head:<9}", "bold"), (f"{word}  ", tone), (f"{finding.unit}  ", "dim"), clean(finding.says))
        console.print(line, soft_wrap=True)
        for measured in finding.measured:
            console.print(Text(f"{'':<17}{clean(measured)}", style="dim"), soft_wrap=True)
        stage = finding.stage
