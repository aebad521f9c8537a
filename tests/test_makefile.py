"""`make` finds a Python that will do, says which, and says in one line where there is none. Its Pythons are scripts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")


def make(folder: Path, *words: str, **pythons: str) -> subprocess.CompletedProcess:
    """`make python` with nothing on PATH but a shell and these Pythons, each of the version that it says."""
    for name, version in pythons.items():
        major, minor = version.split(".")
        fake = folder / name.replace("_", ".")
        # A real Python that says that it is another version: the snippet that asks is really run.
        claim = f"import sys; sys.version_info = ({major}, {minor}, 0, 'final', 0); exec(sys.argv[1])"
        fake.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "Python {version}.0"; exit; }}\n'
            f'[ "$1" = -c ] && exec "{sys.executable}" -c "{claim}" "$2"\nexit 1\n'
        )
        fake.chmod(0o755)
    for tool in ("sh", "make"):
        (folder / tool).symlink_to(shutil.which(tool))
    return subprocess.run(
        [str(folder / "make"), "-s", "-f", str(ROOT / "Makefile"), "SHELL=" + str(folder / "sh"), *words, "python"],
        env={"PATH": str(folder), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("pythons", "name", "version"),
    [
        ({"python3_11": "3.11", "python3_13": "3.13"}, "python3.11", "3.11"),
        ({"python3_12": "3.12", "python3": "3.10"}, "python3.12", "3.12"),
        ({"python3_13": "3.13"}, "python3.13", "3.13"),
        ({"python3": "3.12"}, "python3", "3.12"),
        ({"python3": "3.9", "python": "3.11"}, "python", "3.11"),
        ({"python3_11": "3.14", "python3": "3.12"}, "python3", "3.12"),  # a name that lies
    ],
)
def test_the_first_that_will_do_is_taken_and_said(tmp_path, pythons, name, version):
    done = make(tmp_path, **pythons)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"lamella: Python {version}.0 at {tmp_path / name}\n"


@pytest.mark.parametrize("pythons", [{}, {"python3": "3.10"}, {"python3": "3.14", "python": "2.7"}])
def test_where_none_will_do_one_line_says_what_to_type(tmp_path, pythons):
    done = make(tmp_path, **pythons)
    assert done.returncode != 0
    line = "lamella: no Python 3.11 3.12 3.13 on PATH; install one, or name it: make PYTHON=/path/to/python3.11\n"
    assert done.stderr.startswith(line)


def test_a_python_that_is_named_is_taken(tmp_path):
    done = make(tmp_path, f"PYTHON={tmp_path}/python3.12", python3_11="3.11", python3_12="3.12")
    assert done.stdout == f"lamella: Python 3.12.0 at {tmp_path}/python3.12\n"
