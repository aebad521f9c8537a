"""Children that a nursery forks are bounded, blamed and ended as those that are started anew; none outlives who asked."""

import os
import subprocess
import sys
import time

import pytest

from lamella.transforms.base.nursery import can_fork_children

pytestmark = pytest.mark.skipif(not can_fork_children(), reason="no descriptors of processes here")

CHILD = """
import os, signal
from pathlib import Path
from lamella.transforms.base.killable_worker import serve

WAS = Path(__file__).with_name("killed")

def answer(request):
    word = bytes(request).decode()
    if word == "spin":
        while True:
            pass
    if word == "grow":
        return [b"x" * (1 << 30)]
    if word == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "kill" or (word == "kill once" and not WAS.exists()):
        WAS.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return [f"{os.getpid()} {os.getppid()}".encode()]

def main():
    serve(answer)

if __name__ == "__main__":
    main()
"""
BEGIN = """
import os, signal, sys, threading, time
from lamella.transforms.base import killable
from lamella.transforms.base.killable import ChildLimits, Killable, TooCostly
killable.begin_nursery()
LIMITS = ChildLimits(max_memory_bytes=256 << 20, max_cpu_s=0.3, max_reply_bytes=1 << 31)
child = Killable("odd_child", LIMITS)

def pids(child=child):
    return tuple(map(int, child.ask(b"who").split()))

def cost(word):
    try:
        child.ask(word)
    except TooCostly as error:
        return str(error)
"""


@pytest.fixture
def inside(tmp_path):
    """Runs lines of code in a process with a nursery; what they print."""
    (tmp_path / "odd_child.py").write_text(CHILD)

    def run(lines, **given):
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-c", BEGIN + lines], env=environment, stdout=subprocess.PIPE, text=True, timeout=300, **given
        )

    return run


def test_children_are_forked_and_each_asks_its_own(inside):
    code = """
other = Killable("odd_child", LIMITS)
one, two = pids(), pids(other)
assert one[0] != two[0] and one[1] == two[1] == pids()[1] != os.getpid(), (one, two)
assert pids() == one
child.close()
assert pids() != one
"""
    assert inside(code).returncode == 0


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("spin", "more than 0.3 s of CPU"),
        ("grow", "more than 268435456 bytes of memory"),
        ("die", "killed its process: SIGSEGV"),
        ("kill", "killed its process: SIGKILL"),
    ],
)
def test_what_runs_into_a_limit_is_told_why_and_the_next_child_answers(inside, word, why):
    code = f"""
first = pids()
print(cost(b"{word}"))
assert pids()[0] != first[0]
"""
    assert inside(code, check=True).stdout.strip() == why


def test_a_child_that_ended_between_two_requests_costs_neither(inside):
    code = """
first = pids()
os.kill(first[0], signal.SIGKILL)
while child._child.process.poll() is None:
    time.sleep(0.01)
assert pids()[0] != first[0]
"""
    assert inside(code).returncode == 0


def test_without_its_nursery_a_process_starts_children_anew(inside):
    code = """
first = pids()
os.kill(first[1], signal.SIGKILL)
child.close()
assert pids()[1] == os.getpid()
"""
    assert inside(code).returncode == 0


@pytest.mark.parametrize("nursery", ["killable._nursery", "None"])
def test_what_is_killed_from_outside_is_asked_again(inside, nursery):
    code = f"""
killable._nursery = {nursery}
first = pids()
assert int(child.ask(b"kill once").split()[0]) != first[0]
"""
    assert inside(code).returncode == 0


def test_without_its_nursery_it_still_tells_the_cause(inside):
    code = """
os.kill(pids()[1], signal.SIGKILL)
print(cost(b"spin"))
"""
    assert inside(code, check=True).stdout.strip() == "more than 0.3 s of CPU"


def test_threads_ask_side_by_side(inside):
    code = """
def work():
    own = Killable("odd_child", LIMITS)
    for _ in range(20):
        seen.add(pids(own)[0])
        own.close()

seen = set()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(seen) > 70, len(seen)
"""
    assert inside(code).returncode == 0


def test_none_outlives_who_asked(inside):
    code = """
print(*pids(), flush=True)
threading.Thread(target=cost, args=(b"spin",), daemon=True).start()
os.kill(os.getpid(), signal.SIGKILL)
"""
    left = [int(pid) for pid in inside(code).stdout.split()]
    assert len(left) == 2
    for _ in range(10_000):
        if not any(map(_lives, left)):
            return
        time.sleep(0.01)
    raise AssertionError(left)


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
