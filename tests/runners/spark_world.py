"""A pipeline -> what its plan for Spark gives when plain loops run it: a sort stands where Spark's shuffle would."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import apache_beam as beam
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.execution import ENCODED_IMPULSE_VALUE
from apache_beam.runners.portability.fn_api_runner.fn_runner import RunnerResult
from apache_beam.runners.runner import PipelineState

from lamella.runners.spark.bundle import StageCode, run_bundle
from lamella.runners.spark.grouping import context_of, grouped, keyed, partition_of, side_input
from lamella.runners.spark.plan import GROUP, IMPULSE, Buffer, JobPlan, StagePlan, plan_job

_numbers = iter(range(1_000_000))


class PlanRunner(FnApiRunner):
    """Runs what `plan_job` says, each buffer in `partitions`; keeps the plan for a look."""

    def __init__(self, partitions: int = 2):
        super().__init__(use_state_iterables=True)  # as SparkRunner: a large group lies in a file
        self.partitions, self.plan = partitions, None

    def run_stages(self, stage_context, stages):
        self.plan = plan_job(stage_context, stages)
        self._name, self._buffers = f"test {next(_numbers)}", defaultdict(list)
        for stage in self.plan.stages:
            self._run(self.plan, stage)
        return RunnerResult(PipelineState.DONE, {"": []})

    def _run(self, plan: JobPlan, stage: StagePlan) -> None:
        if stage.passes:
            for buffer in set(stage.writes.values()):
                self._buffers[buffer].extend(self._read(plan, stage.reads))
            return
        coders = context_of(plan.shared).coders
        sides = {}
        for side in stage.sides:
            asked = beam_fn_api_pb2.StateKey.IterableSideInput(transform_id=side.transform, side_input_id=side.tag)
            chunks = [chunk for partition in self._buffers[side.buffer] for chunk in partition]
            key = beam_fn_api_pb2.StateKey(iterable_side_input=asked).SerializeToString()
            sides[key] = side_input(chunks, coders[side.coder])
        code = StageCode(
            pipeline=self._name,
            number=stage.number,
            source=stage.source,
            outputs=tuple(stage.writes),
            shared=plan.shared,
            transforms=stage.transforms,
            sides=sides,
        )
        for partition in self._read(plan, stage.reads):
            made = defaultdict(list)
            for transform, chunk in run_bundle(partition, code):
                made[stage.writes[transform]].append(chunk)
            for buffer, chunks in made.items():
                self._buffers[buffer].append(chunks)

    def _read(self, plan: JobPlan, buffer: Buffer) -> list[Iterable[bytes]]:
        if buffer == IMPULSE:
            return [[ENCODED_IMPULSE_VALUE]]
        written = self._buffers[buffer]
        if buffer.kind != GROUP:
            return written
        coders, grouping = context_of(plan.shared).coders, plan.groupings[buffer]
        parts = [[] for _ in range(self.partitions)]
        for chunks in written:
            for key, value in keyed(chunks, coders[grouping.records]):
                parts[partition_of(key) % self.partitions].append((key, value))
        return [grouped(sorted(part, key=lambda pair: pair[0]), coders[grouping.groups]) for part in parts]


def run(build: Callable[[beam.Pipeline], object], runner: FnApiRunner) -> FnApiRunner:
    with beam.Pipeline(runner=runner) as pipeline:
        build(pipeline)
    return runner
