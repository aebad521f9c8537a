"""Finished tables and the parts of memories -> their records, a PCollection each. One shuffle spreads files over workers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from lamella.pipeline.tables import finished_manifest, read_file
from lamella.transforms.base.files import join
from lamella.transforms.base.memory import Kept, Memory, read_part
from lamella.transforms.base.spread import Spread


class ReadTables(beam.PTransform):
    """Pipeline -> {name: records} of finished tables, and {measure's name: answers} of what a memory holds.

    Args:
        folders: name -> the table's folder and the type of its records. Raises FileNotFoundError where one is not finished.
        measures: whose stored answers are read, from `memory`.
    """

    def __init__(self, folders: Mapping[str, tuple[str, type]], memory: Memory | None = None, measures: Sequence[Kept] = ()):
        super().__init__()
        self._types = [*(record for _, record in folders.values()), *(measure.answer for measure in measures)]
        self._names = [*folders, *(measure.name for measure in measures)]
        self._tables = len(folders)
        self._paths = [
            (number, join(folder, file.name))
            for number, (folder, _) in enumerate(folders.values())
            for file in finished_manifest(folder).files
            if file.rows
        ]
        if memory:
            parts = (memory.parts(measure) for measure in measures)
            self._paths += [(number, path) for number, paths in enumerate(parts, self._tables) for path in paths]

    def expand(self, pipeline):
        outputs = {f"table{number}": record for number, record in enumerate(self._types)}
        out = (
            pipeline
            | beam.Create(self._paths, reshuffle=False).with_output_types(tuple[int, str])
            | Spread(_path)
            | beam.FlatMap(_records, self._types, self._tables).with_output_types(Any, **outputs).with_outputs(*outputs)
        )
        return {name: out[output] for name, output in zip(self._names, outputs, strict=True)}


def _path(file: tuple[int, str]) -> str:
    return file[1]


def _records(file: tuple[int, str], types: Sequence[type], tables: int) -> Iterator[beam.pvalue.TaggedOutput]:
    number, path = file
    for record in (read_file if number < tables else read_part)(path, types[number]):
        yield beam.pvalue.TaggedOutput(f"table{number}", record)
