"""Cluster runs: Beam flags in, an `execute` for Spark, Flink or Dataflow out; a flag that is missing is asked for by name."""

from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from lamella.pipeline.overlay import ConfigError


def cluster_execute(name: str, own: Sequence[str], needed: dict[str, str], flags: Sequence[str]) -> Callable:
    """An `execute(label, build)` with the runner's own flags first and the user's over them.

    `needed` maps a flag to what it is for; one that is missing raises ConfigError before anything runs.
    """
    given = {flag.split("=", 1)[0] for flag in flags}
    for flag, purpose in needed.items():
        if flag not in given:
            raise ConfigError(f"--runner {name}: needs {flag}=... after --: {purpose}")
    kept = [flag for flag in own if flag.split("=", 1)[0] not in given]

    def execute(label: str, build: Callable[[beam.Pipeline], object]) -> None:
        options = PipelineOptions([*kept, f"--job_name=lamella-{label}", *flags])
        with beam.Pipeline(options=options) as pipeline:
            build(pipeline)

    return execute
