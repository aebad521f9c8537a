"""`lamella doctor`: what a runner needs and whether it has it, asked where the work would be done."""

import time
from pathlib import Path

from lamella.runners.doctor import Finding, _read_answers, _versions, examine
from lamella.runners.launch import Engine
from lamella.sample.web import write_sample


def told(findings) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


def test_a_local_runner_is_sound_and_nothing_is_left_behind(tmp_path):
    write_sample(tmp_path / "web", pages=2, seed=1)
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "run").mkdir()
    found = list(examine(Engine(), [str(tmp_path / "web")], str(tmp_path / "run")))
    assert [str(finding) for finding in found if not finding.sound] == []
    assert {"driver", "input", "workers"} <= set(told(found)) and found[1].told == "2 archives"
    assert any("clock" in finding.told for finding in found)
    (tmp_path / "run").rmdir()
    assert sorted(tmp_path.rglob("*")) == before


def test_what_cannot_be_had_is_a_fault_and_the_rest_is_still_asked(tmp_path):
    found = list(examine(Engine(), [str(tmp_path / "no" / "*.warc.gz")]))
    assert [finding.what for finding in found if not finding.sound] == ["input"]
    assert str(found[1]).startswith("FAULT  input: --input ") and told(found)["workers"].sound


def test_a_runner_that_is_not_there_is_one_fault(tmp_path):
    found = list(examine(Engine(runner="portable", job_endpoint="127.0.0.1:1")))
    assert str(found[-1]) == "FAULT  runner: --job-endpoint 127.0.0.1:1: does not answer: Connection refused"


def test_what_a_worker_answers_is_held_against_the_driver(tmp_path):
    """A worker with another Beam, a clock that is ten minutes off, and an archive that it cannot read."""
    here, start = _versions(), time.time()
    lines = [f"versions\t{', '.join(here).replace('apache-beam', 'apache-bean')}", f"clock\t{start - 600}"]
    (tmp_path / "worker-1.txt").write_text("\n".join([*lines, "unreadable\ts3://crawl/a.warc.gz: Access Denied"]))
    (tmp_path / "worker-2.txt").write_text(f"versions\t{', '.join(here)}\nclock\t{time.time()}")
    found = list(_read_answers(str(tmp_path), here, start))
    assert [finding.sound for finding in found] == [False, False, False, True, True]
    assert "the driver has python" in found[0].told and found[1].told == "clock 600 s apart"
    assert found[2].told == "s3://crawl/a.warc.gz: Access Denied"
    assert not Path(tmp_path).exists()


def test_workers_that_do_not_share_the_folder_are_said(tmp_path):
    (fault,) = _read_answers(str(tmp_path / "none"), [], time.time())
    assert not fault.sound and fault.told.startswith(f"do not share {tmp_path}/none with this machine")
