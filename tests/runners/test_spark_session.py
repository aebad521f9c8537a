"""What is said before Spark is started, how many partitions there are, and what is made of what Spark says."""

import socket

import pytest

from lamella.runners.launch import Engine
from lamella.runners.spark.failure import said
from lamella.runners.spark.progress import progress_line
from lamella.runners.spark.session import MAX_PARTITIONS, PARTITION_BYTES, SparkSettings, check, partitions_for
from lamella.schemas.errors import ConfigError


@pytest.fixture
def installed(monkeypatch):
    """PySpark and Java, whether or not this machine has them: what is checked before and after them is the same."""
    monkeypatch.setattr("lamella.runners.spark.session.pyspark_version", lambda: "3.5.1")
    monkeypatch.setenv("JAVA_HOME", "/usr/lib/jvm/any")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"master": ""}, "--runner spark: needs --master, one of spark://"),
        ({"master": "mesos://host:5050"}, "--master mesos://host:5050: not one of spark://"),
        ({"master": "local[2]", "conf": ("--spark_version=3",)}, None),
        (
            {"master": "local[2]", "conf": ("spark.executor.memory",)},
            "spark.executor.memory: words after -- are for Spark",
        ),
        ({"master": "local[2]", "environment": "no.tar.gz"}, "--py-env no.tar.gz: no such file"),
        ({"master": "spark://127.0.0.1:1"}, "--master spark://127.0.0.1:1: does not answer: Connection refused"),
        ({"master": "spark://"}, "--master spark://: does not answer: "),
    ],
)
def test_what_would_fail_later_is_one_line_now(installed, settings, line):
    if line is None:
        check(SparkSettings(**settings))
        return
    with pytest.raises(ConfigError) as raised:
        check(SparkSettings(**settings))
    assert str(raised.value).startswith(line)


def test_of_several_masters_one_must_answer(installed):
    with socket.create_server(("127.0.0.1", 0)) as master:
        port = master.getsockname()[1]
        check(SparkSettings(master=f"spark://127.0.0.1:1,127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("version", "java", "line"),
    [
        (None, True, "--runner spark: PySpark is not installed: pip install 'lamella[spark]'"),
        ("3.4.2", True, "--runner spark: PySpark 3.4.2 is older than 3.5: "),
        ("3.5.0", False, "--runner spark: no `java` on this machine's PATH and no JAVA_HOME"),
    ],
)
def test_a_missing_part_says_what_to_install(monkeypatch, tmp_path, version, java, line):
    monkeypatch.setattr("lamella.runners.spark.session.pyspark_version", lambda: version)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if java:
        monkeypatch.setenv("JAVA_HOME", "/usr/lib/jvm/any")
    with pytest.raises(ConfigError) as raised:
        check(SparkSettings(master="local[2]"))
    assert str(raised.value).startswith(line)


@pytest.mark.parametrize(
    ("engine", "line"),
    [
        ({"runner": "ray"}, "--runner ray: no such runner; there are local, direct, spark"),
        ({"master": "local[2]"}, "--master local[2]: is for --runner spark, and this is --runner local"),
        ({"runner": "flink", "py_env": "a.tar.gz"}, "--py-env a.tar.gz: is for --runner spark, and this is --runner flink"),
    ],
)
def test_an_option_of_another_runner_is_said(engine, line):
    with pytest.raises(ConfigError) as raised:
        Engine(**engine).check()
    assert str(raised.value).startswith(line)


@pytest.mark.parametrize(
    ("size", "cores", "partitions"),
    [(0, 4, 4), (1, 0, 1), (10 * PARTITION_BYTES + 1, 4, 11), (90_000 << 30, 4000, MAX_PARTITIONS)],
)
def test_partitions_follow_from_the_size_of_the_input_and_no_core_is_idle(size, cores, partitions):
    assert partitions_for(size, cores) == partitions


JAVA = "org.apache.spark.SparkException: Job aborted due to stage failure: Task 3 in stage 7.0 failed 4 times"
PYTHON = """: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "worker.py", line 1247, in main
    process()
OSError: [Errno 28] No space left on device

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "bundle.py", line 90, in run
    raise output
RuntimeError: OSError: [Errno 28] No space left on device [while running 'Write']

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:572)
Driver stacktrace:
\tat org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2856)
"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (JAVA + PYTHON, "OSError: [Errno 28] No space left on device [while running 'Write']"),
        (f"{JAVA}\n\tat org.apache.spark.Thing", JAVA),
        (
            f"{JAVA}\nExecutorLostFailure (executor 4 exited caused by ...)\n",
            "ExecutorLostFailure (executor 4 exited caused by ...)",
        ),
        (
            f'{JAVA}: \nError from python worker:\n  Traceback (most recent call last):\n    File "<frozen runpy>"\n'
            "  ModuleNotFoundError: No module named 'lamella'\nPYTHONPATH was: /opt\n\tat org.apache.spark.Thing",
            "a worker's Python has no lamella: install lamella there, or send it with --py-env",
        ),
        ("", ""),
    ],
)
def test_of_what_spark_raises_the_line_that_tells(message, line):
    assert said(message) == line


def test_progress_says_how_far_a_job_is():
    line = progress_line("pairs", 10, 40, 30.0, stage="Score: 120 records in, 0.3 MB out")
    assert line == "pairs: 10 of 40 tasks, 25%, about 90 s to go; Score: 120 records in, 0.3 MB out"
    assert progress_line("pairs", 0, 0, 3.0, stage="") == "pairs: 0 of 0 tasks"
