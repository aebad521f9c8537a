"""Settings, archives and a folder -> a whole run, and what it came to. `lamella run` and `lamella.run` share it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lamella.schemas.errors import ConfigError

if TYPE_CHECKING:
    from lamella.runners.forks import ForkServer
    from lamella.schemas.config import Config

LOCAL, SPARK, PORTABLE = "local", "spark", "portable"
Watch = Callable[..., Callable]  # `execute`, and what tells of its progress -> the same `execute`, watched
RUNNERS = (LOCAL, "direct", SPARK, PORTABLE, "prism", "flink", "dataflow")  # direct: Beam's name for a local run


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Who executes the jobs.

    Args:
        runner: one of RUNNERS.
        processes: worker processes of a local run.
        master: of Spark.
        job_endpoint: of a service that speaks Beam's portable protocol, HOST:PORT.
        py_env: an archive of the Python environment for Spark's workers.
        flags: for Beam, in the form of its command line; for Spark, KEY=VALUE.
        quiet: whether what workers narrate is kept from standard error.
        dry: nothing will be executed, and what execution would need is not asked for.
        server: forks the workers of a local run; where None is given, one is started when they are needed.
    """

    runner: str = LOCAL
    processes: int = 1
    master: str = ""
    job_endpoint: str = ""
    py_env: str = ""
    flags: tuple[str, ...] = ()
    quiet: bool = True
    dry: bool = False
    server: "ForkServer | None" = None

    @property
    def is_local(self) -> bool:
        return self.runner in (LOCAL, "direct")

    def warmed(self) -> "Engine":
        """With the process that forks a local run's workers, where it has several: its imports run beside the caller's."""
        if not self.is_local or self.processes == 1:
            return self
        from lamella.runners.forks import ForkServer

        return replace(self, server=ForkServer(self.quiet))

    def check(self) -> None:
        """Raises ConfigError for an unknown runner, and for an option of another runner."""
        if self.runner not in RUNNERS:
            raise ConfigError(f"--runner {self.runner}: no such runner; there are {', '.join(RUNNERS[:-1])} and {RUNNERS[-1]}")
        of = {
            "--master": (self.master, SPARK),
            "--py-env": (self.py_env, SPARK),
            "--job-endpoint": (self.job_endpoint, PORTABLE),
        }
        for option, (value, runner) in of.items():
            if value and self.runner != runner:
                raise ConfigError(f"{option} {value}: is for --runner {runner}, and this is --runner {self.runner}")


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

    def describe(self, out: str, flags: Sequence[str]) -> Iterator[str]:
        """Writes what an engine would be handed of each job to the folder `out`, and says so, a line each."""
        from lamella.runners.protos import write_protos

        return write_protos(self.settings, self.archives, self.output, out, flags=flags)

    def carry_out(
        self,
        say: Callable[[str], None],
        watch: Watch | None = None,
        *,
        report: bool = True,
        replace: bool = False,
        deep: bool = False,
    ) -> RunResult:
        """Runs the jobs whose tables do not stand. `watch` wraps their `execute`, as `Progress.watch` does."""
        from lamella.pipeline.bundled import warn_of_archives
        from lamella.pipeline.curation import memory_of
        from lamella.pipeline.folder_lock import own_folder
        from lamella.pipeline.preflight import load_models
        from lamella.pipeline.run import run
        from lamella.reporting.report import write_report
        from lamella.runners.gained import Gained
        from lamella.runners.local_memory import warn_of_memory

        if self.processes is not None:
            load_models(self.settings)
            if warning := warn_of_memory(total_size(self.archives), self.processes):
                say(warning)
        with own_folder(self.output, say), closing(self.execute):
            if warning := warn_of_archives(self.archives, self.settings):
                say(warning)
            memory = memory_of(self.settings, self.output)
            execute = watch(self.execute, partial(Gained, memory.root)) if watch else self.execute
            ended = run(
                self.settings,
                self.archives,
                self.output,
                execute,
                say=say,
                processes=self.processes,
                replace=replace,
                deep=deep,
            )
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
    engine: Engine = Engine(),
) -> Launch:
    """Finds all that a run needs before anything is written.

    Args:
        inputs: globs, folders or files, local or remote.

    Raises:
        ConfigError: an input, an output, a runner, a device or a model that cannot be had.
    """
    from lamella.pipeline.preflight import check_devices, file_system, find_archives, model_imports, reach_models

    engine.check()
    archives = find_archives(inputs)
    file_system("--output", output)
    execute = _never if engine.dry else executor(engine, archives, say, model_imports(settings))
    if engine.is_local:
        check_devices(settings)
    return Launch(
        settings=settings,
        archives=archives,
        output=output,
        execute=execute,
        models=reach_models(settings),
        processes=engine.processes if engine.is_local else None,
    )


def executor(engine: Engine, archives: Sequence[str], say: Callable[[str], None], models: Sequence[str] = ()) -> Callable:
    """The `execute(label, build)` of a runner. Raises ConfigError for what this machine does not have of it.

    Args:
        models: modules that the run's models are made of, which workers share where they can.
    """
    from lamella.runners.beam_memo import remember

    remember()
    if engine.is_local:
        from lamella.runners.local import local_execute

        return local_execute(engine.processes, engine.flags, quiet=engine.quiet, say=say, models=models, server=engine.server)
    if engine.runner == SPARK:
        from lamella.runners.spark.session import SparkSettings, spark_execute

        settings = SparkSettings(
            master=engine.master, conf=tuple(engine.flags), environment=engine.py_env, models=tuple(models)
        )
        return spark_execute(settings, partial(total_size, archives), say=say)
    if engine.runner == PORTABLE:
        from lamella.runners.portable import portable_execute

        return portable_execute(engine.job_endpoint, engine.flags)
    return getattr(import_module(f"lamella.runners.{engine.runner}"), f"{engine.runner}_execute")(engine.flags)


def _never(label: str, build: Callable) -> None:
    raise AssertionError("nothing is executed")


def total_size(paths: Sequence[str]) -> int:
    """Total bytes of files that may be remote and many: they are asked for in parallel."""
    from lamella.transforms.base.files import sizes_of

    return sum(sizes_of(paths).values())


@contextmanager
def closing(execute: Callable) -> Iterator[None]:
    """Ends what a runner has started beside this process, where it has."""
    try:
        yield
    finally:
        if close := getattr(execute, "close", None):
            close()
