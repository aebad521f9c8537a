"""A pipeline's proto -> the same, whose records cross shuffles as numbers of a list, where one process does all the work.

Beam encodes what crosses a shuffle, also where it stays in the process: some hundred records of a page are pickled and made
again. Here a list holds the record, and its number goes through Beam's buffers. Keys are still bytes, since records meet by
them; a text is made bytes by one call of Python's own, and Beam's buffers need not decode it. What a combiner has summed so far
it changes in place: Beam's own coder copies that, as before.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from apache_beam.coders.coder_impl import CallbackCoderImpl
from apache_beam.coders.coders import Coder
from apache_beam.portability import common_urns, python_urns
from apache_beam.portability.api import beam_runner_api_pb2

_RECORD, _TEXT = "lamella:coder:by_reference:v1", "lamella:coder:text:v1"
_STANDARD = common_urns.coders
_NUMBERS = count()
_held: dict[bytes, list[Any]] = {}  # by the name of a job: what crosses its shuffles


@contextmanager
def held() -> Iterator[bytes]:
    """The name of a list that records are held in, until the block ends."""
    name = b"%d" % next(_NUMBERS)
    _held[name] = []
    try:
        yield name
    finally:
        del _held[name]


def by_reference(pipeline: beam_runner_api_pb2.Pipeline, name: bytes) -> None:
    """Gives each PCollection of pickled values a coder that holds them in the list of that name."""
    coders = _Coders(pipeline.components.coders, name)
    for records in pipeline.components.pcollections.values():
        records.coder_id = coders.of_records(records.coder_id)


class _Coders:
    """A pipeline's coder -> the one that takes its place, by their names. PCollections of one coder share one again."""

    def __init__(self, coders: Any, name: bytes):
        self._coders, self._known = coders, {}
        self._record = self._added("lamella_record", beam_runner_api_pb2.FunctionSpec(urn=_RECORD, payload=name))
        self._text = self._added("lamella_text", beam_runner_api_pb2.FunctionSpec(urn=_TEXT))

    def of_records(self, coder: str) -> str:
        """Of a PCollection."""
        of = self._coders[coder]
        if of.spec.urn != _STANDARD.KV.urn:
            return self._of_value(coder)
        key, value = of.component_coder_ids
        return self._changed(coder, [self._text if self._urn(key) == _STANDARD.STRING_UTF8.urn else key, self._of_value(value)])

    def _of_value(self, coder: str) -> str:
        if not self._has_pickled(coder):
            return coder
        if self._urn(coder) == _STANDARD.ITERABLE.urn:  # Beam makes it of the values of a key
            return self._changed(coder, [self._of_value(self._coders[coder].component_coder_ids[0])])
        return self._record

    def _has_pickled(self, coder: str) -> bool:
        return self._urn(coder) == python_urns.PICKLED_CODER or any(
            map(self._has_pickled, self._coders[coder].component_coder_ids)
        )

    def _urn(self, coder: str) -> str:
        return self._coders[coder].spec.urn

    def _changed(self, coder: str, components: list[str]) -> str:
        """The same kind of coder, of other components."""
        of = self._coders[coder]
        if components == list(of.component_coder_ids):
            return coder
        if coder not in self._known:
            self._known[coder] = self._added(f"{coder}_lamella", of.spec, components)
        return self._known[coder]

    def _added(self, name: str, spec: beam_runner_api_pb2.FunctionSpec, components: Iterable[str] = ()) -> str:
        self._coders[name].CopyFrom(beam_runner_api_pb2.Coder(spec=spec, component_coder_ids=components))
        return name


class ByReference(Coder):
    """A value -> its number in a list."""

    def __init__(self, name: bytes):
        self._name = name

    def _create_impl(self) -> CallbackCoderImpl:
        values = _held[self._name]

        def encode(value: Any) -> bytes:
            values.append(value)
            return b"%d" % (len(values) - 1)

        return CallbackCoderImpl(encode, lambda number: values[int(number)], lambda value: 1)


class Text(Coder):
    """A text -> UTF-8, as Beam's own coder, without a call of a function of Python."""

    def _create_impl(self) -> CallbackCoderImpl:
        return CallbackCoderImpl(str.encode, bytes.decode, len)


@Coder.register_urn(_RECORD, None)
def _record_coder(payload: bytes, components: Any, context: Any) -> ByReference:
    return ByReference(payload)


@Coder.register_urn(_TEXT, None)
def _text_coder(payload: bytes, components: Any, context: Any) -> Text:
    return Text()
