"""A pipeline's content -> its run on this machine, in one process or in several; no service, no download."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from lamella.pipeline.graph import PAIRS
from lamella.runners.forks import ForkServer
from lamella.runners.local_runner import LocalRunner
from lamella.runners.worker_pool import ForkedEnvironment

_TRIES = 3  # of a job whose worker processes end
# The job whose workers run models. What models are made of is imported beside the work of the first job's workers, which leaves
# a core idle while the other reads on, or waits for a costly page; where this job is the first, while the pipeline is built.
_WITH_MODELS = PAIRS.name


def local_execute(
    processes: int,
    flags: Sequence[str] = (),
    quiet: bool = True,
    say: Callable[[str], None] = lambda line: None,
    *,
    models: Sequence[str] = (),
    server: ForkServer | None = None,
) -> Callable:
    """An `execute(label, build)` that runs in this process, or in `processes` worker processes where there are several.

    Where a worker process ends, the job is tried again, with `say` saying so; RuntimeError at the third time.
    `quiet` keeps what workers narrate from standard error; what ends a run is raised all the same. `models`: modules
    that the run's models are made of. `server` forks the workers; one is started where None is given.

    Beam's DirectRunner looks for a binary to download first; the runner beneath it does all that is needed here.
    """
    if processes == 1:
        return lambda label, build: _run(LocalRunner(), [f"--job_name={label}", *flags], build)
    forks, first = server or ForkServer(quiet), [True]

    def execute(label: str, build: Callable[[beam.Pipeline], object]) -> None:
        for attempt in range(1, _TRIES + 1):
            forks.losses.clear()
            forks.relaunch_if_gone()
            if first or label == _WITH_MODELS:
                forks.prepare(models, behind=0 if label == _WITH_MODELS else processes)
                first.clear()
            runner = LocalRunner(default_environment=ForkedEnvironment(forks.name))
            try:
                with _threads_are_silent() if quiet else contextlib.nullcontext():
                    _run(runner, [f"--job_name={label}", f"--direct_num_workers={processes}", *flags], build)
                return
            except Exception:
                if not forks.losses:
                    raise
                if attempt == _TRIES:
                    raise RuntimeError(
                        f"{label}: a worker process ended in each of {_TRIES} tries: {forks.losses[0]}"
                    ) from None
                say(f"{label}: a worker process ended ({forks.losses[0]}); try {attempt + 1} of {_TRIES}")

    return execute


def _run(runner: LocalRunner, options: Sequence[str], build: Callable[[beam.Pipeline], object]) -> None:
    with beam.Pipeline(runner=runner, options=PipelineOptions(list(options))) as pipeline:
        build(pipeline)


@contextlib.contextmanager
def _threads_are_silent() -> Iterator[None]:
    """Where a worker ends, the threads that spoke with it print their tracebacks. What there is to say is raised."""
    kept, threading.excepthook = threading.excepthook, lambda _: None
    try:
        yield
    finally:
        threading.excepthook = kept
