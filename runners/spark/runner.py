"""A Beam pipeline -> its stages, run as Spark's RDDs.

A stage is a `mapPartitions`, a GroupByKey a `repartitionAndSortWithinPartitions` on the encoded key, a side input a broadcast.
All outputs without a reader are asked of Spark at once; what is read twice waits on the workers' disks meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.execution import ENCODED_IMPULSE_VALUE
from apache_beam.runners.portability.fn_api_runner.fn_runner import RunnerResult
from apache_beam.runners.runner import PipelineState
from apache_beam.transforms.environments import EmbeddedPythonEnvironment

from lamella.runners.spark.bundle import StageCode, records_read, run_bundle
from lamella.runners.spark.grouping import context_of, grouped, keyed, partition_of, side_input
from lamella.runners.spark.plan import GROUP, IMPULSE, Buffer, JobPlan, SideInput, StagePlan, plan_job

SIDE_INPUT_BYTES = 256 << 20  # that every worker process holds, and the driver once; beyond, a join is what is wanted

if TYPE_CHECKING:
    from pyspark import RDD, Accumulator, AccumulatorParam, Broadcast, SparkContext

_numbers = count()
Counts = dict[int, tuple[int, int]]  # stage -> records that it read, bytes that it wrote
Chunks = Iterable[bytes]


class SparkRunner(FnApiRunner):
    """Beam's local runner up to the fused stages; Spark from there.

    Args:
        partitions: of every shuffle.
        watch: is given the names of the stages and an accumulator of their Counts, and gives a context in which they run.
    """

    def __init__(self, context: "SparkContext", partitions: int, watch: Callable[[list[str], "Accumulator"], Any]):
        super().__init__(default_environment=EmbeddedPythonEnvironment.default(), use_state_iterables=True)
        self._context, self._partitions, self._watch = context, partitions, watch

    def run_stages(self, stage_context: Any, stages: Any) -> RunnerResult:
        plan = plan_job(stage_context, stages)
        counts = self._context.accumulator({}, cast("AccumulatorParam[Counts]", _SumCounts()))
        with self._watch([stage.name for stage in plan.stages], counts):
            _Job(self._context, plan, self._partitions, counts).run()
        return RunnerResult(PipelineState.DONE, {"": []})


class _Job:
    """One pipeline on Spark."""

    def __init__(self, context: "SparkContext", plan: JobPlan, partitions: int, counts: "Accumulator"):
        self._context, self._plan, self._partitions, self._counts = context, plan, partitions, counts
        self._name = f"{context.applicationId} {next(_numbers)}"  # workers live longer than a pipeline
        self._shared = context.broadcast(plan.shared)
        self._buffers: dict[Buffer, list[RDD]] = defaultdict(list)
        self._sides: dict[Buffer, bytes] = {}
        self._kept: list[RDD] = []
        self._ends: list[RDD] = []

    def run(self) -> None:
        """Lays stages out until some need side inputs, lets Spark make these at once, and continues; then runs what is left."""
        left: Sequence[StagePlan] = self._plan.stages
        try:
            while left := self._lay_out(left):
                self._make_side_inputs(left)
            if self._ends:
                self._context.union(self._ends).foreachPartition(_drain)
        finally:
            for rdd in self._kept:
                rdd.unpersist()

    def _lay_out(self, stages: Sequence[StagePlan]) -> list[StagePlan]:
        """Those that cannot be laid out yet: a side input is missing, or what another one of them writes."""
        left: list[StagePlan] = []
        for stage in stages:
            missing = {buffer for other in left for buffer in other.writes.values()}
            if stage.reads in missing or any(side.buffer not in self._sides for side in stage.sides):
                left.append(stage)
                continue
            if stage.passes:
                for buffer in set(stage.writes.values()):
                    self._buffers[buffer].append(self._read(stage.reads))
                continue
            made = self._made_by(stage)
            if self._plan.reads_of(stage) > 1:
                self._kept.append(made.persist(_on_disk()))
            targets = sorted(set(stage.writes.values()), key=lambda buffer: (buffer.kind, buffer.name))
            for buffer in targets:
                transforms = frozenset(name for name, target in stage.writes.items() if target == buffer)
                self._buffers[buffer].append(made.mapPartitions(_Only(transforms)))
            if not targets:
                self._ends.append(made)
        return left

    def _make_side_inputs(self, left: Sequence[StagePlan]) -> None:
        """Those of stages that wait, as far as all that writes them is laid out."""
        missing = {buffer for stage in left for buffer in stage.writes.values()}
        wanted = {side.buffer: side for stage in left for side in stage.sides if side.buffer not in missing | set(self._sides)}
        sides = list(wanted.values())
        parts = [self._read(side.buffer).mapPartitions(_SidePart(at, side.transform)) for at, side in enumerate(sides)]
        chunks: dict[int, list[bytes]] = defaultdict(list)
        for at, chunk in self._context.union(parts).collect():
            chunks[at].append(chunk)
        coders = context_of(self._plan.shared).coders
        for at, side in enumerate(sides):
            _check_size(side.transform, sum(map(len, chunks[at])))
            self._sides[side.buffer] = side_input(chunks[at], coders[side.coder])

    def _made_by(self, stage: StagePlan) -> "RDD":
        """(transform that wrote, chunk)."""
        sides = {_state_key(side): self._sides[side.buffer] for side in stage.sides}
        code = _RunStage(
            pipeline=self._name,
            number=stage.number,
            source=stage.source,
            outputs=tuple(stage.writes),
            transforms=stage.transforms,
            shared=self._shared,
            sides=self._context.broadcast(sides) if sides else None,
            counts=self._counts,
        )
        return self._read(stage.reads).mapPartitions(code)

    def _read(self, buffer: Buffer) -> "RDD":
        if buffer == IMPULSE:
            return self._context.parallelize([ENCODED_IMPULSE_VALUE], 1)
        written = self._buffers[buffer]
        if not written:
            return self._context.emptyRDD()
        chunks = self._context.union(written) if len(written) > 1 else written[0]
        if buffer.kind != GROUP:
            return chunks
        grouping = self._plan.groupings[buffer]
        pairs = chunks.mapPartitions(_Coded(keyed, self._shared, grouping.records))
        # PySpark sorts in bounded memory, and spills to disk beyond it.
        ordered = pairs.repartitionAndSortWithinPartitions(self._partitions, partition_of)
        return ordered.mapPartitions(_Coded(grouped, self._shared, grouping.groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunStage:
    """A partition's chunks -> (transform that wrote, chunk). It travels to the workers."""

    pipeline: str
    number: int
    source: str
    outputs: tuple[str, ...]
    transforms: bytes
    shared: "Broadcast"
    sides: "Broadcast | None"
    counts: "Accumulator"

    def __call__(self, chunks: Chunks) -> Iterator[tuple[str, bytes]]:
        code = StageCode(
            pipeline=self.pipeline,
            number=self.number,
            source=self.source,
            outputs=self.outputs,
            shared=self.shared.value,
            transforms=self.transforms,
            sides=self.sides.value if self.sides else {},
        )
        size = 0
        for output in run_bundle(chunks, code):
            size += len(output[1])
            yield output
        self.counts.add({self.number: (records_read(code), size)})


@dataclass(frozen=True, slots=True)
class _Only:
    """(transform that wrote, chunk) -> the chunks of some transforms."""

    transforms: frozenset[str]

    def __call__(self, outputs: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
        return (chunk for transform, chunk in outputs if transform in self.transforms)


@dataclass(frozen=True, slots=True)
class _Coded:
    """A function of records and their coder, for a coder that the worker looks up."""

    function: Callable[[Iterable[Any], Any], Iterator[Any]]
    shared: "Broadcast"
    coder: str

    def __call__(self, records: Iterable[Any]) -> Iterator[Any]:
        return self.function(records, context_of(self.shared.value).coders[self.coder])


@dataclass(frozen=True, slots=True)
class _SidePart:
    """Chunks of a side input -> (its number, chunk); raises RuntimeError where a partition alone is too large for one."""

    number: int
    transform: str

    def __call__(self, chunks: Chunks) -> Iterator[tuple[int, bytes]]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            _check_size(self.transform, size)
            yield self.number, chunk


class _SumCounts:
    """An AccumulatorParam of PySpark's in all but its base, since PySpark may be missing here.

    Counts of a task that is tried again count twice: they are for watching.
    """

    def zero(self, value: Counts) -> Counts:
        return {}

    def addInPlace(self, value1: Counts, value2: Counts) -> Counts:
        for stage, (records, size) in value2.items():
            before = value1.get(stage, (0, 0))
            value1[stage] = (before[0] + records, before[1] + size)
        return value1


def _on_disk() -> Any:
    from pyspark import StorageLevel

    return StorageLevel.DISK_ONLY


def _check_size(transform: str, size: int) -> None:
    if size > SIDE_INPUT_BYTES:
        raise RuntimeError(
            f"{transform}: its side input has more than {SIDE_INPUT_BYTES >> 20} MiB, which every worker would have to hold"
        )


def _state_key(side: SideInput) -> bytes:
    """By what a worker asks for a side input; the global window's name is empty."""
    asked = beam_fn_api_pb2.StateKey.IterableSideInput(transform_id=side.transform, side_input_id=side.tag, window=b"")
    return beam_fn_api_pb2.StateKey(iterable_side_input=asked).SerializeToString()


def _drain(outputs: Iterable[Any]) -> None:
    for _ in outputs:
        pass
