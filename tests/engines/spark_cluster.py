"""A folder -> a standalone Spark cluster on this machine's loopback: a master and workers, each a process of its own.

What PySpark's package holds is enough. Everything ends with the `with` block, also where it is left by an error.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

_HOST = "127.0.0.1"
_START_S = 60.0  # for a process to listen, on a machine that is busy


class SparkCluster:
    """`with SparkCluster(folder, workers=2) as cluster: ... cluster.master ...`"""

    def __init__(self, folder: Path, workers: int = 2, memory: str = "2g"):
        self._folder, self._count, self._memory = folder, workers, memory
        self._processes: dict[str, subprocess.Popen] = {}
        self._started = 0
        self.master = f"spark://{_HOST}:{_free_port()}"

    def __enter__(self) -> "SparkCluster":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that the cluster ends too
        self._folder.mkdir(parents=True, exist_ok=True)
        port = self.master.rpartition(":")[2]
        try:
            self._start("master", "master.Master", "--port", port)
            self._wait_for_port(int(port))
            for _ in range(self._count):
                self.add_worker()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def add_worker(self) -> None:
        self._started += 1
        name = f"worker-{self._started}"
        self._start(
            name, "worker.Worker", "--cores", "1", "--memory", self._memory, "-d", str(self._folder / name), self.master
        )
        self._wait_for_line(name, "Successfully registered with master")

    def kill_worker(self) -> str:
        """SIGKILL to the oldest worker and to the executor that it started, with all they have written. Gives its name."""
        name = min((name for name in self._processes if name != "master"), key=lambda name: int(name.rpartition("-")[2]))
        self._end(name, signal.SIGKILL)
        return name

    def works_for(self) -> list[int]:
        """The processes that workers have started for an application: executors, and their Python."""
        workers = {process.pid for name, process in self._processes.items() if name != "master"}
        found = []
        for path in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                state, _, group = (path / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(group) in workers and int(path.name) not in workers and state != "Z":
                    found.append(int(path.name))
        return found

    def stop(self) -> None:
        for name in [*self._processes]:
            self._end(name, signal.SIGKILL)

    def _start(self, name: str, kind: str, *words: str) -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": _HOST, "SPARK_NO_DAEMONIZE": "1"}
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", "--host", _HOST, "--webui-port", "0"]
        with self._log(name).open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [*command, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def _end(self, name: str, number: int) -> None:
        process = self._processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)  # its executors are of its group
        process.wait()

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _wait_for_port(self, port: int) -> None:
        self._wait(lambda: _listens(port), f"the master does not listen; {self._log('master')}")

    def _wait_for_line(self, name: str, line: str) -> None:
        self._wait(lambda: line in self._log(name).read_text(errors="replace"), f"{name} does not register; {self._log(name)}")

    def _wait(self, ready, failure: str) -> None:
        end = time.monotonic() + _START_S
        while not ready():
            if time.monotonic() > end:
                raise RuntimeError(failure)
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((_HOST, 0))
        return found.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex((_HOST, port)) == 0
