"""What stands before a job is no work of the garbage collector's while it runs, and is again behind it."""

import gc

import pytest

from lamella.pipeline.run import older_objects_kept


@pytest.fixture(autouse=True)
def _frozen_as_before():
    """The suite's own process has frozen what it imported."""
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    yield
    if frozen:
        gc.freeze()


def test_what_stands_before_is_frozen_until_the_job_ends():
    with pytest.raises(ValueError, match="on purpose"), older_objects_kept():
        assert gc.get_freeze_count() > 1000
        raise ValueError("on purpose")
    assert gc.get_freeze_count() == 0


def test_what_others_froze_stays():
    gc.freeze()
    with older_objects_kept():
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() > 1000  # some of them have ended meanwhile
    gc.unfreeze()


def test_what_a_job_makes_is_collected():
    """Objects that hold each other go while the job runs."""
    gone = []

    class Circle:
        def __init__(self):
            self.own = self

        def __del__(self):
            gone.append(1)

    with older_objects_kept():
        Circle()
        gc.collect()
        assert gone == [1]
