"""`lamella rules` and `lamella why`: a recipe, a run or an address -> every rule, or every verdict on the address."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lamella.reporting.rules import RuleLine


def rules(
    recipe: Annotated[
        str, typer.Argument(help="demo, m3w, obelics, laion or blip; with --run, the run's own config is used.")
    ] = "m3w",
    overrides: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Overrides.")] = None,
    run: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder of a run: shows its config, and the share that each rule took.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show rules that are off, too.")] = False,
) -> None:
    """Lists every rule in the order in which a page meets it, with its limit, source, file and line."""
    from rich.console import Console
    from rich.text import Text

    from lamella.pipeline.config.resolution import resolve
    from lamella.pipeline.run_file import config_of
    from lamella.reporting.rules import rule_lines

    config = config_of(run) if run else resolve(recipe, overrides or ())
    lines = [line for line in rule_lines(config, run) if line.on or every]
    reasons = max((len(line.reason) for line in lines), default=0)
    asks = max((len(_asks(line)) for line in lines), default=0)
    console, book = Console(), ""
    for line in lines:
        if line.book != book:
            console.print(Text.assemble((f"{line.stage} · {line.unit}", "bold"), (f"  {line.book}", "dim")), soft_wrap=True)
            book = line.book
        took = _took(line) if run else ""
        row = f"  {line.reason:<{reasons}}{took}  {_asks(line)}"
        # A terminal has two lines for what a pipe has in one, where it can be searched.
        where = f"\n{'':<{reasons + 4}}" if console.is_terminal else " " * (asks - len(_asks(line)) + 2)
        told = "  ".join(filter(None, (line.source, line.where)))
        console.print(Text.assemble((row, "" if line.on else "dim"), where, (told, "dim")), soft_wrap=True)
    if not every:
        console.print(Text("rules that are off are left out; --all shows them", style="dim"))


def _took(line: "RuleLine") -> str:
    share = f"{line.share:.1%}" if line.took and line.share is not None else ""
    return f"{f'{line.took:,}' if line.took else '·':>9}{share:>7}"


def _asks(line: "RuleLine") -> str:
    """What a rule measures, and against what."""
    key = line.key.removeprefix(f"{line.stage}.")
    if not line.on:
        return f"{line.measure}: {key} is off"
    return f"{line.measure} {line.sign} {key} = {line.limit:g}" if line.sign else f"{line.measure}: {key or 'always'}"


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
