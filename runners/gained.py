"""A memory -> how many answers of each measure it has gained: how far a job that asks models has come."""

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from lamella.transforms.base.files import join, open_binary
from lamella.transforms.base.memory import memory_files


class Gained:
    """`gained()` -> answers by the name of their measure, since this was made. It reads the footers of new parts, once each.

    Every measure writes what it finds out at least twice a minute, on whatever machine it works; so this needs no word from
    workers, and is the same for all engines. Where runs share the memory, the answers of all of them count.
    """

    def __init__(self, root: str):
        self._root = root
        self._rows = dict.fromkeys(memory_files(root), 0)  # what stood before counts for nothing

    def __call__(self) -> Mapping[str, int]:
        for part in memory_files(self._root).keys() - self._rows.keys():
            self._rows[part] = self._rows_of(part)
        gained: Counter[str] = Counter()
        for part, rows in sorted(self._rows.items()):
            gained[part.partition("/")[0]] += rows
        return +gained

    def _rows_of(self, part: str) -> int:
        try:
            with open_binary(join(self._root, part)) as stream:
                return pq.read_metadata(stream).num_rows
        except (FileNotFoundError, pa.ArrowException):
            return 0  # gone again, or damaged: who reads it as answers sees to it
