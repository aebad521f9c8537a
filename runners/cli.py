"""Arguments of the command line -> an exit code: 0 done, 2 wrong configuration, 3 rejections passed a limit, 4 failed.

Beam, torch and pyarrow are imported by the commands that need them, so that `--help` answers at once.
"""

import os
import sys
from typing import Annotated

import typer

from lamella.runners.commands.bootstrap import bootstrap
from lamella.runners.commands.cluster import doctor, worker
from lamella.runners.commands.curate import run, sample
from lamella.runners.commands.explain import rules, why
from lamella.runners.commands.look import extract, inspect, report, verify
from lamella.runners.commands.replay import replay
from lamella.runners.commands.show_config import config
from lamella.runners.commands.train import evaluate, generate, train_app
from lamella.runners.commands.what_if import what_if
from lamella.runners.exit_codes import DONE, FAILED, WRONG_CONFIG, Stop
from lamella.runners.progress import quiet_beam
from lamella.runners.signals import end_on_signals
from lamella.schemas.errors import LamellaError
from lamella.schemas.printable import printable

app = typer.Typer(
    name="lamella",
    help="From web archives to training data for Flamingo-style models, and the trainer that uses it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
MAKING, LOOKING = (
    (sample, run, bootstrap, replay, evaluate, generate),
    (config, rules, why, what_if, report, verify, inspect, extract, doctor),
)
for command in (*MAKING, *LOOKING, worker):
    app.command()(command)
app.add_typer(train_app, name="train")


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"lamella {version('lamella')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The console script. Whatever goes wrong is one line and an exit code; LAMELLA_DEBUG=1 shows the traceback."""
    arguments, beam_flags = _split(sys.argv[1:])
    if "--verbose" not in arguments:
        quiet_beam()
    try:
        # typer returns the code of an end of its own, such as 130; a command returns nothing.
        code = app(arguments or ["--help"], standalone_mode=False, obj=beam_flags, prog_name="lamella") or DONE
    except Stop as stop:
        code = _say_error(stop.line, stop.exit_code)
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


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands after `--` goes to Beam."""
    if "--" in arguments:
        at = arguments.index("--")
        return arguments[:at], arguments[at + 1 :]
    return arguments, []


def _say_error(line: str, code: int) -> int:
    if line:
        print(f"lamella: {' '.join(printable(line).split())}", file=sys.stderr)
    return code


def _code_of(error: Exception) -> int:
    if isinstance(error, LamellaError):
        return error.exit_code
    return WRONG_CONFIG if _said_of_words(error) or _missing_part(error) else FAILED


def _said_of_words(error: Exception) -> str:
    """What the parser of the command line says of a wrong word. typer has a parser of its own, whose errors are not click's."""
    format_message = getattr(error, "format_message", None)
    return format_message() if format_message else ""


def _missing_part(error: Exception) -> str:
    """For a path of any command on a file system whose package is not installed."""
    if not isinstance(error, ImportError | ValueError):
        return ""
    from lamella.pipeline.preflight import missing_part

    return missing_part(error)


def _last_line(error: Exception) -> str:
    """The error in one line; where a worker sent a whole traceback, the line that says what happened."""
    if said := _said_of_words(error):
        return said
    if part := _missing_part(error):
        return part
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    if "Traceback" in str(error):
        return [line for line in lines if not line.startswith(("File ", "Traceback", "^"))][-1].removeprefix("RuntimeError: ")
    known = isinstance(error, RuntimeError | ValueError)  # their text says it all; of others the type is half of it
    return lines[0] if known and lines[0] else f"{type(error).__name__}: {lines[0]}".rstrip(": ")


if __name__ == "__main__":
    end_on_signals()
    main()
