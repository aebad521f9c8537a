"""Memory that a training frees is there for its next step."""

import ctypes
import platform
import subprocess
import sys

import pytest

from lamella.trainer.core.freed import keep_freed_memory

CODE = """
import resource
import numpy
from lamella.trainer.core.freed import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        numpy.ones(1 << 23, dtype=numpy.uint8)  # 2,048 pages, if each is new
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

numpy.ones((1 << 25) + 1, dtype=numpy.uint8)  # glibc learns from what is freed: not from this, its limit is 32 MiB
first = faults()
keep_freed_memory()
faults()
print(first, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_what_is_freed_is_used_again():
    said = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    _, after = map(int, said.split())
    assert after < 500  # of 10,240 pages


def test_a_glibc_of_a_lower_limit_is_given_its_limit(monkeypatch):
    taken = {}

    class Older:
        def mallopt(self, option, value):
            takes = option != -3 or value <= 32 << 20  # M_MMAP_THRESHOLD, and its limit in mallopt(3)
            taken.update({option: value} if takes else {})
            return int(takes)

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Older())
    keep_freed_memory()
    assert taken == {-3: 32 << 20, -1: (1 << 31) - 1}
