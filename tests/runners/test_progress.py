"""What a long job is seen to do: a line of seconds, and of the answers that its memory has gained."""

import re
from dataclasses import dataclass

import pytest

from lamella.runners import progress as lines
from lamella.runners.gained import Gained
from lamella.transforms.base.files import join
from lamella.transforms.base.memory import Memory, memory_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    key: str


@dataclass(frozen=True, slots=True)
class Captions:
    name: str = "captions"
    identity: str = "of a model"
    answer: type = Caption


CAPTIONS = Captions()


def captions(*keys):
    return [Caption(key=key) for key in keys]


def test_what_a_memory_gains_is_counted_by_measure_and_what_stood_is_not(tmp_path):
    memory = Memory(root=str(tmp_path))
    memory.keep(CAPTIONS, captions("before"))
    gained = Gained(memory.root)
    assert gained() == {}
    memory.keep(CAPTIONS, captions("a", "b"))
    memory.keep(CAPTIONS, captions("before"))  # the part that stands
    memory.keep(Captions(name="scores"), captions("a"))
    assert gained() == {"captions": 2, "scores": 1}
    memory.keep(CAPTIONS, captions("c", "d", "e"))
    assert gained() == {"captions": 5, "scores": 1}


def test_a_memory_that_is_not_there_yet_and_a_damaged_part(tmp_path):
    memory = Memory(root=str(tmp_path / "later"))
    gained = Gained(memory.root)
    assert gained() == {}
    memory.keep(CAPTIONS, captions("a", "b"))
    (part,) = memory_files(memory.root)
    with open(join(memory.root, part), "r+b") as stream:
        stream.truncate(7)
    assert gained() == {}


def test_the_line_of_a_job():
    assert lines.job_line("extract", 30.4, {}) == "extract: 30 s"
    told = lines.job_line("pairs", 435.0, {"captions": 3072, "pictures": 9802})
    assert told == "pairs: 435 s, captions: 3,072 measured, 7/s, pictures: 9,802 measured, 23/s"


@pytest.mark.parametrize("outage", [False, True])
def test_a_job_is_watched_until_it_ends_and_no_look_stops_it(monkeypatch, capsys, outage):
    """The line is said while the job works, with what was found; a store that does not answer costs the numbers alone."""
    monkeypatch.setattr(lines, "HEARTBEAT_S", 0.01)
    done = []

    def look():
        if outage:
            raise OSError("no answer")
        return {"captions": 4}

    def execute(label, build):
        words = r"pairs: \d+ s$" if outage else r"pairs: \d+ s, captions: 4 measured, \d+/s$"
        said = ""
        while not re.search(words, said, re.MULTILINE):
            said += capsys.readouterr().err
        done.append((label, build))

    lines.Progress().watch(execute, lambda: look)("pairs", "a graph")
    assert done == [("pairs", "a graph")]
