"""A master's address -> an `execute(label, build)` on that Spark. The first job starts Spark."""

import contextlib
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from lamella.runners.spark.daemon import MODELS_VARIABLE
from lamella.schemas.errors import ConfigError
from lamella.schemas.printable import printable

if TYPE_CHECKING:
    from pyspark import SparkContext

MASTERS = "spark://HOST:PORT, yarn, k8s://ADDRESS, local[N]"
PARTITION_BYTES = 64 << 20  # of the archives, a partition: as many as a local process reads before it writes
MAX_PARTITIONS = 20_000  # tasks that a driver keeps track of: Spark's own guides go no higher
_ANSWER_S = 5.0  # for a master to answer before anything is started
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkSettings:
    """Where to run.

    Args:
        master: as Spark names it; "" takes the Spark that this process has already.
        conf: of Spark, as KEY=VALUE; over what is set here.
        environment: an archive of a Python environment with lamella in it, as venv-pack or conda-pack make it; "" where
            lamella is installed on every worker.
        models: modules that the run's models are made of: workers are forked from a process that has imported them.
    """

    master: str
    conf: tuple[str, ...] = ()
    environment: str = ""
    models: tuple[str, ...] = ()


def check(settings: SparkSettings) -> None:
    """Raises ConfigError for what would fail later: PySpark, Java, the master's address, a setting of no known form."""
    master = settings.master
    if not master and not active_context():
        raise ConfigError(f"--runner spark: needs --master, one of {MASTERS}")
    if master and not master.startswith(("spark://", "k8s://", "local")) and master != "yarn":
        raise ConfigError(f"--master {printable(master)}: not one of {MASTERS}")
    for word in settings.conf:
        if "=" not in word:
            raise ConfigError(f"{printable(word)}: words after -- are for Spark, as KEY=VALUE")
    version = pyspark_version()
    if version is None:
        raise ConfigError("--runner spark: PySpark is not installed: pip install 'lamella[spark]'")
    if tuple(map(int, version.split(".")[:2])) < (3, 5):
        raise ConfigError(f"--runner spark: PySpark {version} is older than 3.5: pip install 'lamella[spark]'")
    if master and not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise ConfigError("--runner spark: no `java` on this machine's PATH and no JAVA_HOME; install a JRE, 11 or 17")
    if settings.environment and not Path(settings.environment).exists():
        raise ConfigError(f"--py-env {printable(settings.environment)}: no such file")
    if master.startswith("spark://"):
        _check_answers(master)


def active_context() -> "SparkContext | None":
    """The Spark that this process has already, as a notebook has: it is used where no master is given, and not ended."""
    if "pyspark" not in sys.modules:
        return None
    from pyspark import SparkContext

    return SparkContext._active_spark_context


def pyspark_version() -> str | None:
    """Of the PySpark that is installed; a cluster's own, such as EMR's, says so too."""
    if find_spec("pyspark") is None:
        return None
    from pyspark import __version__

    return __version__


def _check_answers(master: str) -> None:
    """Of several masters, as `spark://one:7077,two:7077` names them, one must answer."""
    errors = []
    for address in master.removeprefix("spark://").split(","):
        try:
            place = urlsplit(f"spark://{address}")
            with socket.create_connection((place.hostname or "", place.port or 7077), timeout=_ANSWER_S):
                return
        except (OSError, ValueError) as error:
            errors.append(getattr(error, "strerror", None) or str(error))
    raise ConfigError(f"--master {printable(master)}: does not answer: {errors[0]}")


@dataclass(slots=True)
class SparkExecute:
    """`execute(label, build)`, and `close()`, which ends what was started.

    Args:
        input_bytes: gives the size of what the run reads, from which follows how many partitions there are.
        say: one line of progress.
    """

    settings: SparkSettings
    input_bytes: Callable[[], int]
    say: Callable[[str], None]
    _context: "SparkContext | None" = field(default=None, init=False)
    _partitions: int = field(default=0, init=False)

    def __call__(self, label: str, build: Callable[[beam.Pipeline], object]) -> None:
        from lamella.runners.spark.failure import one_line
        from lamella.runners.spark.progress import Watch
        from lamella.runners.spark.runner import SparkRunner

        context = self._started()
        watch = Watch(context, label, self.say)
        with one_line(label):
            runner = SparkRunner(context, self._partitions, watch)
            with beam.Pipeline(runner=runner, options=PipelineOptions([f"--job_name=lamella-{label}"])) as pipeline:
                build(pipeline)

    def tasks(self, label: str) -> tuple[int, int]:
        """Of a job that runs: tasks that are done, and all that Spark knows of."""
        from lamella.runners.spark.progress import tasks_of

        return tasks_of(self._context, label) if self._context else (0, 0)

    def close(self) -> None:
        if self._context is not None and self.settings.master:
            self._context.stop()
        self._context = None

    def _started(self) -> "SparkContext":
        if self._context is None:
            context = start(self.settings) if self.settings.master else active_context()
            if context is None:
                raise ConfigError("--runner spark: no --master, and the Spark that this process had is gone")
            self._context, size = context, self.input_bytes()
            self._partitions = partitions_for(size, context.defaultParallelism)
            shown = context.uiWebUrl or "without a page of its own"
            self.say(f"spark: {context.master}, driver {shown}, {size / 1e6:.0f} MB in {self._partitions} partitions")
        return self._context


def partitions_for(size: int, cores: int) -> int:
    """So many that a partition is small, and that no core is idle."""
    return min(max(-(-size // PARTITION_BYTES), cores, 1), MAX_PARTITIONS)


def start(settings: SparkSettings) -> "SparkContext":
    """Raises RuntimeError, in one line, where Spark does not start."""
    from pyspark import SparkContext

    from lamella.runners.spark.failure import one_line

    # PySpark reads these from the environment alone.
    os.environ.setdefault("PYSPARK_PYTHON", "./environment/bin/python" if settings.environment else sys.executable)
    if _is_loopback(settings.master):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    with one_line("spark"), _own_signals():
        context = SparkContext(conf=_conf(settings))
    return context


def _conf(settings: SparkSettings) -> Any:
    from pyspark import SparkConf

    own = {
        "spark.app.name": "lamella",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}",
        "spark.ui.showConsoleProgress": "false",
        "spark.python.daemon.module": "lamella.runners.spark.daemon",
        "spark.executorEnv.PYTHONHASHSEED": "0",
        f"spark.executorEnv.{MODELS_VARIABLE}": ",".join(settings.models),
    }
    if _is_loopback(settings.master):
        own |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if settings.environment:
        own["spark.archives"] = f"{settings.environment}#environment"
    given = dict(word.split("=", 1) for word in settings.conf)
    conf = SparkConf().setMaster(settings.master)
    for key, value in (own | given).items():
        conf.set(key, value)
    return conf


def _is_loopback(master: str) -> bool:
    return master.startswith("local") or urlsplit(master).hostname in _LOOPBACK


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """PySpark puts a handler of its own over SIGINT. Ours ends this process, and Spark's part of it ends with it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def spark_execute(settings: SparkSettings, input_bytes: Callable[[], int], *, say: Callable[[str], None]) -> SparkExecute:
    """Raises ConfigError for what this machine, or the address, does not have."""
    check(settings)
    return SparkExecute(settings, input_bytes, say)
