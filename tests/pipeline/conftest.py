"""A run that `lamella verify` finds sound, made once for the files of this folder."""

import pytest
from verified_run import write_sound_run


@pytest.fixture(scope="session")
def verified(tmp_path_factory):
    """Nobody changes it: who damages a run copies this."""
    return write_sound_run(tmp_path_factory.mktemp("verified") / "run")
