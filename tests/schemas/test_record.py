"""`record`: what crosses a shuffle comes back equal, of its type, frozen and without a `__dict__`; its state is its values."""

import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.schemas.record import record


@record
class One:
    name: str = "a"


@record
class Longer(One):
    number: int = 7


MEDIA = Media(
    url="https://a.example/1.jpg",
    kind=MediaKind.IMAGE,
    blob=BlobRef(path="a.warc.gz", offset=2**40, length=7, container=Container.WARC),
    sha256="0" * 64,
    mime="image/jpeg",
    bytes=7,
    width=3,
    height=4,
    source="archive",
)
DOCUMENT = InterleavedDocument(
    key="k",
    url="u",
    nodes=(TextNode(text="t", position=0), ImageNode(url=MEDIA.url, position=1, media=MEDIA)),
    provenance=Provenance(archive="a", offset=0, length=1, record_id="r", crawl_time="2025-11-01T00:00:00Z"),
)


@pytest.mark.parametrize("value", [One(name="b"), One(name=("b",)), Longer(number=8), MEDIA, DOCUMENT])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_record_comes_back_equal(value, protocol):
    back = pickle.loads(pickle.dumps(value, protocol))
    assert back == value
    assert type(back) is type(value)
    assert hash(back) == hash(value)


def test_its_state_is_its_values_in_their_order():
    assert One().__getstate__() == ("a",)
    assert Longer().__getstate__() == ("a", 7)


def test_a_state_of_another_length_is_refused():
    with pytest.raises(ValueError, match="longer"):
        One().__setstate__(("a", 7))


def test_it_is_a_frozen_dataclass_with_slots_and_named_arguments():
    assert is_dataclass(One) and [field.name for field in fields(Longer)] == ["name", "number"]
    assert not hasattr(Longer(), "__dict__")
    with pytest.raises(FrozenInstanceError):
        One().name = "b"
    with pytest.raises(TypeError):
        One("b")
