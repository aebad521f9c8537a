"""A job's pipeline -> its results from the same functions, called in a plain loop in this process, without an engine.

Each ParDo is a `for` over a list, each GroupByKey a dictionary. Nothing is encoded, sent, fused or tried again: what a run
takes so is what an engine's own work is measured against.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
from apache_beam.internal.util import insert_values_in_args
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.core import Flatten, GroupByKey, Impulse, ParDo
from apache_beam.utils.windowed_value import WindowedValue


def plain_loop(label: str, build: Callable[[beam.Pipeline], object]) -> None:
    """An `execute(label, build)`, as `runners/` has them."""
    pipeline = beam.Pipeline()
    build(pipeline)
    pipeline.visit(_Loop())


class _Loop(PipelineVisitor):
    """Calls what each transform is made of as soon as it is met: what it reads stands by then."""

    def __init__(self):
        self._records: dict[PCollection, list[Any]] = {}

    def visit_transform(self, transform_node: AppliedPTransform) -> None:
        inputs = [self._records[records] for records in transform_node.inputs if isinstance(records, PCollection)]
        transform = transform_node.transform
        if isinstance(transform, ParDo):
            made = self._called(transform, transform_node.side_inputs, *inputs)
        elif isinstance(transform, GroupByKey):
            made = {None: _grouped(*inputs)}
        elif isinstance(transform, Flatten):
            made = {None: [record for records in inputs for record in records]}
        elif isinstance(transform, Impulse):
            made = {None: [b""]}
        elif transform_node.outputs and not all(output in self._records for output in transform_node.outputs.values()):
            raise NotImplementedError(f"{transform_node.full_label}: {type(transform).__name__}")
        else:
            return
        for tag, output in transform_node.outputs.items():
            self._records[output] = made.get(tag, [])

    def _called(self, transform: ParDo, sides: Iterable[Any], records: list[Any]) -> dict[str | None, list[Any]]:
        views = [side._from_runtime_iterable(self._records[side.pvalue], side._view_options()) for side in sides]
        args, named = insert_values_in_args(transform.args, transform.kwargs, views)
        made: dict[str | None, list[Any]] = defaultdict(list)
        function = transform.fn
        function.setup()
        function.start_bundle()
        for record in records:
            _sort_out(function.process(record, *args, **named), made)
        _sort_out(function.finish_bundle(), made)
        function.teardown()
        return made


def _grouped(records: Iterable[tuple[Any, Any]]) -> list[tuple[Any, list[Any]]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for key, value in records:
        groups[key].append(value)
    return list(groups.items())


def _sort_out(outputs: Iterable[Any] | None, made: dict[str | None, list[Any]]) -> None:
    for output in outputs or ():
        tag, value = (output.tag, output.value) if isinstance(output, TaggedOutput) else (None, output)
        made[tag].append(value.value if isinstance(value, WindowedValue) else value)
