"""Settings, archives and a folder in; a whole run, and what it came to, out: what `lamella run` and `lamella.run` share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lamella.schemas.errors import ConfigError

if TYPE_CHECKING:
    from lamella.schemas.config import Config

LOCAL, CLUSTERS = "local", ("spark", "flink", "dataflow")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run came to: the folder of its tables, the report where one was asked for, and why it ended early."""

    folder: str
    report: dict[str, Any] = field(
        default_factory=dict
    )  # as report.json has it, and the page's "path"; {} where none was written
    ended: str = ""  # the rule that took the last record; "" where something was left to the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A run that may begin: its archives, its output and its models have been found."""

    settings: "Config"
    archives: tuple[str, ...]
    output: str
    execute: Callable
    models: Mapping[str, Any]  # key -> where its weights come from, as `reach_models` says
    processes: int | None  # of this machine; None: a cluster's, however many there are

    def plan(self) -> Iterator[str]:
        """What would be done, a line each. Changes nothing."""
        from lamella.reporting.dry_run import plan

        return plan(self.settings, self.archives, self.output, self.models)

    def carry_out(
        self,
        say: Callable[[str], None],
        watch: Callable[[Callable], Callable] = lambda execute: execute,
        *,
        report: bool = True,
        replace: bool = False,
        deep: bool = False,
    ) -> RunResult:
        """Runs the jobs whose tables do not stand. `watch` wraps the `execute` of each job; `pipeline.run` says the rest."""
        from lamella.pipeline.bundled import warn_of_archives
        from lamella.pipeline.preflight import load_models, own_folder
        from lamella.pipeline.run import run
        from lamella.reporting.report import write_report

        if self.processes is not None:
            load_models(self.settings)
        with own_folder(self.output):
            if warning := warn_of_archives(self.archives, self.settings):
                say(warning)
            execute = watch(self.execute)
            ended = run(self.settings, self.archives, self.output, execute, say, self.processes, replace=replace, deep=deep)
            if report:
                say("report: writes")
            written = write_report(self.output, self.settings.fetch.unsafe_hashes) if report else {}
        return RunResult(folder=self.output, report=written, ended=ended)


def prepare(
    settings: "Config",
    inputs: Sequence[str],
    output: str,
    say: Callable[[str], None],
    *,
    runner: str = LOCAL,
    processes: int = 1,
    flags: Sequence[str] = (),
    quiet: bool = True,
) -> Launch:
    """Finds all that a run needs before anything is written.

    Args:
        inputs: globs, folders or files, local or remote.
        flags: of Beam.
        quiet: whether what workers narrate is kept from standard error.

    Raises:
        ConfigError: an input, an output, a runner, a device or a model that cannot be had.
    """
    from lamella.pipeline.preflight import check_devices, file_system, find_archives, reach_models

    archives = find_archives(inputs)
    file_system("--output", output)
    execute = executor(runner, processes, flags, say, quiet=quiet)
    if runner == LOCAL:
        check_devices(settings)
    return Launch(
        settings=settings,
        archives=archives,
        output=output,
        execute=execute,
        models=reach_models(settings),
        processes=processes if runner == LOCAL else None,
    )


def executor(runner: str, processes: int, flags: Sequence[str], say: Callable[[str], None], *, quiet: bool) -> Callable:
    """The `execute(label, build)` of a runner. Raises ConfigError for one that there is not."""
    if runner == LOCAL:
        from lamella.runners.local import local_execute

        return local_execute(processes, flags, quiet=quiet, say=say)
    if runner not in CLUSTERS:
        raise ConfigError(
            f"--runner {runner}: no such runner; there are {LOCAL}, {', '.join(CLUSTERS[:-1])} and {CLUSTERS[-1]}"
        )
    return getattr(import_module(f"lamella.runners.{runner}"), f"{runner}_execute")(flags)
