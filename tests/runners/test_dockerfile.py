"""The image of workers has every folder of the package, and the Beam that the package is pinned to."""

import re
import tomllib
from pathlib import Path

HERE = Path(__file__).parents[2]
DOCKERFILE = (HERE / "runners" / "Dockerfile").read_text()
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text())


def test_it_copies_every_folder_of_the_package():
    packages = {name.split(".")[1] for name in PROJECT["tool"]["setuptools"]["packages"] if "." in name}
    assert set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE)) == packages | {"lamella"}


def test_it_starts_workers_of_the_pinned_beam():
    (beam,) = (name for name in PROJECT["project"]["dependencies"] if name.startswith("apache-beam=="))
    assert f"ARG BEAM={beam.removeprefix('apache-beam==')}\n" in DOCKERFILE
    extras = re.search(r"^ARG EXTRAS=(.*)$", DOCKERFILE, re.MULTILINE)[1].split(",")
    assert set(extras) <= set(PROJECT["project"]["optional-dependencies"])
