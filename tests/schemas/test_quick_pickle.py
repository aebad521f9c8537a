"""Records cross a shuffle pickled: they come back equal and frozen, and none asks the slow way for its fields."""

import copy
import dataclasses
import pickle

import pytest
from test_arrow import RECORDS

from lamella.pipeline.graph import TABLES
from lamella.schemas.quick_pickle import quick_pickle


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal_and_frozen(record):
    for again in (pickle.loads(pickle.dumps(record)), copy.copy(record), copy.deepcopy(record)):
        assert again == record and type(again) is type(record)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(again, dataclasses.fields(record)[0].name, None)


def test_every_record_of_a_table_is_pickled_so():
    """A slotted class that is not decorated has dataclasses' own way to its state."""
    slow = dataclasses._dataclass_getstate
    assert [table.record.__name__ for table in TABLES.values() if table.record.__getstate__ is slow] == []


@dataclasses.dataclass(frozen=True, slots=True)
class Single:
    value: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class More(Single):
    other: str = ""


@pytest.mark.parametrize("record", [Single(value=()), Single(value=(1, 2)), More(value=(3,), other="x")])
def test_one_field_and_those_of_a_parent(record):
    quick_pickle(type(record))
    assert pickle.loads(pickle.dumps(record)) == record


def test_a_state_of_other_fields_is_refused():
    state = More(value=(3,), other="x").__reduce_ex__(2)[2]
    with pytest.raises(ValueError, match="zip"):
        quick_pickle(More).__new__(More).__setstate__(state[:1])
