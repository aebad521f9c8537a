"""Finished tables in; their records, a PCollection a table, out. All files are shared out among workers in one shuffle."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from lamella.pipeline.tables import finished_manifest, read_file
from lamella.transforms.base.files import join
from lamella.transforms.base.spread import Spread


class ReadTables(beam.PTransform):
    """Pipeline -> {name: records} of finished tables.

    Args:
        folders: name -> the table's folder and the type of its records. Raises FileNotFoundError where one is not finished.
    """

    def __init__(self, folders: Mapping[str, tuple[str, type]]):
        super().__init__()
        self._types = [record for _, record in folders.values()]
        self._names = list(folders)
        self._paths = [
            (number, join(folder, file.name))
            for number, (folder, _) in enumerate(folders.values())
            for file in finished_manifest(folder).files
            if file.rows
        ]

    def expand(self, pipeline):
        doors = {f"table{number}": record for number, record in enumerate(self._types)}
        out = (
            pipeline
            | beam.Create(self._paths, reshuffle=False).with_output_types(tuple[int, str])
            | Spread(_path)
            | beam.FlatMap(_records, self._types).with_output_types(Any, **doors).with_outputs(*doors)
        )
        return {name: out[door] for name, door in zip(self._names, doors, strict=True)}


def _path(file: tuple[int, str]) -> str:
    return file[1]


def _records(file: tuple[int, str], types: Sequence[type]) -> Iterator[beam.pvalue.TaggedOutput]:
    number, path = file
    for record in read_file(path, types[number]):
        yield beam.pvalue.TaggedOutput(f"table{number}", record)
