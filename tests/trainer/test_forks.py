"""Forks that learn together: as many as were asked for; the end of one is everybody's; none outlives the leading one."""

import errno
import gc
import os
import signal
from pathlib import Path

import pytest
import torch
from torch import nn

from lamella.schemas.errors import WRONG_CONFIG, TrainingError, TrainingFailed
from lamella.trainer.core.world import join
from lamella.trainer.flamingo.config import resolve


@pytest.fixture(scope="module", autouse=True)
def few_objects():
    """Garbage is collected before each fork: what other tests have imported is not walked through each time."""
    gc.collect()
    gc.freeze()


def test_each_has_its_rank_and_a_word_reaches_all():
    with join("cpu", processes=3) as world:
        assert world.gathered(world.rank) == [0, 1, 2] and world.told(world.rank + 7) == 7
        assert world.sums([1.0, world.rank]) == [3.0, 3.0]
    with join("cpu", processes=2) as world:  # once more in the same process
        assert world.size == 2
    assert not torch.distributed.is_initialized()


def test_gradients_are_summed():
    layer = nn.Linear(2, 3)
    with join("cpu", processes=2) as world:
        layer(torch.full((1, 2), 1.0 + world.rank)).sum().backward()
        world.sum_gradients(layer.parameters())
    assert layer.weight.grad.tolist() == [[3.0, 3.0]] * 3 and layer.bias.grad.tolist() == [2.0] * 3


def test_one_process_is_no_group():
    with join("cpu") as world:
        assert world.size == 1 and not torch.distributed.is_initialized()


def test_an_error_in_another_is_told_in_its_own_words():
    """And ends the command as it would have ended it itself."""
    with pytest.raises(TrainingError, match=r"^shards=x: what it alone has seen$") as told, join("cpu", processes=3) as world:
        if world.rank == 2:
            raise TrainingError("shards=x: what it alone has seen")
        world.told(None)
    assert told.value.exit_code == WRONG_CONFIG


def test_a_full_disk_of_another_is_no_wrong_configuration():
    with pytest.raises(TrainingFailed, match=r"^OSError: .*No space left"), join("cpu", processes=2) as world:
        if not world.leads:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        world.told(None)


def test_an_error_of_the_leading_one_is_its_own():
    with pytest.raises(ZeroDivisionError), join("cpu", processes=2) as world:
        if world.leads:
            raise ZeroDivisionError
        world.told(None)


def test_one_that_is_killed_ends_the_training():
    with pytest.raises(TrainingFailed, match="processes=2: one ended by signal 9"), join("cpu", processes=2) as world:
        if not world.leads:
            os.kill(os.getpid(), signal.SIGKILL)
        world.told(None)


def test_what_is_garbage_is_freed_before_a_fork():
    """Such as the group of a training that failed: freed in a fork, it waits for threads that only the leading process has."""
    freed = []

    class Held:
        def __del__(self):
            freed.append(os.getpid())

    held = Held()
    held.itself = held
    del held
    with join("cpu", processes=2) as world:
        assert world.gathered(freed) == [[os.getppid() if world.rank else os.getpid()]] * 2


def test_all_stop_together():
    with pytest.raises(SystemExit) as stopped, join("cpu", processes=2) as world:
        world.told(None)
        raise SystemExit(130)
    assert stopped.value.code == 130 and not torch.distributed.is_initialized()


@pytest.mark.parametrize("waits", [True, False])
def test_none_outlives_the_leading_one(waits: bool):
    """Whether it waits for the leading one's word or computes."""
    read_end, write_end = os.pipe()
    leading = os.fork()
    if leading == 0:
        try:
            with join("cpu", processes=3) as world:
                world.told(None)
                if world.leads:
                    os.kill(os.getpid(), signal.SIGKILL)
                while not waits:
                    torch.ones(64, 64) @ torch.ones(64, 64)
                world.told(None)
        finally:
            os._exit(1)
    os.close(write_end)
    assert os.waitstatus_to_exitcode(os.waitpid(leading, 0)[1]) == -signal.SIGKILL
    assert os.read(read_end, 1) == b""  # which comes once nobody holds the other end
    os.close(read_end)


def test_threads_and_descriptors_are_as_before():
    before, threads = _open_files(), torch.get_num_threads()
    torch.set_num_threads(2)
    with join("cpu", processes=3) as world:
        assert torch.get_num_threads() == 1
        world.told(None)
    assert torch.get_num_threads() == 2 and _open_files() == before
    torch.set_num_threads(threads)


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_threads_belong_to_one_process():
    with pytest.raises(TrainingError, match="threads=2: processes=2 have one thread each"):
        resolve("demo", {"threads": "2"})
    assert resolve("demo", {"threads": "2", "processes": "1"}).threads == 2
