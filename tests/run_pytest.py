"""A folder and words for pytest -> pytest's exit code for a run whose modules come from that folder first."""

import os
import sys

import pytest


def train(folder: str, words: list[str]) -> None:
    """As `python -m pytest WORDS` in the folder, which `tests.fork_server` calls in a process of its own."""
    os.chdir(folder)
    sys.path[:] = [folder, *(path for path in sys.path if path)]
    sys.exit(pytest.main(words))
