"""Local runs: a pipeline's content in, executed here on one process or on several; no service, no download."""

from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner


def local_execute(processes: int, flags: Sequence[str] = ()) -> Callable:
    """An `execute(label, build)` that runs in this process, or in `processes` worker processes where there are several.

    Beam's DirectRunner looks for a binary to download first; the runner beneath it does all that is needed here.
    """
    mode = "multi_processing" if processes > 1 else "in_memory"
    own = [f"--direct_num_workers={processes}", f"--direct_running_mode={mode}"]

    def execute(label: str, build: Callable[[beam.Pipeline], object]) -> None:
        options = PipelineOptions([*own, f"--job_name={label}", *flags])
        with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
            build(pipeline)

    return execute
