"""Beam flags -> an `execute` for a cluster such as Flink or Dataflow. A missing flag is named, with its use."""

import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from lamella.schemas.errors import ConfigError

_ENDPOINT = "--job_endpoint"


def check_parts(name: str, given: set[str]) -> None:
    """Raises ConfigError for what a runner starts on this machine and this machine lacks: said now, not by its first job."""
    submits = {_ENDPOINT, f"--{name}_submit_uber_jar"} & given
    if name == "flink" and not submits and not shutil.which("java"):
        raise ConfigError(
            f"--runner {name}: no `java` on this machine's PATH, which starts Beam's job server; install a JRE, "
            f"or give {_ENDPOINT}=HOST:PORT of a job server that runs"
        )
    if name == "dataflow" and find_spec("apitools") is None:
        raise ConfigError("--runner dataflow: Beam's part for Google Cloud is not installed: pip install 'lamella[dataflow]'")


def cluster_execute(name: str, own: Sequence[str], needed: dict[str, str], flags: Sequence[str]) -> Callable:
    """An `execute(label, build)` with the runner's own flags first and the user's over them.

    `needed` maps a flag to what it is for; one that is missing raises ConfigError before anything runs.
    """
    given = {flag.split("=", 1)[0] for flag in flags}
    for flag, purpose in needed.items():
        if flag not in given:
            raise ConfigError(f"--runner {name}: needs {flag}=... after --: {purpose}")
    check_parts(name, given)
    kept = [flag for flag in own if flag.split("=", 1)[0] not in given]

    def execute(label: str, build: Callable[[beam.Pipeline], object]) -> None:
        options = PipelineOptions([*kept, f"--job_name=lamella-{label}", *flags])
        with beam.Pipeline(options=options) as pipeline:
            build(pipeline)

    return execute
