"""The same input gives the same bytes: after kills, on one process or two, whatever the seed of Python's own hash."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from lamella.pipeline.config.resolution import with_overrides
from lamella.pipeline.graph import PAIRS
from lamella.pipeline.run import contents_hash
from lamella.pipeline.run_file import config_of
from lamella.pipeline.tables import read_manifest
from lamella.pipeline.trial import try_out
from lamella.reporting.what_if import difference
from lamella.runners.local import local_execute
from lamella.sample.web import write_sample
from lamella.schemas.keys import stable_fraction
from lamella.schemas.rejection import Unit
from tests.fork_server import MODELS, RUNS, fork_server

MADE = [table.name for table in PAIRS.writes]
KILLS = int(os.environ.get("KILLS", "3"))  # more where there is time: KILLS=10 pytest tests/test_resume.py


def command(web, folder, *words):
    archives = ["--input", str(web / "*.warc.gz"), "--output", str(folder)]
    return ["run", "--recipe", "demo", *archives, "--no-report", "caption.on=false", *words]


def ended(child):
    """What it printed and said."""
    code, said = child.end(600)
    assert code == 0, said
    return child.printed.read_text(), said


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume") / "web"
    write_sample(folder, pages=12, seed=5)
    return folder


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """With the models' imports made, which each run would make; all have one seed of Python's hash."""
    with fork_server(tmp_path_factory.mktemp("commands"), (*RUNS, *MODELS), PYTHONHASHSEED="3") as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(web, commands):
    """(contents, seconds without the imports) of a run that nobody disturbs."""
    ended(commands.command(*command(web, web.parent / "whole")))
    told = json.loads((web.parent / "whole" / "run.json").read_text())["jobs"]
    return contents_hash(str(web.parent / "whole")), sum(job["seconds"] for job in told.values())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(web, undisturbed, commands, tmp_path):
    contents, seconds = undisturbed
    for kill in range(KILLS):
        # In a process group of its own, so that a kill takes the extraction's child too, as a machine's end would.
        victim = commands.command(*command(web, tmp_path / "run"))
        time.sleep(seconds * (0.2 + 0.75 * stable_fraction("kill", kill)))
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
    ended(commands.command(*command(web, tmp_path / "run")))
    assert contents_hash(str(tmp_path / "run")) == contents


@pytest.mark.slow
def test_two_processes_and_another_hash_seed_write_the_same_bytes(web, undisturbed, tmp_path):
    program = [sys.executable, "-m", "lamella", *command(web, tmp_path / "two", "--processes", "2")]
    seeded = os.environ | {"PYTHONHASHSEED": "2"}  # which a process has from its start
    done = subprocess.run(program, env=seeded, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents_hash(str(tmp_path / "two")) == undisturbed[0]


@pytest.mark.slow
def test_a_second_run_does_only_what_changed(web, undisturbed, commands, tmp_path):
    folder = web.parent / "whole"
    _, said = ended(commands.command(*command(web, folder)))
    assert [line.split("  ")[-1] for line in said.splitlines() if ": " in line] == [
        "documents: unchanged",
        "media: unchanged",
        "pairs: unchanged",
        "shards: unchanged",
    ]
    before = contents_hash(str(folder))
    config = with_overrides(config_of(str(folder)), ["score.min_score=0.65"])
    trial = try_out(str(folder), config, str(tmp_path), local_execute(1), say=print)
    assert contents_hash(str(folder)) == before
    (pairs,) = (one for one in difference(trial).moved if one.unit is Unit.PAIR)
    assert pairs.come == 0 and pairs.going[0].why.startswith("score pair low_clip_score: clip_score ")
    expected = {name: read_manifest(str(tmp_path / name)).hash for name in MADE}

    apply = ["what-if", folder, "score.min_score=0.65", "--apply", "--page", tmp_path / "page.html"]
    printed, said = ended(commands.command(*apply))
    said = said.rpartition("documents: unchanged")[2]  # what it tried out comes first
    assert b"low_clip_score" in (tmp_path / "page.html").read_bytes() and "would go" in printed
    assert {name: read_manifest(str(folder / name)).hash for name in MADE} == expected  # what-if told what would be
    assert "media: unchanged" in said and "pairs: runs" in said and "shards: runs" in said
    assert re.search(r"pairs: pictures: 0 of \d+ measured", said) and re.search(r"pairs: texts: 0 of \d+ measured", said)
