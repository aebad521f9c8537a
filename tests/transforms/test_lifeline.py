"""A child ends with its parent: however the parent ends, whatever the child does at that moment."""

import signal
import subprocess
import sys

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.transforms.base.killable import ChildLimits, Killable
from lamella.transforms.base.lifeline import Lifeline
from lamella.transforms.extract.worker.pool import Worker

CHILD = """
import sys
from lamella.transforms.base.lifeline import hold_on
hold_on(int(sys.argv[1]))
print("holds", flush=True)
{does}
"""


def start(does, lifeline):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(does=does), str(lifeline.read_end)],
        stdout=subprocess.PIPE,
        pass_fds=[lifeline.read_end],
    )
    lifeline.given()
    assert child.stdout.readline() == b"holds\n"
    return child


# The second never runs another step of Python: a thread that waits for the end would not get its turn.
@pytest.mark.parametrize("does", ["import time; time.sleep(600)", "import re; re.match('(a+)+b', 'a' * 60)"])
def test_a_child_ends_in_the_middle_of_a_call(does):
    lifeline = Lifeline()
    child = start(does, lifeline)
    assert child.poll() is None
    lifeline.cut()
    assert child.wait(60) != 0


def test_a_child_whose_parent_was_gone_before():
    lifeline = Lifeline()
    lifeline.cut()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(does="import time; time.sleep(600)"), str(lifeline.read_end)],
        stdout=subprocess.PIPE,
        pass_fds=[lifeline.read_end],
    )
    lifeline.given()
    assert child.wait(60) != 0
    assert child.stdout.read() == b""


PARENT = """
import subprocess, sys
from lamella.transforms.base.lifeline import Lifeline
lifeline = Lifeline()
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(lifeline.read_end)], pass_fds=[lifeline.read_end])
lifeline.given()
child.wait()
"""


def test_a_parent_that_is_killed():
    child = CHILD.format(does="import time; time.sleep(600)")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, child], stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"holds\n"
    parent.kill()
    assert parent.stdout.read() == b""  # the pipe is the child's too, and ends when both have ended
    assert parent.wait() == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_takes_no_child_and_so_rejects_nothing(number):
    """A child that ends counts as the fault of the page or the picture that it held: the signal is for the parent alone."""
    worker = Worker(ExtractConfig())
    decoder = Killable(
        "lamella.transforms.media.decoding_worker", ChildLimits(max_memory_bytes=1 << 30, max_cpu_s=9, max_reply_bytes=9)
    )
    try:
        for starts in (worker.child, decoder):
            starts._start()
            starts._child.process.send_signal(number)
        child = worker.child._child
        worker.parse("<p>Still here</p>", "http://a.example/")
        assert worker.child._child is child
        with pytest.raises(subprocess.TimeoutExpired):
            decoder._child.process.wait(0.5)
    finally:
        worker.close()
        decoder.close()
