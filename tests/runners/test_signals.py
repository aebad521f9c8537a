"""A signal at any moment of a real run: one line, the right code, and no process left behind."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from process_tree import alive, descendants, wait_until

from lamella.pipeline.graph import EXTRACT, GRAPH
from lamella.pipeline.run import contents_hash
from lamella.schemas.shards import MANIFEST
from tests.finished_run import CHEAP

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"), pytest.mark.timeout(900)]


@pytest.fixture
def web(sound):
    return sound.web


@pytest.fixture
def whole(sound):
    """A run that nobody disturbed."""
    return sound.folder


@pytest.fixture
def begun(whole, tmp_path):
    """Gives a run's folder in which all stands before the job that the moment names, so that it comes at once."""

    def begin(moment):
        job = moment.partition(":")[0]
        if job != EXTRACT:
            shutil.copytree(whole, tmp_path / "run")
            for folder in GRAPH[job].folders if job in GRAPH else ():
                (tmp_path / "run" / folder / MANIFEST).unlink()
        return tmp_path / "run"

    return begin


@pytest.fixture
def started_run(commands):
    """A run whose imports are made: its jobs are what the signal comes to."""

    def start(web, folder, *more):
        child = commands.command(*words(web, folder, *more))
        return Started(child, child.said)

    return start


def words(web, folder, *more):
    archives = ["--input", str(web / "*.warc.gz"), "--output", str(folder)]
    return ["run", "--recipe", "demo", *archives, *CHEAP, *more]


def launched(command, folder):
    """A program from its very start, in a session of its own, with the signals as a terminal's shell would leave them."""
    with (folder / "stderr").open("wb") as said:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True, preexec_fn=_signals_as_usual
        )
    return Started(process, folder / "stderr")


class Started:
    """A process that runs, and the file of its standard error."""

    def __init__(self, process, said):
        self.process, self._said = process, said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in alive(descendants(self.process.pid)):
            os.kill(process, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    @property
    def said(self):
        return self._said.read_text()

    def until(self, text):
        wait_until(lambda: text in self.said or self.process.poll() is not None)
        assert text in self.said
        return self

    def until_it_listens(self):
        """Its handlers stand; nothing else has been imported."""
        wait_until(lambda: _catches(self.process.pid, signal.SIGTERM))
        return self

    def end(self, number, group=False):
        """Sends the signal, waits for the end of all; gives (exit code, lines that are no progress)."""
        family = descendants(self.process.pid)
        (os.killpg if group else os.kill)(self.process.pid, number)
        code = self.process.wait()
        wait_until(lambda: not alive(family))
        return code, [line for line in self.said.splitlines() if "s  " not in line]


def _signals_as_usual():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _catches(process, number):
    caught = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return int(caught.split()[1], 16) >> (number - 1) & 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", ["run", "sample", "extract"])
def test_a_signal_during_the_imports(web, tmp_path, command, number, code):
    command = words(web, tmp_path / "run") if command == "run" else [command]
    with launched([sys.executable, "-m", "lamella", *command], tmp_path) as started:
        ended, lines = started.until_it_listens().end(number)
    assert (ended, len(lines)) == (code, 1)
    assert lines[0].startswith(f"lamella: stopped by {signal.Signals(number).name}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "processes", "moment", "group"),
    [
        (signal.SIGINT, 1, "extract: 0 of", True),
        (signal.SIGTERM, 1, "pairs: runs", False),
        (signal.SIGINT, 2, "extract: 0 of", True),
        (signal.SIGTERM, 2, "documents: runs", True),
        (signal.SIGTERM, 2, "media: runs", False),
        (signal.SIGINT, 2, "pairs: runs", True),
        (signal.SIGINT, 1, "report: writes", False),
    ],
)
def test_a_signal_during_a_job(web, begun, started_run, number, processes, moment, group):
    with started_run(web, begun(moment), "--processes", str(processes)) as started:
        code, lines = started.until(moment).end(number, group)
    assert code == 128 + number
    assert lines == [f"lamella: stopped by {signal.Signals(number).name}; the same command goes on from what is finished"]


@pytest.mark.slow
def test_the_shell_does_not_go_on(web, tmp_path):
    command = " ".join(f"'{word}'" for word in (sys.executable, "-m", "lamella", *words(web, tmp_path / "run")))
    with launched(["bash", "-c", f"{command} && touch {tmp_path}/next; exit $?"], tmp_path) as started:
        started.until("extract: 0 of")
        lamella = min(descendants(started.process.pid))
        os.kill(lamella, signal.SIGINT)
        assert started.process.wait() == 130
    assert not (tmp_path / "next").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "moment"), [(1, "extract: 0 of"), (2, "extract: 0 of"), (2, "pairs: runs")])
def test_who_is_killed_leaves_no_process(web, begun, started_run, processes, moment):
    with started_run(web, begun(moment), "--processes", str(processes)) as started:
        started.until(moment)
        family = wait_until(lambda: descendants(started.process.pid))
        started.process.kill()
        started.process.wait()
        wait_until(lambda: not alive(family))


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_a_second_try_and_no_byte(web, whole, started_run, tmp_path):
    with started_run(web, tmp_path / "run", "--no-report", "--processes", "2") as started:
        for job in ("extract: 0 of", "documents: runs", "media: runs", "pairs: runs", "shards: runs"):
            started.until(job)
            os.kill(min(wait_until(lambda: workers(started.process.pid))), signal.SIGKILL)
            name = job.partition(":")[0]
            started.until(f"{name}: a worker process ended (SIGKILL")
        assert started.process.wait() == 0
    assert started.said.count("try 2 of 3") == 5
    assert "Traceback" not in started.said
    assert contents_hash(str(tmp_path / "run")) == contents_hash(str(whole))


def workers(process):
    """The workers of a run: a fork has the command of the server that it comes from."""
    servers = [child for child in descendants(process) if "lamella.runners.fork_server" in _command(child)]
    return alive(set().union(*map(descendants, servers))) & set(servers)


def _command(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
