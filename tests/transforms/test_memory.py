"""Answers that are kept: immutable parts named by their checksum, measured once, and again where they are lost."""

import json
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from lamella.pipeline.read import ReadTables
from lamella.transforms.base.memory import Memory, Request, is_whole, measured, memory_files, read_part
from lamella.transforms.base.remembered import Ask, JoinAnswers, Remembered, buckets_of, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    key: str
    letters: int


@dataclass(frozen=True, slots=True)
class Lengths:
    """Measures words, and notes what it measured in a file, which counts across workers; stops at a word of a given length."""

    log: Path
    identity: str = "letters"
    stops_at: int = -1
    name: str = "lengths"
    answer: type = Length
    lot: int = 2

    def load(self):
        return len

    def measure(self, requests, model):
        if self.stops_at in (model(request.what) for request in requests):
            raise RuntimeError("the machine ends")
        with self.log.open("a") as log:
            log.writelines(f"{request.what}\n" for request in requests)
        return [Length(key=request.key, letters=model(request.what)) for request in requests]

    @property
    def seen(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


WORDS = ("a", "bb", "ccc", "dddd", "eeeee")


def requests(*words):
    return [Request(word, word) for word in words]


def stored(memory, measure):
    return {answer.key: answer.letters for path in memory.parts(measure) for answer in read_part(path, Length)}


def test_a_part_bears_its_checksum_and_what_is_damaged_or_foreign_is_no_answer(tmp_path):
    memory, measure = Memory(root=str(tmp_path / "memory")), Lengths(tmp_path / "log")
    memory.keep(measure, [Length(key="bb", letters=2), Length(key="a", letters=1)])
    memory.keep(measure, [Length(key="a", letters=1), Length(key="bb", letters=2)])
    (path,) = memory.parts(measure)
    assert is_whole(path) and stored(memory, measure) == {"a": 1, "bb": 2}
    Path(path).with_name("notes.parquet").write_bytes(b"a user's own")
    assert memory.parts(measure) == [path] and list(memory_files(memory.root)) == [f"lengths/letters/{Path(path).name}"]
    for damage in (b"", Path(path).read_bytes()[:-1], Path(path).read_bytes() + b"x"):
        Path(path).write_bytes(damage)
        assert not is_whole(path) and read_part(path, Length) == []
    Path(path).unlink()
    assert read_part(path, Length) == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    key: str
    unseen: str | None = None


def test_what_could_not_be_seen_is_not_remembered(tmp_path):
    memory, measure = Memory(root=str(tmp_path)), Lengths(tmp_path / "log", answer=Sight)
    memory.keep(measure, [Sight(key="a", unseen="no memory left")])
    assert memory.parts(measure) == []
    memory.keep(measure, [Sight(key="a", unseen="no memory left"), Sight(key="b")])
    assert [answer for path in memory.parts(measure) for answer in read_part(path, Sight)] == [Sight(key="b")]


def test_another_model_knows_nothing(tmp_path):
    memory = Memory(root=str(tmp_path))
    list(measured(requests("a"), Lengths(tmp_path / "log"), memory))
    assert memory.parts(Lengths(tmp_path / "log", identity="bytes")) == []


def test_what_stops_the_work_leaves_what_was_measured(tmp_path):
    memory = Memory(root=str(tmp_path / "memory"), flush_s=3600.0)
    dies = Lengths(tmp_path / "log", stops_at=5)
    with pytest.raises(RuntimeError):
        list(measured(requests(*WORDS), dies, memory))
    assert stored(memory, dies) == {"a": 1, "bb": 2, "ccc": 3, "dddd": 4}


def test_parts_are_written_as_answers_are_made(tmp_path):
    """SIGKILL leaves no time to write: an answer is handed on only once it lies in a part."""
    memory, measure = Memory(root=str(tmp_path / "memory"), flush_s=0.0), Lengths(tmp_path / "log")
    answers = measured(requests(*WORDS), measure, memory)
    assert next(answers).key == "a"
    assert measure.seen == ["a", "bb"] and stored(memory, measure) == {"a": 1, "bb": 2}


def asked_of(word):
    yield Request(word, word), f"asked for {word}"


def hand(waiting, answer):
    assert waiting == f"asked for {answer.key}"
    yield answer


def run(memory, measure, words):
    """(name, asked, fresh) of a pipeline over the words, each asked for twice: both are answered, and it is measured once."""
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        asks = [Ask(measure=measure, asked_of=asked_of)]
        records = pipeline | beam.Create([*words, *words], reshuffle=False).with_output_types(str)
        known = pipeline | ReadTables({}, memory, [measure])
        recalled = {"records": records, **known} | Remembered(asks, hand, Length, memory=memory, buckets=2)

        def check(actual):
            assert {answer.key: answer.letters for answer in actual} == {word: len(word) for word in words}
            assert len(actual) == 2 * len(words)

        assert_that(recalled.answers, check)
        (recalled.counts | beam.combiners.ToList()) | beam.Map(
            lambda counts: (Path(memory.root) / "counts").write_text(json.dumps(counts))
        )
    found = json.loads((Path(memory.root) / "counts").read_text())
    return measure.name, sum(one[1] for one in found), sum(one[2] for one in found)


def test_only_what_is_missing_is_measured_and_the_rest_is_recalled(tmp_path):
    memory, measure = Memory(root=str(tmp_path / "memory")), Lengths(tmp_path / "log")
    list(measured(requests(*WORDS[:3]), measure, memory))
    assert run(memory, measure, WORDS[1:]) == ("lengths", 4, 2)  # what is not asked for stays in the memory
    assert sorted(measure.seen) == sorted(WORDS)


def test_a_damaged_part_is_measured_again(tmp_path):
    memory, measure = Memory(root=str(tmp_path / "memory")), Lengths(tmp_path / "log")
    list(measured(requests("a", "bb"), measure, memory))
    (path,) = memory.parts(measure)
    list(measured(requests("ccc"), measure, memory))
    Path(path).write_bytes(Path(path).read_bytes()[:-4])
    assert run(memory, measure, WORDS[:3]) == ("lengths", 3, 2)
    assert stored(memory, measure) == {"a": 1, "bb": 2, "ccc": 3}


@pytest.mark.parametrize(
    ("asked", "buckets"),
    [(0, 1), (63, 1), (64, 1), (128, 2), (1_000, 15), (100_000, 16), (131_072, 16), (1_000_000_000, 122_070)],
)
def test_there_are_buckets_to_work_side_by_side_each_of_some_lots_and_none_too_large_for_a_worker(asked, buckets):
    assert buckets_of(asked, lot=32, wanted=16) == buckets


def shorter(askings):
    """Of those that wait for a word, the first in the alphabet of each length."""
    first = {}
    for asking in askings:
        first[len(asking[1])] = min(first.get(len(asking[1]), asking), asking)
    return iter(first.values())


@pytest.mark.parametrize("order", [1, -1])
def test_of_all_that_wait_for_one_answer_the_settled_ones_get_it(tmp_path, order):
    memory, measure = Memory(root=str(tmp_path / "memory")), Lengths(tmp_path / "log")
    waiting = [("ccc", "x"), ("ccc", "w"), ("ccc", "yy"), ("a", "z"), ("ccc", "vv")][::order]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        ask = Ask(measure=measure, asked_of=lambda asked: [(Request(asked[0], asked[0]), asked[1])], settled=shorter)
        records = pipeline | beam.Create(waiting, reshuffle=False)
        known = pipeline | ReadTables({}, memory, [measure])
        where = {"memory": memory, "buckets": 2}
        recalled = {"records": records, **known} | Remembered(
            [ask], lambda one, answer: [(one, answer.letters)], tuple[str, int], **where
        )

        def check(actual):
            assert sorted(actual) == [("vv", 3), ("w", 3), ("z", 1)]

        assert_that(recalled.answers, check)
    assert sorted(measure.seen) == ["a", "ccc"]


@dataclass(frozen=True, slots=True)
class Pair:
    key: str
    words: tuple[str, ...]


def test_records_meet_all_their_answers():
    pairs = [Pair("p", ("a", "bb", "a")), Pair("q", ("bb",)), Pair("r", ())]
    handed = [one for it in pairs for word in it.words for one in to_record(it.key, Length(key=word, letters=len(word)))]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        inputs = {
            "records": pipeline | "Pairs" >> beam.Create(pairs, reshuffle=False),
            "answers": pipeline | "Answers" >> beam.Create(handed, reshuffle=False),
        }
        joined = inputs | JoinAnswers(lambda pair, found: (pair.key, sorted(found)), tuple)

        def check(actual):
            assert sorted(actual) == [("p", ["a", "bb"]), ("q", ["bb"]), ("r", [])]

        assert_that(joined, check)
