"""A Report -> what a terminal shows of it, and what somebody should look at before the tables are used."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamella.reporting.plots import number
from lamella.reporting.report import Report
from lamella.reporting.samples import clean


def print_report(report: Report, console: Console) -> None:
    """The report's essence for a terminal: funnel, accounts, flagged rules, truth, and where the page lies.

    What comes from the web is cleaned of control characters before it gets here; markup is never parsed.
    """
    if report["bundled"]:
        console.print(Text(f"\nWARNING: {report['bundled']['says']}", style="bold yellow"), soft_wrap=True)
    console.print(Text("\nFunnel", style="bold"))
    for name, steps in report["funnel"].items():
        shown = [f"{number(step['count'])} {step['label']}" for step in steps]
        if shown:
            console.print(Text.assemble((f"  {name:<10}", "dim"), " > ".join(shown)), soft_wrap=True)
    console.print(_accounts_table(report["conservation"]["lines"]))
    for link in report["conservation"]["links"]:
        if not link["holds"]:
            console.print(Text(f"  does not hold: {_broken(link)}", style="red"))
    for guard in report["guards"]["greedy_rules"]:
        where = f"{guard['stage']} {guard['unit']} {guard['reason']}"
        console.print(Text(f"  flagged: {where} took {guard['ratio']:.0%} of {number(guard['of'])}", style="yellow"))
    for guard in report["guards"]["crashes"]:
        says = f"  crashed: {guard['stage']} {guard['unit']}, {number(guard['count'])} of {number(guard['of'])}"
        console.print(Text(says, style="yellow" if guard["passed"] else "red"))
    if texts := report["texts"]:
        shown = ", ".join(f"{number(row['count'])} {row['says']}" for row in texts["pictures"])
        console.print(Text(f"  of {number(texts['of'])} pictures: {shown}"), soft_wrap=True)
    for line in (report["truth"] or {}).get("says", ()):
        console.print(Text.assemble(("  truth: ", "cyan"), clean(line)), soft_wrap=True)
    verdict = ("every sum adds up", "green") if report["conservation"]["balanced"] else ("the sums do NOT add up", "bold red")
    if report["unfinished"] and report["conservation"]["balanced"]:
        verdict = (f"the run is NOT finished: {', '.join(report['unfinished'])} not done", "bold yellow")
    console.print(
        Text.assemble("  ", verdict, f"; report: {clean(report['path'])}" if "path" in report else ""), soft_wrap=True
    )


def past_limits(report: Report) -> list[str]:
    """What somebody should look at before the tables are used, a line each: sums that do not add up, and too many crashes."""
    sums, out = report["conservation"], []
    for line in sums["lines"]:
        if not line["balanced"]:
            out.append(f"{line['stage']}, {line['unit']}: {line['missing']:+,} missing in the accounts")
    out += [f"the accounts disagree: {_broken(link)}" for link in sums["links"] if not link["holds"]]
    for guard in report["guards"]["crashes"]:
        if not guard["passed"]:
            crashed = f"{number(guard['count'])} of {number(guard['of'])} crashed"
            out.append(f"{guard['stage']}, {guard['unit']}: {crashed}, above run.max_crash_ratio {guard['limit']}")
    return out


def _broken(link: dict[str, Any]) -> str:
    return f"{link['what']}: {number(link['left'])} and {number(link['right'])}"


def _accounts_table(lines: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), title_justify="left")
    for name in ("stage", "unit"):
        table.add_column(name)
    for name in ("in", "made", "kept", "rejected", "with docs", ""):
        table.add_column(name, justify="right")
    before = ""
    for line in lines:
        counts = [line[name] for name in ("entered", "made", "kept", "rejected", "with_documents")]
        mark = Text("ok", style="green") if line["balanced"] else Text(f"{line['missing']:+,} missing", style="bold red")
        stage = Text("" if line["stage"] == before else line["stage"], style="bold")
        table.add_row(stage, line["unit"], *(number(count) if count else Text("·", style="dim") for count in counts), mark)
        before = line["stage"]
    return table
