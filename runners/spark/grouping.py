"""Encoded records -> encoded groups of the records of one key. Spark sorts by key in between.

A partition is never held: records flow from a chunk to the sort and from the sort into groups. A small group is in memory, a
large one in a file.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, groupby
from operator import itemgetter

from apache_beam.coders.coder_impl import create_InputStream, create_OutputStream
from apache_beam.coders.coders import SingletonCoder, WindowedValueCoder
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.pipeline_context import PipelineContext
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.windowed_value import PaneInfo, PaneInfoTiming, WindowedValue

from lamella.runners.spark.spill import spilled

CHUNK_BYTES = 1 << 20  # of encoded records, about; larger where one record is
HELD_BYTES = 16 << 20  # of a group's values that are in memory at once


@lru_cache(maxsize=2)
def context_of(shared: bytes) -> PipelineContext:
    """What knows the coders of a pipeline."""
    return PipelineContext(beam_fn_api_pb2.ProcessBundleDescriptor.FromString(shared))


def records_of(chunks: Iterable[bytes], coder: WindowedValueCoder) -> Iterator[WindowedValue]:
    """Chunks of encoded records -> the records."""
    impl = coder.get_impl()
    for chunk in chunks:
        stream = create_InputStream(chunk)
        while stream.size() > 0:
            yield impl.decode_from_stream(stream, True)


def keyed(chunks: Iterable[bytes], coder: WindowedValueCoder) -> Iterator[tuple[bytes, bytes]]:
    """Chunks of (key, value) -> each record's encoded key and encoded value."""
    pair = coder.wrapped_value_coder
    encode_key, encode_value = pair.key_coder().get_impl().encode_nested, pair.value_coder().get_impl().encode_nested
    for record in records_of(chunks, coder):
        key, value = record.value
        yield encode_key(key), encode_value(value)


def grouped(pairs: Iterable[tuple[bytes, bytes]], coder: WindowedValueCoder) -> Iterator[bytes]:
    """Pairs in the order of their keys -> chunks of encoded (key, values).

    A group beyond HELD_BYTES waits in a file of this worker until what comes behind it is asked for; see `spilled`.
    """
    head, chunk, size = _head(coder), [], 0
    for key, group in groupby(pairs, key=itemgetter(0)):
        rest = map(itemgetter(1), group)
        values, held = _held(rest)
        if held > HELD_BYTES:
            if chunk:
                yield b"".join(chunk)
                chunk, size = [], 0
            with spilled(chain(values, rest)) as there:
                del values
                yield b"".join((head, key, there))
            continue
        record = b"".join((head, key, len(values).to_bytes(4, "big"), *values))
        chunk.append(record)
        size += len(record)
        if size >= CHUNK_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
    if chunk:
        yield b"".join(chunk)


def _held(group: Iterator[bytes]) -> tuple[list[bytes], int]:
    """The first values of a group, all of them where they are not too many, and their bytes."""
    values, held = [], 0
    for value in group:
        values.append(value)
        held += len(value)
        if held > HELD_BYTES:
            break
    return values, held


def partition_of(key: bytes) -> int:
    """A number whose remainder is a key's partition: the same in every process."""
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big")


def side_input(chunks: Iterable[bytes], coder: WindowedValueCoder) -> bytes:
    """Chunks of records -> what a worker is given of them as a side input: their values, encoded one after the other."""
    out, encode = create_OutputStream(), coder.wrapped_value_coder.get_impl().encode_to_stream
    for record in records_of(chunks, coder):
        encode(record.value, out, True)
    return out.get()


def _head(coder: WindowedValueCoder) -> bytes:
    """What stands before the key in every encoded group: time, window and pane, as a GroupByKey gives them."""
    pane = PaneInfo(is_first=True, is_last=True, timing=PaneInfoTiming.ON_TIME, index=0, nonspeculative_index=0)
    no_value = WindowedValueCoder(SingletonCoder(None), coder.window_coder).get_impl()
    group = GlobalWindows.windowed_value(None, timestamp=GlobalWindow().max_timestamp(), pane_info=pane)
    return no_value.encode_nested(group)
