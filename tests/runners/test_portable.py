"""Jobs by Beam's portable protocol: what is said before anything runs, and workers that a service asks for by a port."""

import os
import socket

import apache_beam as beam
import pytest
from process_tree import alive, wait_until

from lamella.runners.external import WorkerPool
from lamella.runners.portable import check_answers, portable_execute
from lamella.runners.prism import find_prism
from lamella.schemas.errors import ConfigError


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("host", "--job-endpoint host: not of the form HOST:PORT"),
        ("host:", "--job-endpoint host:: not of the form HOST:PORT"),
        (":8099", "--job-endpoint :8099: not of the form HOST:PORT"),
        ("127.0.0.1:1", "--job-endpoint 127.0.0.1:1: does not answer: Connection refused"),
        ("127.0.0.1:99999", "--job-endpoint 127.0.0.1:99999: does not answer: "),
    ],
)
def test_an_address_that_will_not_do_is_said_at_once(address, said):
    with pytest.raises(ConfigError) as raised:
        check_answers("--job-endpoint", address)
    assert str(raised.value).startswith(said)


def test_a_service_elsewhere_must_be_told_where_its_workers_find_lamella(monkeypatch):
    monkeypatch.setattr("lamella.runners.portable.check_answers", lambda option, address: "flink.example")
    with pytest.raises(ConfigError, match=r"^--runner portable: needs --environment_type=\.\.\. after --"):
        portable_execute("flink.example:8099", [])
    assert portable_execute("flink.example:8099", ["--environment_type=EXTERNAL"])


def test_where_prism_is_not_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMELLA_PRISM", str(tmp_path / "prism"))
    with pytest.raises(ConfigError, match=r"^--runner prism: no .*/prism; `make engines` builds it with Go, or LAMELLA_PRISM"):
        find_prism()


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"^--port {port}: cannot be listened on at 127\.0\.0\.1"):
            WorkerPool("127.0.0.1", port)


def test_beam_s_own_runner_runs_a_pipeline_in_the_workers_of_a_pool(tmp_path):
    """The pool forks a worker, which does what it is asked, and ends when the pipeline has ended."""
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.transforms.environments import ExternalEnvironment

    pool = WorkerPool("127.0.0.1", 0)
    try:
        runner = FnApiRunner(default_environment=ExternalEnvironment(pool.address))
        with beam.Pipeline(runner=runner, options=PipelineOptions([])) as pipeline:
            (
                pipeline
                | beam.Create([tmp_path / "told"], reshuffle=False)
                | beam.Map(lambda path: path.write_text(str(__import__("os").getpid())))
            )
    finally:
        pool.close()
    worker = int((tmp_path / "told").read_text())
    assert worker != os.getpid()
    wait_until(lambda: not alive({worker}))
