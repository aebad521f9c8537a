"""What is flattened into a shuffle is written into its groups at once; what else reads it has its own copy, as before."""

import apache_beam as beam
import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.translations import Stage, create_buffer_id
from apache_beam.runners.worker.bundle_processor import DATA_INPUT_URN, DATA_OUTPUT_URN
from apache_beam.testing.util import assert_that, equal_to

from lamella.runners.local_runner import LocalRunner, _written_at_once


def _sorted(group):
    key, values = group
    return key, sorted(values)


def _flattened(pipeline):
    many = [pipeline | f"Create {n}" >> beam.Create([(k, n) for k in "abc"], reshuffle=False) for n in range(3)]
    return (*many, many[0]) | beam.Flatten()


def _once(pipeline):
    yield _flattened(pipeline) | beam.GroupByKey() | beam.Map(_sorted), [(k, [0, 0, 1, 2]) for k in "abc"]


def _twice(pipeline):
    """Two shuffles of the same records."""
    flat = _flattened(pipeline)
    yield flat | "One" >> beam.GroupByKey() | "Sorted" >> beam.Map(_sorted), [(k, [0, 0, 1, 2]) for k in "abc"]
    swapped = flat | beam.Map(lambda pair: (pair[1], pair[0]))
    yield (
        swapped | "Two" >> beam.GroupByKey() | "Counted" >> beam.MapTuple(lambda n, ks: (n, len(list(ks)))),
        [(0, 6), (1, 3), (2, 3)],
    )


def _aside(pipeline):
    """A shuffle, and a side input."""
    flat = _flattened(pipeline)
    yield flat | beam.GroupByKey() | beam.Map(_sorted), [(k, [0, 0, 1, 2]) for k in "abc"]
    one = pipeline | "One" >> beam.Create([0], reshuffle=False)
    yield one | beam.Map(lambda _, pairs: len(list(pairs)), beam.pvalue.AsIter(flat)), [12]


def _empty(pipeline):
    none = [pipeline | f"None {n}" >> beam.Create([], reshuffle=False).with_output_types(tuple[str, int]) for n in range(2)]
    yield none | beam.Flatten() | beam.GroupByKey(), []


@pytest.mark.parametrize("build", [_once, _twice, _aside, _empty])
def test_all_that_is_flattened_arrives_once(build):
    with beam.Pipeline(runner=LocalRunner()) as pipeline:
        for number, (records, expected) in enumerate(build(pipeline)):
            assert_that(records, equal_to(expected), label=f"Assert {number}")


def test_a_stage_that_only_copies_into_groups_is_left_out():
    pipeline = beam.Pipeline()
    list(_once(pipeline))
    proto = pipeline.to_runner_api()
    theirs, ours = ({stage.name for stage in runner.create_stages(proto)[1]} for runner in (FnApiRunner(), LocalRunner()))
    (left_out,) = theirs - ours
    assert ours < theirs and "Flatten/Read" in left_out and "GroupByKey/Write" in left_out


def test_a_copy_that_others_read_too_stays():
    pipeline = beam.Pipeline()
    list(_aside(pipeline))
    proto = pipeline.to_runner_api()
    theirs, ours = ([stage.name for stage in runner.create_stages(proto)[1]] for runner in (FnApiRunner(), LocalRunner()))
    assert sorted(ours) == sorted(theirs)


def _reads(buffer, records):
    spec = beam_runner_api_pb2.FunctionSpec(urn=DATA_INPUT_URN, payload=buffer)
    return beam_runner_api_pb2.PTransform(unique_name=f"read {records}", spec=spec, outputs={"out": records})


def _writes(buffer, records):
    spec = beam_runner_api_pb2.FunctionSpec(urn=DATA_OUTPUT_URN, payload=buffer)
    return beam_runner_api_pb2.PTransform(unique_name=f"write {records}", spec=spec, inputs={"in": records})


@pytest.mark.parametrize("written", [True, False])
def test_a_copy_that_no_stage_writes_into_stays(written):
    """What fills such a buffer is not seen here: without the copy its records would be lost."""
    buffer, group = create_buffer_id("flat"), create_buffer_id("by key", "group")
    copy = Stage("copy", [_reads(buffer, "flat"), _writes(group, "flat")])
    maker = Stage("maker", [_reads(create_buffer_id("before"), "before"), _writes(buffer, "made")])
    coders = {"flat": "pairs", "made": "pairs", "before": "pairs"}
    left = list(_written_at_once([maker, copy] if written else [copy], coders))
    assert left == ([maker] if written else [copy])
    assert maker.transforms[1].spec.payload == (group if written else buffer)
