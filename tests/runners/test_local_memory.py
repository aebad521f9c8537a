"""A local run that will probably not fit says so before it begins, and what to type instead."""

from lamella.runners import local_memory
from lamella.runners.local_memory import BASE, HELD, available_bytes, warn_of_memory

GIB = 1 << 30


def test_what_outgrows_the_machine_is_said_in_one_line():
    line = warn_of_memory(100 * GIB, processes=2, available=64 * GIB)
    assert line.startswith("WARNING: 107.4 GB of archives")
    assert "64.0 GiB are free" in line and "--runner spark" in line and "\n" not in line


def test_what_fits_is_not_spoken_of():
    assert warn_of_memory(GIB, processes=1, available=HELD * GIB + BASE) == ""
    assert warn_of_memory(GIB, processes=2, available=HELD * GIB + BASE) != ""


def test_a_machine_that_does_not_tell_is_not_guessed_at(tmp_path, monkeypatch):
    meminfo = tmp_path / "meminfo"
    monkeypatch.setattr(local_memory, "_MEMINFO", meminfo)
    assert available_bytes() is None and warn_of_memory(10**15, processes=1) == ""
    meminfo.write_text("MemTotal:       16000000 kB\nMemAvailable:       2048 kB\n")
    assert available_bytes() == 2 << 20
    assert warn_of_memory(10**9, processes=1) != ""
