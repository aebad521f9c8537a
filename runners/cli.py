"""The command line: words in, an exit code out: 0 done, 2 wrong configuration, 3 rejections passed a limit, 4 the run failed.

Beam, torch and pyarrow are imported by the commands that need them, so that `--help` answers at once.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lamella.runners.explain import rules, why
from lamella.runners.progress import quiet_beam
from lamella.runners.training import evaluate, generate, train_app

app = typer.Typer(
    name="lamella",
    help="From web archives to training data for Flamingo-style models, and the trainer that eats it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(train_app, name="train")

DONE, WRONG_CONFIG, PAST_LIMIT, FAILED = 0, 2, 3, 4


class _Stop(Exception):
    """Ends the command with a code and, where it says something, one line."""

    def __init__(self, code: int, line: str = ""):
        super().__init__(line)
        self.code, self.line = code, line


def main() -> None:
    """The console script. Whatever goes wrong is one line and an exit code; LAMELLA_DEBUG=1 shows the traceback."""
    words, beam_flags = _split(sys.argv[1:])
    if "--verbose" not in words:
        quiet_beam()
    try:
        app(words, standalone_mode=False, obj=beam_flags)
        code = DONE
    except _Stop as stop:
        code = _say_error(stop.line, stop.code)
    except (KeyboardInterrupt, typer.Abort):
        code = _say_error("stopped; run the same command again to go on from here", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone: nothing more to say
        code = DONE
    except Exception as error:
        if os.environ.get("LAMELLA_DEBUG"):
            raise
        code = _say_error(_last_line(error), _code_of(error))
    sys.stdout.flush()
    sys.exit(code)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """What stands after `--` goes to Beam."""
    if "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, []


def _say_error(line: str, code: int) -> int:
    if line:
        print(f"lamella: {line}", file=sys.stderr)
    return code


def _code_of(error: Exception) -> int:
    usage = hasattr(error, "format_message")  # of the command line's parser, which typer carries within itself
    return WRONG_CONFIG if usage or getattr(error, "wrong_configuration", False) else FAILED


def _last_line(error: Exception) -> str:
    """The error in one line; where a worker sent a whole traceback, the line that says what happened."""
    if hasattr(error, "format_message"):
        return error.format_message()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    if "Traceback" in str(error):
        return [line for line in lines if not line.startswith(("File ", "Traceback", "^"))][-1].removeprefix("RuntimeError: ")
    known = isinstance(error, RuntimeError | ValueError)  # their text says it all; of others the type is half of it
    return lines[0] if known and lines[0] else f"{type(error).__name__}: {lines[0]}".rstrip(": ")


@app.command()
def sample(
    out_dir: Annotated[Path, typer.Argument(help="Folder for the archives and the ledger.")],
    pages: Annotated[int, typer.Option(min=1, help="How many pages the web has.")] = 150,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    exam: Annotated[
        int, typer.Option(min=0, help="Also writes OUT_DIR/exam: so many questions a task on unseen pictures.")
    ] = 0,
) -> None:
    """Writes a small web of our own as WARC files, with a ledger that states what is true of it."""
    from lamella.runners.progress import Counter
    from lamella.sample.exam import write_exam
    from lamella.sample.web import write_sample

    with Counter("pages", pages) as counter:
        summary = write_sample(out_dir, pages=pages, seed=seed, progress=counter.update)
    written = f"{summary.records} records in {summary.files} archives, {summary.bytes / 1e6:.1f} MB"
    print(f"{out_dir}: {summary.pages} pages, {written}; ledger.jsonl says what is true")
    if exam:
        asked = write_exam(out_dir / "exam", seed, exam)
        print(f"{asked.folder}: {len(asked.tasks)} tasks, {asked.images} pictures that no page shows, questions.jsonl")


@app.command()
def run(
    context: typer.Context,
    recipe: Annotated[str, typer.Option(help="demo, m3w, obelics or laion.")],
    input: Annotated[list[str], typer.Option(help="Glob of web archives, local or remote; may be given again.")],
    output: Annotated[str, typer.Option(help="Folder of the run, local or remote.")],
    words: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]... [-- BEAM FLAGS]", help="Overrides.")] = None,
    config: Annotated[str | None, typer.Option(help="YAML file laid over the recipe.")] = None,
    runner: Annotated[str, typer.Option(help="local, spark, flink or dataflow.")] = "local",
    processes: Annotated[int, typer.Option(min=1, help="Worker processes of a local run.")] = 1,
    report: Annotated[bool, typer.Option(help="Whether to write report.json and report.html.")] = True,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what Beam says.")] = False,
) -> None:
    """Runs the four jobs on web archives; a second run does only what changed."""
    from lamella.pipeline.overlay import resolve
    from lamella.pipeline.preflight import check_models, find_archives, own_folder
    from lamella.runners.progress import Progress

    settings = resolve(recipe, words or (), config)
    archives = find_archives(input)
    execute = _executor(runner, processes, context.obj, verbose)
    if runner == "local":
        check_models(settings)
    with own_folder(output), Progress() as progress:
        from lamella.pipeline.run import run as run_all

        wave = settings.run.archives_per_wave or (processes if runner == "local" else None)
        run_all(settings, archives, output, progress.watch(execute), progress.say, wave)
        if not report:
            return
        progress.say("report: writes")
        written = _write_report(output)
    _print_report(written, output)


def _executor(runner: str, processes: int, flags: list[str], verbose: bool):
    from importlib import import_module

    from lamella.pipeline.overlay import ConfigError

    if runner == "local":
        from lamella.runners.local import local_execute

        return local_execute(processes, flags, quiet=not verbose)
    if runner not in ("spark", "flink", "dataflow"):
        raise ConfigError(f"--runner {runner}: no such runner; there are local, spark, flink and dataflow")
    return getattr(import_module(f"lamella.runners.{runner}"), f"{runner}_execute")(flags)


def _write_report(folder: str):
    from lamella.pipeline.report import write_report

    return write_report(folder)


def _print_report(report, folder: str) -> None:
    """Prints what the run came to. Past a limit the code says so: the tables stand, but somebody should look."""
    from rich.console import Console

    from lamella.pipeline.report import past_limits, print_report

    print_report(report, Console())
    over = past_limits(report)
    if over:
        raise _Stop(PAST_LIMIT, over[0] if len(over) == 1 else f"{over[0]} (and {len(over) - 1} more)")


@app.command()
def report(folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of a run.")]) -> None:
    """Rebuilds report.json and report.html from the tables of a run."""
    _run_folder(folder)
    _print_report(_write_report(folder), folder)


@app.command()
def verify(folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder of a run.")]) -> None:
    """Checks manifests, checksums and conservation, and decodes every sample; one line a fault."""
    from lamella.pipeline.verify import verify as verify_run

    _run_folder(folder)
    faults = 0
    for fault in verify_run(folder):
        print(fault)
        faults += 1
    if faults:
        raise _Stop(FAILED, f"{faults} faults in {folder}")
    from lamella.pipeline.run import contents_hash

    print(f"{folder}: sound, contents {contents_hash(folder)}")


def _run_folder(folder: str) -> None:
    from lamella.pipeline.overlay import ConfigError
    from lamella.transforms.files import exists, join

    if not exists(join(folder, "run.json")):
        raise ConfigError(f"{folder}: not the folder of a run (no run.json)")


@app.command()
def inspect(
    path: Annotated[str, typer.Argument(help="A table, a shard or an archive.")],
    limit: Annotated[int, typer.Option(min=1, help="How many records to show.")] = 5,
) -> None:
    """Looks into a table, a shard or an archive."""
    from rich.console import Console

    from lamella.pipeline.inspect import inspect as look
    from lamella.pipeline.overlay import ConfigError

    try:
        look(path, limit, Console())
    except ValueError as error:
        raise ConfigError(str(error)) from None


@app.command()
def extract(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="HTML, or JSON lines of {url, html}.")] = "-",
    words: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Overrides of extract.*.")] = None,
    url: Annotated[str, typer.Option(help="Where the HTML came from, for the relative URLs in it.")] = "",
) -> None:
    """Extracts pages: HTML or JSON lines in; one JSON line a page out, in order."""
    from lamella.pipeline.overlay import ConfigError, resolve
    from lamella.transforms.extract.lines import extract_lines

    config = resolve("m3w", [f"extract.{word.removeprefix('extract.')}" for word in words or ()]).extract
    try:
        stream = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    with stream:
        for line in extract_lines(stream, config, url):
            print(line, flush=file == "-")


app.command()(rules)
app.command()(why)
app.command()(evaluate)
app.command()(generate)


if __name__ == "__main__":
    main()
