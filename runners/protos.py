"""A config, archives and a run's folder -> one file for each job: Beam's portable description. Nothing is run.

The description is what an engine would get, to be looked at or submitted by other means. No service is asked, and no
credentials are needed.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.pipeline_utils import group_by_key_input_visitor
from apache_beam.transforms.environments import DockerEnvironment

from lamella.pipeline.context import RunContext
from lamella.pipeline.graph import JOBS
from lamella.pipeline.jobs import run_job
from lamella.schemas.config import Config
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable

_IMAGE = "--sdk_container_image"


def write_protos(c: Config, archives: tuple[str, ...], folder: str, out: str, *, flags: Sequence[str]) -> Iterator[str]:
    """Writes `OUT/JOB.pb`, a serialized `beam_runner_api_pb2.Pipeline`, for each job whose inputs stand; a line each.

    Args:
        folder: of the run; it is read, and nothing is written to it.
        flags: of Beam; `--sdk_container_image` is the image that workers are made from.
    """
    image = next((flag.partition("=")[2] for flag in flags if flag.startswith(f"{_IMAGE}=")), "")
    made: dict[str, beam_runner_api_pb2.Pipeline] = {}
    context = RunContext(
        config=c, archives=archives, folder=folder, execute=partial(_describe, made, image), say=lambda line: None, dry=True
    )
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--protos {printable(out)}: {error.strerror}") from None
    for job in JOBS:
        made.clear()
        try:
            run_job(context, job)
        except FileNotFoundError as error:
            yield f"proto    {job}: {error}; it can be described once the job before has run"
            continue
        for label, proto in made.items():
            data = proto.SerializeToString(deterministic=True)
            (Path(out) / f"{label}.pb").write_bytes(data)
            yield f"proto    {out}/{label}.pb: {len(proto.components.transforms)} transforms, {len(data) / 1e3:.0f} kB"


def _describe(made: dict, image: str, label: str, build: Callable[[beam.Pipeline], object]) -> None:
    pipeline = beam.Pipeline(options=PipelineOptions([]))
    build(pipeline)
    pipeline.visit(group_by_key_input_visitor(True))  # as a runner does: keys get coders that are the same everywhere
    environment = DockerEnvironment.from_container_image(image or DockerEnvironment.default_docker_image())
    made[label] = pipeline.to_runner_api(default_environment=environment)
