"""Paths and marks that all tests share."""

import gc
import os
from collections import Counter
from functools import partialmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.fork_server import RUNS, fork_server

if TYPE_CHECKING:
    from tests.finished_run import FinishedRun

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_sessionstart(session):
    """What all tests stand on; the process that deals files out to others runs none, and does not wait for imports."""
    # A model of a test is so small that a second thread of torch's only waits for the first, at full speed: twice the CPU time.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if session.config.getoption("dist", "no") != "no":
        return
    from lamella.runners.lean_beam import import_beam_lean

    import_beam_lean()  # as the command does
    from apache_beam.testing.test_pipeline import TestPipeline
    from hypothesis import Phase, settings

    from lamella.runners.beam_memo import remember

    # No test is bound in seconds: a busy machine fails none. Nothing is traced to explain a failure: reading it is quicker.
    phases = [phase for phase in Phase if phase is not Phase.explain]
    settings.register_profile("lamella", deadline=None, phases=phases)
    settings.load_profile("lamella")

    remember()  # as the command does: tests lay some hundred pipelines out

    # A pipeline is written down as Beam's portable protocol, and read again by its runner. By itself a TestPipeline does both
    # once more before, which takes a third of its time and shows nothing else.
    TestPipeline.run = partialmethod(TestPipeline.run, test_runner_api=False)


def pytest_collection_modifyitems(items):
    """Files with slow tests come first: one that begins last would hold a single process when the others are done."""
    slow = Counter(item.path for item in items if "slow" in item.keywords)
    items.sort(key=lambda item: -slow[item.path])
    if not REAL_DATA.is_dir():
        skip = pytest.mark.skip(reason="no ../shared/data")
        for item in items:
            if "real" in item.keywords:
                item.add_marker(skip)


def pytest_collection_finish():
    """A million objects of imported modules live to the end: the collector of garbage need not walk them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real archives and gold pages; only for tests marked `real`."""
    return REAL_DATA


@pytest.fixture(scope="session")
def commands(tmp_path_factory):
    """Commands in processes of their own that begin with their imports made: `commands.command("run", ...)` is a Child."""
    with fork_server(tmp_path_factory.mktemp("commands"), RUNS) as server:
        yield server


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> "FinishedRun":
    """A finished run that nobody changes, made once for all processes of the suite."""
    from tests.finished_run import finished_run

    base = tmp_path_factory.getbasetemp()
    return finished_run((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "finished")


@pytest.fixture
def canary(tmp_path):
    """A file outside of the run, and a listener that notes who connects: [] while nothing reached it."""
    (tmp_path / "canary").write_bytes(b"0123456789")
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"0123456789")

        do_HEAD = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield SimpleNamespace(file=str(tmp_path / "canary"), url=f"http://127.0.0.1:{server.server_port}/x", heard=heard)
    server.shutdown()
    thread.join()
    server.server_close()
