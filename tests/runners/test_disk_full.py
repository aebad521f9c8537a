"""A full disk: one clear line, exit code 4, nothing torn; and the same command ends once there is room."""

import os
import subprocess

import pytest

from lamella.pipeline.run import contents_hash
from lamella.reporting.verify import verify
from lamella.transforms.base.files import TEMPORARY
from tests.finished_run import CHEAP


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of its own that can be resized: `small_disk(size)`."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", folder], check=True, capture_output=True)

    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    try:
        mount("size=1m")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not allowed here")
    yield folder, lambda size: mount("remount", f"size={size}")
    subprocess.run(["umount", "-l", folder], check=False)


@pytest.fixture
def lamella(commands):
    """(exit code, standard error) of a run."""

    def run(archives, folder):
        words = ["run", "--recipe", "demo", "--input", archives, "--output", str(folder), *CHEAP]
        return commands.command(*words).end(600)

    return run


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(small_disk, lamella, sound):
    disk, resize = small_disk
    code, said = lamella(sound.archives, disk / "run")
    assert code == 4
    errors = [line for line in said.splitlines() if line.startswith("lamella: ")]
    assert len(errors) == 1 and "No space left on device" in errors[0]
    assert "Traceback" not in said
    assert not list(disk.rglob(f"*{TEMPORARY}"))

    resize("200m")
    assert lamella(sound.archives, disk / "run")[0] == 0
    assert list(verify(str(disk / "run"))) == []
    assert contents_hash(str(disk / "run")) == contents_hash(str(sound.folder))
