"""Pipeline -> its run by Beam's in-memory runner, with less encoding on the way through each shuffle; work is shared out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.portability.python_urns import EMBEDDED_PYTHON
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.execution import BundleContextManager
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, ParallelBundleManager
from apache_beam.runners.portability.fn_api_runner.translations import Stage, TransformContext, split_buffer_id
from apache_beam.runners.worker.bundle_processor import DATA_INPUT_URN, DATA_OUTPUT_URN

from lamella.runners.by_reference import by_reference, held
from lamella.runners.shared_out import SharedOut

_GROUP = "group"  # the kind of a buffer whose records Beam groups as they are written


class LocalRunner(FnApiRunner):
    """Beam's own, but that what goes through a Flatten into a GroupByKey is written into its groups at once, that a worker
    which is done helps the others, and that records are not encoded where all is done in this process.

    Beam 2.77 lets the inputs of a Flatten write into one buffer, and a stage of its own read it to write into the groups: each
    record of each join is decoded and encoded once more, and with several workers sent to one of them and back.
    """

    def _get_bundle_manager(self, bundle_context_manager: BundleContextManager) -> BundleManager:
        manager = super()._get_bundle_manager(bundle_context_manager)
        if isinstance(manager, ParallelBundleManager):
            return SharedOut(bundle_context_manager, self._progress_frequency, manager._cache_token_generator)
        return manager

    def run_via_runner_api(self, pipeline_proto: beam_runner_api_pb2.Pipeline, options: PipelineOptions) -> Any:
        environments = pipeline_proto.components.environments.values()
        if self._num_workers > 1 or any(environment.urn != EMBEDDED_PYTHON for environment in environments):
            return super().run_via_runner_api(pipeline_proto, options)
        with held() as name:
            by_reference(pipeline_proto, name)
            return super().run_via_runner_api(pipeline_proto, options)

    def create_stages(self, pipeline_proto: beam_runner_api_pb2.Pipeline) -> tuple[TransformContext, list[Stage]]:
        context, stages = super().create_stages(pipeline_proto)
        return context, list(_written_at_once(stages, context.data_channel_coders))


def _written_at_once(stages: Iterable[Stage], coders: dict[str, str]) -> Iterator[Stage]:
    """The stages without those that only copy a buffer into a group's; whoever wrote into the one writes into the other."""
    stages = list(stages)
    readers = Counter(t.spec.payload for stage in stages for t in stage.transforms if t.spec.urn == DATA_INPUT_URN)
    writers: dict[bytes, list[beam_runner_api_pb2.PTransform]] = {}
    for transform in (transform for stage in stages for transform in stage.transforms):
        if transform.spec.urn == DATA_OUTPUT_URN:
            writers.setdefault(transform.spec.payload, []).append(transform)
    for stage in stages:
        copied = _copied(stage)
        if copied is None:
            yield stage
            continue
        source, group, coder = copied[0], copied[1], coders[copied[2]]
        into = writers.get(source, [])
        # A buffer that no stage writes is filled from elsewhere, and only this stage brings it into the group.
        if not into or readers[source] > 1 or any(coders[pcoll] != coder for write in into for pcoll in write.inputs.values()):
            yield stage
            continue
        for write in into:
            write.spec.payload = group


def _copied(stage: Stage) -> tuple[bytes, bytes, str] | None:
    """Of a stage that reads a buffer and writes what it read into a group: the buffer, the group's, and the PCollection."""
    if len(stage.transforms) != 2:
        return None
    read, write = sorted(stage.transforms, key=lambda transform: transform.spec.urn != DATA_INPUT_URN)
    if (read.spec.urn, write.spec.urn) != (DATA_INPUT_URN, DATA_OUTPUT_URN):
        return None
    (records,) = read.outputs.values()
    if list(write.inputs.values()) != [records] or split_buffer_id(write.spec.payload)[0] != _GROUP:
        return None
    return read.spec.payload, write.spec.payload, records
