"""`make test-engines`: the sample web through all four jobs, here, on a Spark cluster and on Prism; the bytes must be the same.

    python -m tests.engines.compare --pages 60 --kill extract,documents,media,pairs,shards

In each job that is named, a worker of Spark is killed with -9 while the job is at work, and another takes its place; and Ctrl-C
ends a command with all that it has on the cluster. Without a binary of Prism one line says that it was not run. Ends with 1
where contents differ, where a run is not sound, where a job ended before its worker could be killed, or where anything is left
of a command that was ended.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.folder_lock import own_folder
from lamella.pipeline.preflight import find_archives, model_imports
from lamella.pipeline.run import contents_hash, run
from lamella.reporting.verify import verify
from lamella.runners.launch import Engine, closing, executor
from lamella.runners.prism import find_prism
from lamella.runners.progress import Progress, quiet_beam
from lamella.sample.web import write_sample
from lamella.schemas.errors import ConfigError
from tests.engines.spark_cluster import SparkCluster

KILL_AT = 0.3  # of a job's tasks
_WAIT_S = 240.0  # for a process to start or to end, on a machine that is busy


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--kill", default="", help="jobs, with commas between them")
    parser.add_argument("overrides", nargs="*", help="KEY=VALUE")
    options = parser.parse_intermixed_args()
    quiet_beam()
    progress, kills = Progress(), [job for job in options.kill.split(",") if job]
    with tempfile.TemporaryDirectory(prefix="lamella-engines-") as name:
        folder = Path(name)
        write_sample(folder / "web", pages=options.pages, seed=0)
        local = run_engine(folder, "local", Engine(), options.overrides, progress.say)
        failures = on_prism(folder, local, options.overrides, progress.say)
        with SparkCluster(folder / "cluster") as cluster:
            killer = Killer(cluster, kills, progress.say)
            engine = Engine(runner="spark", master=cluster.master, flags=("spark.executor.memory=1g",))
            spark = run_engine(folder, "spark", engine, options.overrides, progress.say, killer.watch)
            failures += interrupted(folder, cluster, options.overrides, progress.say)
    failures += [f"{job}: ended before its worker could be killed" for job in kills if job not in killer.killed]
    if spark != local:
        failures.append(f"contents differ: local {local}, spark {spark}")
    for failure in failures:
        progress.say(failure)
    print("engines: failed" if failures else "engines: all contents are the same")
    return 1 if failures else 0


def on_prism(folder: Path, local: str, overrides: list[str], say: Callable[[str], None]) -> list[str]:
    """What is wrong with a run on Prism, whose contents must be `local`'s; nothing where there is no Prism to run."""
    try:
        find_prism()
    except ConfigError as error:
        say(f"prism: not run: {error}")
        return []
    contents = run_engine(folder, "prism", Engine(runner="prism"), overrides, say)
    return [] if contents == local else [f"contents differ: local {local}, prism {contents}"]


def run_engine(
    folder: Path,
    name: str,
    engine: Engine,
    overrides: list[str],
    say: Callable[[str], None],
    watch: Callable[[Callable], Callable] = lambda execute: execute,
) -> str:
    """A whole run, found sound; the hash of its contents."""
    start, archives, output = time.monotonic(), find_archives([str(folder / "web")]), str(folder / name)
    processes = engine.processes if engine.is_local else None
    config = resolve("demo", overrides)
    execute = executor(engine, archives, lambda line: say(f"{name}: {line}"), model_imports(config))
    with own_folder(output), closing(execute):
        run(
            config,
            archives,
            output,
            watch(execute),
            say=lambda line: say(f"{name}: {line}"),
            processes=processes,
        )
    if faults := list(verify(output)):
        raise RuntimeError(f"{name}: {faults[0]}")
    contents = contents_hash(output)
    say(f"{name}: contents {contents}, {time.monotonic() - start:.0f} s")
    return contents


def interrupted(folder: Path, cluster: SparkCluster, overrides: list[str], say: Callable[[str], None]) -> list[str]:
    """What is wrong where Ctrl-C meets a command while the cluster works for it: it ends, and so does all that it has there."""
    words = ["--recipe", "demo", "--input", str(folder / "web"), "--output", str(folder / "interrupted"), "--no-report"]
    spark = ["--runner", "spark", "--master", cluster.master, *overrides, "--", "spark.executor.memory=1g"]
    said = folder / "interrupted.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lamella", "run", *words, *spark], stdout=log, stderr=log, preexec_fn=_takes_ctrl_c
        )
    try:
        if not _wait(lambda: process.poll() is not None or _works(said, cluster)) or process.poll() is not None:
            return [f"Ctrl-C: the command ended before the cluster worked for it: {process.poll()}"]
        process.send_signal(signal.SIGINT)
        code = process.wait(_WAIT_S)
    finally:
        process.kill()
    say(f"spark: Ctrl-C: ended with {code}")
    failures = [] if code == 130 else [f"Ctrl-C: ended with {code}, not 130"]
    if not _wait(lambda: not cluster.works_for()):
        failures.append(f"Ctrl-C: the cluster still works for it: processes {cluster.works_for()}")
    return failures


def _works(said: Path, cluster: SparkCluster) -> bool:
    """Whether the cluster works for a command, by what it has said so far. What an earlier run had there may end after it."""
    return b"extract:" in said.read_bytes() and bool(cluster.works_for())


def _takes_ctrl_c() -> None:
    """Whoever starts this in the background has its children ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait(ready: Callable[[], object]) -> bool:
    """Whether it is so within a while."""
    end = time.monotonic() + _WAIT_S
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


class Killer:
    """Kills a worker in the midst of each job of some."""

    def __init__(self, cluster: SparkCluster, jobs: list[str], say: Callable[[str], None]):
        self._cluster, self._jobs, self._say = cluster, jobs, say
        self.killed: list[str] = []

    def watch(self, execute: Callable) -> Callable:
        """The same `execute`, whose jobs lose a worker. A job is known by its label."""

        def watched(label: str, build: Callable) -> None:
            ended = threading.Event()
            if label in self._jobs and label not in self.killed:
                threading.Thread(target=self._kill, args=(execute, label, ended), daemon=True).start()
            try:
                execute(label, build)
            finally:
                ended.set()

        return watched

    def _kill(self, execute: Callable, label: str, ended: threading.Event) -> None:
        while not ended.wait(0.05):
            done, total = execute.tasks(label)
            if done and done >= KILL_AT * total:
                name = self._cluster.kill_worker()
                self.killed.append(label)
                self._say(f"spark: {label}: {name} was killed when {done} of {total} tasks were done")
                self._cluster.add_worker()
                return


if __name__ == "__main__":
    sys.exit(main())
