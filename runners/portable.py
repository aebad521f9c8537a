"""The address of a job service -> an `execute(label, build)` that gives it each job by Beam's portable protocol.

For Flink and Spark with Beam's own job servers, for Prism, and for any other service of the protocol.
"""

import socket
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable

ANSWER_S = 5.0  # for a service to answer before anything is submitted
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ENVIRONMENT = "--environment_type"


def portable_execute(endpoint: str, flags: Sequence[str]) -> Callable:
    """An `execute` with the user's Beam flags over ours.

    On this machine, functions run in this process where no flag says otherwise (Beam's LOOPBACK).

    Raises ConfigError where nobody answers, or where the service is elsewhere and nobody says where its workers find lamella.
    """
    if not endpoint:
        raise ConfigError("--runner portable: needs --job-endpoint HOST:PORT, of a job service")
    host = check_answers("--job-endpoint", endpoint)
    given = {flag.split("=", 1)[0] for flag in flags}
    own = ["--runner=PortableRunner", f"--job_endpoint={endpoint}"]
    if _ENVIRONMENT not in given:
        if host not in _LOOPBACK:
            raise ConfigError(
                f"--runner portable: needs {_ENVIRONMENT}=... after --: where workers find Python and lamella: EXTERNAL "
                "(with `lamella worker` on each), PROCESS or DOCKER"
            )
        own.append(f"{_ENVIRONMENT}=LOOPBACK")

    def execute(label: str, build: Callable[[beam.Pipeline], object]) -> None:
        options = PipelineOptions([*own, f"--job_name=lamella-{label}", *flags])
        with beam.Pipeline(options=options) as pipeline:
            build(pipeline)

    return execute


def check_answers(option: str, address: str) -> str:
    """The host of `HOST:PORT`. Raises ConfigError where that is no address, or nobody answers there."""
    host, colon, port = address.rpartition(":")
    if not host or not colon or not port.isdigit():
        raise ConfigError(f"{option} {printable(address)}: not of the form HOST:PORT")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S):
            return host
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"{option} {printable(address)}: does not answer: {getattr(error, 'strerror', None) or error}"
        ) from None
