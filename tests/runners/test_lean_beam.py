"""Processes of Lamella's own import Beam without what they have no use for, which can be imported afterwards all the same."""

import json
import subprocess
import sys

import pytest

# Begins as the command and the process that forks workers do, and says which modules there are after which import.
PROGRAM = """
import importlib, json, sys
from lamella.runners.lean_beam import LEFT_OUT, import_beam_lean

import_beam_lean()
import apache_beam

left = sorted(LEFT_OUT & set(sys.modules))
importlib.import_module("apache_beam.io.gcp.bigquery")
wanted = [name for name in ("pymongo", "apache_beam.io.gcp.bigquery") if importlib.import_module(name)]
loader = apache_beam.__loader__
print(json.dumps([left, wanted, type(loader).__module__, apache_beam.__spec__.loader is loader]))
"""


@pytest.fixture(scope="module")
def told():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_beam_comes_without_them(told):
    assert told[0] == []


def test_they_can_be_had_afterwards(told):
    assert told[1] == ["pymongo", "apache_beam.io.gcp.bigquery"]


def test_beam_is_loaded_as_ever(told):
    assert told[2:] == ["_frozen_importlib_external", True]
