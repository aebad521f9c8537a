"""What Spark is to run, without Spark: Beam's stages become a plan, and the plan gives what Beam's own runner gives.

Where Beam moves to another version, this says what broke: the plan and the bundles stand on its notes and its worker.
"""

import tempfile
import threading
from importlib.metadata import version
from itertools import islice, pairwise

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from spark_world import PlanRunner, run

from lamella.runners.spark import bundle, grouping, spill
from lamella.runners.spark.plan import GROUP
from lamella.schemas.media import BlobRef, Container
from lamella.transforms.base.find_components import FindComponents
from lamella.transforms.base.join import Join, as_it_is
from lamella.transforms.base.spread import Spread


class CountBundle(beam.DoFn):
    """Passes records on, and says at the end of each bundle, by another output, how many there were."""

    def start_bundle(self):
        self._count = 0

    def process(self, record):
        self._count += 1
        yield record

    def finish_bundle(self):
        from apache_beam.transforms.window import GlobalWindow
        from apache_beam.utils.windowed_value import WindowedValue

        yield beam.pvalue.TaggedOutput("counts", WindowedValue(self._count, 0, [GlobalWindow()]))


def refs(number: int):
    return [BlobRef(path=f"pack-{n % 3}", container=Container.RAW, offset=n, length=1) for n in range(number)]


def words(pipeline):
    """Every kind of stage that the project's jobs have."""
    made = pipeline | beam.Create([30], reshuffle=False).with_output_types(int) | beam.FlatMap(refs).with_output_types(BlobRef)
    counted = made | Spread(str) | beam.ParDo(CountBundle()).with_outputs("counts", main="refs")
    by_path = counted.refs | beam.WithKeys(lambda ref: ref.path).with_output_types(tuple[str, BlobRef])
    sums = by_path | beam.combiners.Count.PerKey()
    joined = {"refs": by_path, "sums": sums} | beam.CoGroupByKey() | beam.MapTuple(lambda path, found: (path, *_sizes(found)))
    total = beam.pvalue.AsSingleton(counted.counts | beam.CombineGlobally(sum))
    paths = beam.pvalue.AsList(by_path | beam.Keys() | beam.Distinct())
    seen = joined | "Total" >> beam.Map(lambda row, total, paths: (*row, total, sorted(paths)), total, paths)
    assert_that(seen, equal_to([(f"pack-{n}", 10, [10], 30, ["pack-0", "pack-1", "pack-2"]) for n in range(3)]))
    nothing = counted.refs | "Nothing" >> beam.Filter(lambda ref: False)
    empty = (nothing, counted.refs) | beam.Flatten() | "Global" >> beam.combiners.Count.Globally()
    assert_that(empty, equal_to([30]), label="flattened")


def _sizes(found):
    return len(list(found["refs"])), list(found["sums"])


def test_beam_is_pinned_exactly_and_this_is_the_version():
    """The plan reads Beam's own notes: another version is another plan. Move the pin, then see what fails below."""
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
    assert f'"apache-beam=={version("apache-beam")}"' in text


@pytest.mark.parametrize("partitions", [1, 3])
def test_the_plan_gives_what_beam_s_own_runner_gives(partitions):
    run(words, FnApiRunner())
    plan = run(words, PlanRunner(partitions)).plan
    assert {stage.reads.kind for stage in plan.stages} == {"", GROUP, "materialize"}
    assert all(plan.reads_of(stage) >= 1 for stage in plan.stages)


def test_components_of_a_chain_are_found_in_rounds():
    keys = [f"{number:03d}" for number in range(200)]

    def chain(pipeline):
        edges = pipeline | beam.Create(list(pairwise(keys)), reshuffle=False).with_output_types(tuple[str, str])
        assert_that(edges | FindComponents(3), equal_to([(key, "000") for key in keys]))

    run(chain, PlanRunner(3))


def test_a_stage_whose_output_is_read_twice_is_known():
    plan = run(words, PlanRunner()).plan
    reads = {stage.name: plan.reads_of(stage) for stage in plan.stages if not stage.passes}
    # Counted refs go to a join, a sum, a side input, a flatten and a filter; all else has one reader, through Flattens too.
    assert {name: times for name, times in reads.items() if times != 1} == {"Distinct/ToPairs": 5}
    assert any(stage.passes for stage in plan.stages)


def _by_parity(number):
    return ((str(number % 2), number),)


def _twice(key, group):
    """Reads the group twice, as what counts before it judges does."""
    yield key, sum(1 for _ in group["numbers"]), sum(group["numbers"]), group.first("names")


@pytest.mark.parametrize("held", [grouping.HELD_BYTES, 100])
def test_a_large_group_lies_in_a_file_and_is_read_as_often_as_it_is_asked_for(held, monkeypatch, tmp_path):
    """Groups of 5,000 values, in memory and beyond it: the same is made of them, and no file is left."""
    monkeypatch.setattr(grouping, "HELD_BYTES", held)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spilled = []
    monkeypatch.setattr(grouping, "spilled", lambda values: spilled.append(1) or spill.spilled(values))

    def numbers(pipeline):
        inputs = {
            "numbers": pipeline | "Numbers" >> beam.Create(range(10_000), reshuffle=False),
            "names": pipeline | "Names" >> beam.Create([("0", "even"), ("1", "odd")], reshuffle=False),
        }
        made = inputs | Join({"numbers": _by_parity, "names": as_it_is}, _twice, tuple[str, int, int, str])
        assert_that(made, equal_to([("0", 5000, 24_995_000, "even"), ("1", 5000, 25_000_000, "odd")]))

    run(numbers, PlanRunner())
    assert bool(spilled) is (held == 100)
    assert list(tmp_path.iterdir()) == []


class Endless(beam.DoFn):
    def process(self, record):
        for number in range(1_000_000):
            Endless.last = number
            yield "x" * 100_000


def test_output_flows_while_a_stage_is_at_work_and_ends_when_nobody_reads():
    """A bundle of 100 GB: a reader that takes three chunks makes it go a little further, and no further once it has left."""

    class Stop(Exception):
        pass

    class Peek(PlanRunner):
        def _run(self, plan, stage):
            if b"Endless" not in stage.transforms:
                return super()._run(plan, stage)
            code = bundle.StageCode(
                pipeline="peek",
                number=stage.number,
                source=stage.source,
                outputs=tuple(stage.writes),
                shared=plan.shared,
                transforms=stage.transforms,
                sides={},
            )
            output = bundle.run_bundle([chunk for part in self._read(plan, stage.reads) for chunk in part], code)
            assert len(list(islice(output, 3))) == 3
            output.close()
            raise Stop

    threads = threading.active_count()
    with pytest.raises(Stop):
        run(
            lambda pipeline: (
                pipeline
                | beam.Create(["one"], reshuffle=False)
                | "In" >> Spread(str)
                | beam.ParDo(Endless()).with_output_types(str)
                | "Out" >> Spread(len)
            ),
            Peek(),
        )
    assert threading.active_count() <= threads + 1  # the execution of the bundle has ended
    assert Endless.last < 1000


def fail(record):
    raise OSError(28, "No space left on device")


def test_an_error_of_a_function_comes_through_and_its_processor_is_not_used_again():
    with pytest.raises(RuntimeError, match=r"OSError: \[Errno 28\] No space left on device"):
        run(lambda pipeline: pipeline | beam.Create([1], reshuffle=False) | "Fail" >> beam.Map(fail), PlanRunner())
    assert bundle._ready == {}


def test_a_key_s_place_is_the_same_in_every_process():
    assert grouping.partition_of(b"key") == 0xCE7CCCADC3A94CF5
