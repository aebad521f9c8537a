"""What a job has made -> files and manifests. All crosses one shuffle, into parts; manifests get what is known of each part
as a side input, one line for each.

A target says what its parts are, how a part is closed, and how the whole is committed when every part is closed: the manifest
is written last.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import apache_beam as beam

from lamella.pipeline.tables import TableManifest, part_names, part_of, write_file, write_manifest
from lamella.schemas.account import Counter, sum_counters
from lamella.schemas.keys import stable_int


@runtime_checkable
class Target(Protocol):
    """A table, or anything else that appears in the run's folder only when it is whole."""

    def every(self) -> Iterable[int]:
        """Parts that are closed whether or not records fall into them."""
        ...

    def part_of(self, record: Any) -> int:
        """Which part a record falls into, 0 or more."""
        ...

    def close(self, part: int, records: Iterable[Any]) -> Iterable[Any]:
        """Pieces of all records of a part, in any order. A worker that is lost has it called again."""
        ...

    def commit(self, pieces: Sequence[Any]) -> object:
        """Makes it stand, of the pieces of all parts, in any order."""
        ...


Targets = Mapping[type, Target]  # of records of one input, by their type


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTarget:
    """Rows -> Parquet files, by the hash of their keys, and the table's manifest.

    Every part is written, also one without rows, so that a table always has a file that tells its schema.
    """

    folder: str
    record: type
    parts: int
    fingerprint: str

    def every(self) -> Iterable[int]:
        return range(self.parts)

    def part_of(self, record: Any) -> int:
        return part_of(record, self.parts)

    def close(self, part: int, records: Iterable[Any]) -> Iterable[Any]:
        yield write_file(self.folder, part_names(self.parts)[part], self.record, records)

    def commit(self, pieces: Sequence[Any]) -> object:
        files = tuple(sorted(pieces, key=lambda file: file.name))
        manifest = TableManifest(table=self.folder.rsplit("/", 1)[-1], fingerprint=self.fingerprint, files=files)
        return write_manifest(self.folder, manifest)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersTarget:
    """Counters as they were counted, some a bundle -> a table of their sums: the same whatever the bundles were."""

    folder: str
    fingerprint: str

    def every(self) -> Iterable[int]:
        return ()

    def part_of(self, record: Counter) -> int:
        return stable_int(record.stage, record.unit, record.kind) >> 1

    def close(self, part: int, records: Iterable[Counter]) -> Iterable[Counter]:
        return sum_counters(records)

    def commit(self, pieces: Sequence[Counter]) -> object:
        table = TableTarget(folder=self.folder, record=Counter, parts=1, fingerprint=self.fingerprint)
        return table.commit(list(table.close(0, pieces)))


class WriteTargets(beam.PTransform):
    """{name: records} -> nothing; each target stands once all that belongs to it is written.

    Args:
        targets: by the name of the input and the type of its records.
        committed: of what the input `pieces` has, (folder, piece): they are closed already, and only committed. By folder.
    """

    def __init__(self, targets: Mapping[str, Targets], committed: Mapping[str, Target] | None = None):
        super().__init__()
        self._rows, self._committed = targets, committed or {}

    def expand(self, inputs: Mapping[str, beam.PCollection]):
        every = [*(target for kinds in self._rows.values() for target in kinds.values()), *self._committed.values()]
        number = {id(target): at for at, target in enumerate(every)}
        parts = []
        for name, kinds in self._rows.items():
            routes = {kind: (number[id(target)], target) for kind, target in kinds.items()}
            part = beam.ParDo(_Part(routes)).with_output_types(tuple[tuple[int, int], Any])
            parts.append(inputs[name] | f"Part {name.replace(chr(47), chr(32))}" >> part)
        seeds = beam.FlatMap(_every, every).with_output_types(tuple[tuple[int, int], Any])
        pipeline = next(iter(inputs.values())).pipeline
        parts.append(pipeline | beam.Impulse() | "Every" >> seeds)
        pieces = (
            tuple(parts)
            | "Parts" >> beam.Flatten()
            | "ByPart" >> beam.GroupByKey()
            | "Close" >> beam.FlatMap(_close, every).with_output_types(tuple[int, Any])
        )
        if self._committed:
            folders = {folder: number[id(target)] for folder, target in self._committed.items()}
            closed = inputs["pieces"] | "Closed" >> beam.Map(_piece, folders).with_output_types(tuple[int, Any])
            pieces = (pieces, closed) | "Pieces" >> beam.Flatten()
        targets = pipeline | "Targets" >> beam.Create(range(len(every)), reshuffle=False).with_output_types(int)
        commit = beam.FlatMap(_commit, every, beam.pvalue.AsIter(pieces)).with_output_types(str)
        return targets | "Commit" >> commit


def _every(_: bytes, targets: Sequence[Target]) -> Iterator[tuple[tuple[int, int], None]]:
    return (((number, part), None) for number, target in enumerate(targets) for part in target.every())


class _Part(beam.DoFn):
    """A record -> ((number of its target, part), record)."""

    def __init__(self, routes: Mapping[type, tuple[int, Target]]):
        self._routes = routes

    def process(self, record):
        number, target = self._routes[type(record)]
        return (((number, target.part_of(record)), record),)


def _piece(piece: tuple[str, Any], folders: Mapping[str, int]) -> tuple[int, Any]:
    return folders[piece[0]], piece[1]


def _close(group: tuple[tuple[int, int], Iterable[Any]], targets: Sequence[Target]) -> Iterator[tuple[int, Any]]:
    (number, part), records = group
    pieces = targets[number].close(part, (record for record in records if record is not None))
    return ((number, piece) for piece in pieces)


def _commit(number: int, targets: Sequence[Target], pieces: Iterable[tuple[int, Any]]) -> Iterable[str]:
    targets[number].commit([piece for of, piece in pieces if of == number])
    return ()
