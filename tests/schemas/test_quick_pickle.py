"""Records cross a shuffle pickled: they come back equal and frozen, and none asks the slow way for its fields."""

import copy
import copyreg
import dataclasses
import pickle
import subprocess
import sys
from typing import NamedTuple

import pytest
from test_arrow import RECORDS

from lamella.pipeline.graph import TABLES
from lamella.schemas.document import InterleavedDocument, TextNode
from lamella.schemas.media import ArchiveMedia, BlobRef, Container, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.quick_pickle import quick_pickle


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal_and_frozen(record):
    for again in (pickle.loads(pickle.dumps(record)), copy.copy(record), copy.deepcopy(record)):
        assert again == record and type(again) is type(record)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(again, dataclasses.fields(record)[0].name, None)


def test_every_record_of_a_table_is_pickled_so():
    assert [table.record.__name__ for table in TABLES.values() if table.record not in copyreg.dispatch_table] == []


@dataclasses.dataclass(frozen=True, slots=True)
class Single:
    value: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class More(Single):
    other: str = ""


@quick_pickle
class Pair(NamedTuple):
    kind: MediaKind
    blob: BlobRef | None = None


@pytest.mark.parametrize("record", [Single(value=()), Single(value=(1, 2)), More(value=(3,), other="x")])
def test_one_field_and_those_of_a_parent(record):
    quick_pickle(type(record))
    assert pickle.loads(pickle.dumps(record)) == record


BLOB = BlobRef(path="a", offset=1, length=2, container=Container.RAW)


@pytest.mark.parametrize("record", [Pair(MediaKind.VIDEO, BLOB), Pair(MediaKind.TRACK)])
def test_a_named_tuple(record):
    again = pickle.loads(pickle.dumps(record))
    assert again == record and type(again) is Pair and type(again.kind) is MediaKind


NODE = TextNode(text="x", position=0)
DOCUMENT = InterleavedDocument(key="k", url="u", nodes=(NODE,), provenance=Provenance(archive="a", offset=0, length=1))


@pytest.mark.parametrize("nodes", [[NODE], (NODE, "no node"), ("no node",), "no tuple", None, (NODE, None)])
def test_what_its_type_does_not_say_comes_back_as_it_was(nodes):
    record = dataclasses.replace(DOCUMENT, nodes=nodes)
    again = pickle.loads(pickle.dumps(record))
    assert again == record and type(again.nodes) is type(nodes)


def test_what_is_no_member_of_an_enumeration_stays_a_string():
    record = dataclasses.replace(BLOB, container="raw")
    assert type(pickle.loads(pickle.dumps(record)).container) is str
    assert type(pickle.loads(pickle.dumps(BLOB)).container) is Container


def test_a_state_of_other_fields_is_refused():
    unpack, values = copyreg.dispatch_table[BlobRef](BLOB)
    with pytest.raises(IndexError):
        unpack(*values[:-1])
    with pytest.raises(TypeError):
        unpack(*values, 1)


def test_a_process_that_has_not_imported_the_class_reads_it():
    code = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read()).blob.path)"
    media = ArchiveMedia(url="u", blob=BLOB, mime="image/png")
    said = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(media), capture_output=True, check=True)
    assert said.stdout.decode().strip() == "a"
