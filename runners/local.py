"""Local runs: a pipeline's content in, executed here on one process or on several; no service, no download."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner


def local_execute(processes: int, flags: Sequence[str] = (), quiet: bool = True) -> Callable:
    """An `execute(label, build)` that runs in this process, or in `processes` worker processes where there are several.

    `quiet` keeps what workers narrate from standard error; what ends a run is raised all the same.

    Beam's DirectRunner looks for a binary to download first; the runner beneath it does all that is needed here.
    """
    mode = "multi_processing" if processes > 1 else "in_memory"
    own = [f"--direct_num_workers={processes}", f"--direct_running_mode={mode}"]

    def execute(label: str, build: Callable[[beam.Pipeline], object]) -> None:
        options = PipelineOptions([*own, f"--job_name={label}", *flags])
        silence = _workers_are_silent() if quiet and processes > 1 else contextlib.nullcontext()
        with silence, beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
            build(pipeline)

    return execute


@contextlib.contextmanager
def _workers_are_silent() -> Iterator[None]:
    """Worker processes inherit a standard error that goes nowhere; this process keeps its own."""
    sys.stderr.flush()
    kept, mine = os.dup(2), sys.stderr
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = open(kept, "w", buffering=1, closefd=False)  # noqa: SIM115 - closed below
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = mine
        os.dup2(kept, 2)
        os.close(kept)
