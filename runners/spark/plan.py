"""Beam's fused stages -> what Spark is to run, as plain values. It imports nothing of Spark.

Only this file reads Beam's own notes on a pipeline (`runners.portability.fn_api_runner`). They are not a public interface, so
`pyproject.toml` pins Beam exactly, and tests/runners/test_spark_plan.py shows what changed with another version.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_fn_api_pb2, beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import translations
from apache_beam.runners.worker import bundle_processor

GROUP = "group"  # the kind of a buffer whose records are grouped by key before they are read
_ITERABLE = common_urns.side_inputs.ITERABLE.urn
_GLOBAL_WINDOWS = common_urns.global_windows.urn


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """What stages write and one or more stages read. The empty name is what Beam starts a pipeline with: one empty record."""

    kind: str = ""
    name: str = ""


IMPULSE = Buffer()


@dataclass(frozen=True, slots=True, kw_only=True)
class SideInput:
    """A whole PCollection that a transform is given beside its records."""

    transform: str
    tag: str
    buffer: Buffer
    coder: str  # of the buffer's records


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """Transforms that one worker runs on a partition, from one buffer into others."""

    number: int
    name: str
    transforms: bytes  # a ProcessBundleDescriptor with the transforms alone
    source: str  # the transform that reads
    reads: Buffer
    writes: Mapping[str, Buffer]  # by the transform that writes
    sides: tuple[SideInput, ...]
    passes: bool  # writes what it reads, as it is: a Flatten leaves such stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A GroupByKey: the coders of its records, (key, value), and of its groups, (key, values)."""

    records: str
    groups: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """A pipeline.

    `shared` is a ProcessBundleDescriptor of all that stages have in common: coders, collections, windowing strategies.
    """

    stages: tuple[StagePlan, ...]
    groupings: Mapping[Buffer, Grouping]
    shared: bytes

    def reads_of(self, stage: StagePlan) -> int:
        """How often what a stage makes is read: once by each shuffle, stage and side input; a stage without output, once."""
        return sum(self._reads_of(buffer) for buffer in set(stage.writes.values())) or 1

    def _reads_of(self, buffer: Buffer) -> int:
        if buffer.kind == GROUP:
            return 1
        readers = [stage for stage in self.stages if stage.reads == buffer]
        through = sum(self.reads_of(stage) if stage.passes else 1 for stage in readers)
        return through + any(side.buffer == buffer for stage in self.stages for side in stage.sides)


def plan_job(context: translations.TransformContext, stages: Sequence[translations.Stage]) -> JobPlan:
    """Raises RuntimeError for what the project's pipelines do not use, and this runner does not know."""
    components = context.components
    shared = beam_fn_api_pb2.ProcessBundleDescriptor(
        pcollections=dict(components.pcollections.items()),
        coders=dict(components.coders.items()),
        windowing_strategies=dict(components.windowing_strategies.items()),
        environments=dict(components.environments.items()),
    )
    groupings: dict[Buffer, Grouping] = {}
    planned = tuple(_plan_stage(number, stage, context) for number, stage in enumerate(stages))
    for stage in planned:
        if stage.reads.kind == GROUP and stage.reads not in groupings:
            groupings[stage.reads] = _grouping(stage.reads, context)
    return JobPlan(stages=planned, groupings=groupings, shared=shared.SerializeToString())


def _plan_stage(number: int, stage: translations.Stage, context: translations.TransformContext) -> StagePlan:
    sources: dict[str, Buffer] = {}
    writes: dict[str, Buffer] = {}
    sides: list[SideInput] = []
    transforms: dict[str, beam_runner_api_pb2.PTransform] = {}
    for transform in stage.transforms:
        transforms[transform.unique_name] = kept = beam_runner_api_pb2.PTransform()
        kept.CopyFrom(transform)
        if transform.spec.urn == bundle_processor.DATA_INPUT_URN:
            sources[transform.unique_name] = _buffer(transform.spec.payload)
            kept.spec.payload = _port(context, transform.outputs)
        elif transform.spec.urn == bundle_processor.DATA_OUTPUT_URN:
            writes[transform.unique_name] = _buffer(transform.spec.payload)
            kept.spec.payload = _port(context, transform.inputs)
        elif transform.spec.urn in translations.PAR_DO_URNS:
            sides.extend(_side_inputs(transform, context))
    if len(sources) != 1:
        raise RuntimeError(f"{_name(stage)}: reads {len(sources)} buffers, and this runner reads one")
    ((source, reads),) = sources.items()
    return StagePlan(
        number=number,
        name=_name(stage),
        transforms=beam_fn_api_pb2.ProcessBundleDescriptor(id=str(number), transforms=transforms).SerializeToString(),
        source=source,
        reads=reads,
        writes=writes,
        sides=tuple(sides),
        passes=_passes(stage),
    )


def _passes(stage: translations.Stage) -> bool:
    ends = (bundle_processor.DATA_INPUT_URN, bundle_processor.DATA_OUTPUT_URN)
    collections = {name for transform in stage.transforms for name in (*transform.inputs.values(), *transform.outputs.values())}
    return len(collections) == 1 and all(transform.spec.urn in ends for transform in stage.transforms)


def _side_inputs(transform: beam_runner_api_pb2.PTransform, context: translations.TransformContext) -> Iterator[SideInput]:
    payload = beam_runner_api_pb2.ParDoPayload.FromString(transform.spec.payload)
    if payload.state_specs or payload.timer_family_specs or payload.restriction_coder_id:
        raise RuntimeError(f"{transform.unique_name}: keeps state, sets timers or splits records, which this runner does not")
    for tag, side in payload.side_inputs.items():
        if side.access_pattern.urn != _ITERABLE:
            raise RuntimeError(
                f"{transform.unique_name}: its side input {tag} is looked up by key, which this runner does not do"
            )
        collection = transform.inputs[tag]
        yield SideInput(
            transform=transform.unique_name,
            tag=tag,
            buffer=_buffer(translations.create_buffer_id(collection)),
            coder=_safe_coder(context, collection),
        )


def _grouping(buffer: Buffer, context: translations.TransformContext) -> Grouping:
    transform = context.components.transforms[buffer.name]
    (source,), (target,) = transform.inputs.values(), transform.outputs.values()
    windowing = context.components.windowing_strategies[context.components.pcollections[source].windowing_strategy_id]
    if windowing.window_fn.urn != _GLOBAL_WINDOWS:
        raise RuntimeError(f"{buffer.name}: groups by window, and this runner knows the global one alone")
    return Grouping(records=_safe_coder(context, source), groups=_safe_coder(context, target))


def _safe_coder(context: translations.TransformContext, collection: str) -> str:
    """The coder by which the runner reads what the worker's coder wrote: what only the worker knows stays bytes."""
    channel = context.data_channel_coders[collection]
    return context.safe_coders.get(channel, channel)


def _port(context: translations.TransformContext, collections: Mapping[str, str]) -> bytes:
    (collection,) = collections.values()
    return beam_fn_api_pb2.RemoteGrpcPort(coder_id=context.data_channel_coders[collection]).SerializeToString()


def _buffer(payload: bytes) -> Buffer:
    if payload == translations.IMPULSE_BUFFER:
        return IMPULSE
    kind, name = translations.split_buffer_id(payload)
    return Buffer(kind=kind, name=name)


def _name(stage: translations.Stage) -> str:
    """The last step of a stage, as the pipeline names it."""
    steps = [transform.unique_name for transform in stage.transforms if transform.spec.urn in translations.PAR_DO_URNS]
    return steps[-1] if steps else stage.name.splitlines()[0]
