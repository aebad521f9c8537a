"""Records in, the same batches always out: floating-point results depend on which records share a batch.

Records are spread over buckets by hash, sorted by key within a bucket, and cut into batches: composition and order depend
on the records alone, never on bundles or workers. Pairs of one picture stand together, so that it is read once.
"""

from collections.abc import Iterable

from lamella.schemas.document import InterleavedDocument
from lamella.schemas.keys import stable_int
from lamella.schemas.pair import Pair
from lamella.transforms.media.frames import view_of

Record = InterleavedDocument | Pair


def bucket_of(record: Record, buckets: int) -> int:
    """0 to buckets - 1; the same for all pairs of one picture."""
    return stable_int(_together(record)) % buckets


def cut(records: Iterable[Record], size: int) -> Iterable[tuple[Record, ...]]:
    """The records of one bucket as batches of `size`, the last one shorter."""
    ordered = sorted(records, key=lambda record: (_together(record), record.key))
    for start in range(0, len(ordered), size):
        yield tuple(ordered[start : start + size])


def _together(record: Record) -> str:
    return record.key if isinstance(record, InterleavedDocument) else view_of(record).key
