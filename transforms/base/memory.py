"""Expensive answers, kept by content -> immutable parts that are named by their checksum, and back.

An answer's key is the content that it is about (the hash of a picture's bytes, of a text); its folder is the measure and its
identity (the model's weights, its preprocessing, its precision, the shape of its batches). So an answer is never wrong and
never decides anything: losing a part costs only the time of measuring again. Several runs may write to one memory at once.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from lamella.schemas.arrow import from_table, parquet_bytes, to_table
from lamella.schemas.quick_pickle import quick_pickle
from lamella.transforms.base.files import join, list_files, read_bytes, write_atomically

FOLDER = "memory"  # within a run's, where `run.memory` names no other

_PART = re.compile(r"[0-9a-f]{64}\.parquet")
_FLUSH_S = 30.0  # of measuring that a kill may lose; parts would be too many if each batch were one
_MOST = 8192  # answers of a part


@quick_pickle
class Request(NamedTuple):
    """What is to be measured, under the key of its content."""

    key: str
    what: Any


class Kept(Protocol):
    """What a memory keeps answers of."""

    @property
    def name(self) -> str:
        """What was found out, in the plural: a folder's name, and a word in the run's lines."""
        ...

    @property
    def identity(self) -> str:
        """A hash of all that answers depend on beside the content."""
        ...

    @property
    def answer(self) -> type:
        """The record type of answers; it has a `key`."""
        ...


class Measure(Kept, Protocol):
    """Something dear that depends on a request's content and on `identity`, and on nothing else: not on its neighbours."""

    @property
    def lot(self) -> int:
        """Requests that are measured at once."""
        ...

    def load(self) -> Any:
        """The model. Called once a worker, and only where something is to be measured."""
        ...

    def measure(self, requests: Sequence[Request], model: Any) -> Iterable[Any]:
        """An answer a request, in any order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Where answers are kept, and how often they are written."""

    root: str
    flush_s: float = _FLUSH_S

    def folder(self, measure: Kept) -> str:
        return join(self.root, measure.name, measure.identity)

    def parts(self, measure: Kept) -> list[str]:
        """The paths of the finished parts, in order. A file without a part's name is ignored."""
        folder = self.folder(measure)
        return [join(folder, name) for name, size in sorted(list_files(folder).items()) if size >= 0 and is_part(name)]

    def keep(self, measure: Kept, answers: Iterable[Any]) -> None:
        """Writes a part. The same answers have the same name, whoever writes them.

        What could not be seen is not kept: a machine that was short of something would be remembered as a broken picture.
        """
        seen = sorted((answer for answer in answers if not getattr(answer, "unseen", None)), key=_key)
        if seen:
            data = parquet_bytes(to_table(measure.answer, seen), len(seen))
            write_atomically(join(self.folder(measure), f"{sha256(data).hexdigest()}.parquet"), data)


def memory_files(root: str) -> dict[str, int]:
    """`measure/identity/part` -> bytes, of all parts of a memory."""
    found = {}
    for measure, size in list_files(root).items():
        for identity, inner in list_files(join(root, measure)).items() if size < 0 else ():
            parts = list_files(join(root, measure, identity)) if inner < 0 else {}
            found |= {
                f"{measure}/{identity}/{name}": held for name, held in sorted(parts.items()) if held >= 0 and is_part(name)
            }
    return found


def is_part(name: str) -> bool:
    """Whether a file of a memory bears a part's name."""
    return bool(_PART.fullmatch(name))


def is_whole(path: str) -> bool:
    """Whether a part's bytes are those that its name tells."""
    return _bears_its_name(path, read_bytes(path))


def read_part(path: str, answer: type) -> list[Any]:
    """The answers of a part; none where it is damaged, or is gone: they are measured again."""
    try:
        data = read_bytes(path)
    except FileNotFoundError:
        return []
    if not _bears_its_name(path, data):
        return []
    try:
        return list(from_table(answer, pq.read_table(BytesIO(data))))
    except (pa.ArrowException, KeyError, TypeError, ValueError):  # of another version's columns
        return []


def measured(
    requests: Iterable[Request], measure: Measure, memory: Memory, load: Callable[[], Any] | None = None
) -> Iterator[Any]:
    """Answers to requests that no part answers, each once it is written: whatever stops the work stops only what is open.

    Args:
        requests: of different keys; they are taken in the order of their keys.
        load: gives the model; `measure.load` where it is None.
    """
    ordered = sorted(requests, key=_key)
    if not ordered:
        return
    model = (load or measure.load)()
    fresh: list[Any] = []
    since = time.monotonic()
    for start in range(0, len(ordered), measure.lot):
        try:
            fresh += measure.measure(ordered[start : start + measure.lot], model)
        except BaseException:
            memory.keep(measure, fresh)
            raise
        last = start + measure.lot >= len(ordered)
        if last or len(fresh) >= _MOST or time.monotonic() - since >= memory.flush_s:
            memory.keep(measure, fresh)
            yield from fresh
            fresh, since = [], time.monotonic()


def _bears_its_name(path: str, data: bytes) -> bool:
    return f"{sha256(data).hexdigest()}.parquet" == path.rpartition("/")[2]


def _key(record: Any) -> str:
    return record.key
