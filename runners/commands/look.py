"""The commands that show what was made: a run's folder, a table, a shard, an archive or a page -> text."""

import sys
from typing import Annotated

import typer

from lamella.runners.exit_codes import FAILED, PAST_LIMIT, Stop


def report(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of a run.")],
    unsafe_hashes: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The run's fetch.unsafe_hashes, if it had one; without it no picture is shown.",
        ),
    ] = None,
) -> None:
    """Builds report.json and report.html again from the tables of a run."""
    print_report(write_report(folder, unsafe_hashes), folder)


def verify(folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of a run.")]) -> None:
    """Checks manifests, checksums and sums, and decodes every sample; prints one line for each fault."""
    from lamella.pipeline.run_file import check_run_folder
    from lamella.reporting.verify import verify as verify_run

    check_run_folder(folder)
    faults = 0
    for fault in verify_run(folder):
        print(fault)
        faults += 1
    if faults:
        found = f"{faults} {'fault' if faults == 1 else 'faults'} in {folder}"
        raise Stop(FAILED, f"{found}; `lamella run ... --deep` makes again what is not whole")
    from lamella.pipeline.run import contents_hash

    print(f"{folder}: sound, contents {contents_hash(folder)}")


def inspect(
    path: Annotated[str, typer.Argument(help="A run, a table, a shard or an archive.")],
    limit: Annotated[int, typer.Option(min=1, help="How many records to show.")] = 5,
) -> None:
    """Shows what a run, a table, a shard or an archive holds."""
    from rich.console import Console

    from lamella.reporting.inspect import inspect as look
    from lamella.schemas.errors import ConfigError

    try:
        look(path, limit, Console())
    except ValueError as error:
        raise ConfigError(str(error)) from None


def extract(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="HTML, or JSON lines of {url, html}.")] = "-",
    overrides: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Overrides of extract.*.")] = None,
    url: Annotated[str, typer.Option(help="Where the HTML came from, for the relative URLs in it.")] = "",
) -> None:
    """Extracts pages: reads HTML or JSON lines, prints one JSON line for each page, in order."""
    from lamella.pipeline.config.resolution import resolve
    from lamella.schemas.errors import ConfigError
    from lamella.transforms.extract.lines import extract_lines

    config = resolve("m3w", [f"extract.{word.removeprefix('extract.')}" for word in overrides or ()]).extract
    try:
        stream = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    with stream:
        for line in extract_lines(stream, config, url):
            print(line, flush=file == "-")


def write_report(folder: str, unsafe_hashes: str | None) -> dict:
    from lamella.reporting import report

    return report.write_report(folder, unsafe_hashes)


def print_report(report, folder: str, ended: str = "") -> None:
    """Prints what the run came to. Past a limit the code says so: the tables stand, but somebody should look."""
    from rich.console import Console

    from lamella.reporting.report_text import past_limits
    from lamella.reporting.report_text import print_report as show

    show(report, Console())
    over = [ended] * bool(ended) + past_limits(report)
    if over:
        raise Stop(PAST_LIMIT, over[0] if len(over) == 1 else f"{over[0]} (and {len(over) - 1} more)")
