"""Samples: decode(encode(sample)) is the sample, and members that contradict each other are refused."""

import json

import pytest

from lamella.schemas.datasets import DATASETS
from lamella.schemas.errors import BadSample
from lamella.schemas.phi import phi_of
from lamella.schemas.sample import ClipSample, InterleavedSample, PairSample, dump_json

INTERLEAVED = InterleavedSample(
    key="k",
    url="https://a.example/",
    texts=("One — “text”", None, "two", None),
    image_index=(None, 0, None, 1),
    previous=(0, 0, 1, 0),
    next=(1, 0, 2, 0),
    images=(b"\xff\xd8one", b"\xff\xd8second"),
    image_facts=({"alt": "ein Bild", "clip_score": 0.25}, {"alt": ""}),
    facts={"language": "en"},
)
PAIR = PairSample(key="k", url="https://a.example/i.jpg", text="une image", image=b"\xff\xd8x", facts={"score": None})
CLIP = ClipSample(key="k", url="https://a.example/v.mp4", text="", frames=(b"a", b"", b"c"))


@pytest.mark.parametrize("sample", [INTERLEAVED, PAIR, CLIP], ids=["interleaved", "pair", "clip"])
def test_decode_is_the_inverse_of_encode(sample):
    assert type(sample).decode(sample.encode()) == sample
    assert type(sample).decode(sample.encode()).encode() == sample.encode()


def test_every_dataset_has_a_sample():
    assert {str(dataset): entry.sample.__name__ for dataset, entry in DATASETS.items()} == {
        "m3w": "InterleavedSample",
        "align": "PairSample",
        "ltip": "PairSample",
        "vtp": "ClipSample",
    }


def test_json_depends_on_the_value_alone():
    assert dump_json({"b": 1, "a": "é"}) == dump_json({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()
    with pytest.raises(ValueError):
        dump_json(float("nan"))


def test_phi_of_texts():
    assert phi_of(INTERLEAVED.texts) == (INTERLEAVED.previous, INTERLEAVED.next)


def header(**changes) -> bytes:
    return dump_json(json.loads(INTERLEAVED.encode()["json"]) | changes)


BAD = {
    "no json": {"jpg": b""},
    "no image": {"json": INTERLEAVED.encode()["json"]},
    "not json": {"json": b"{", "jpg": b""},
    "not an object": {"json": b"[]", "jpg": b""},
    "deeper than a parser goes": {"json": b"[" * 100_000, "jpg": b""},
    "not UTF-8": {"json": b"\xff\xfe", "jpg": b""},
    "cut blob": {"json": INTERLEAVED.encode()["json"], "jpg": INTERLEAVED.encode()["jpg"][:-1]},
    "overlapping images": {"json": header(images=[{"offset": 0, "length": 4}, {"offset": 2, "length": 4}]), "jpg": b"12345678"},
    "negative length": {"json": header(images=[{"offset": 0, "length": 9}, {"offset": 9, "length": -1}]), "jpg": b"12345678"},
    "length is a string": {"json": header(images=[{"offset": 0, "length": "8"}]), "jpg": b"12345678"},
    "no texts": {"json": header(texts=None), "jpg": INTERLEAVED.encode()["jpg"]},
}


@pytest.mark.parametrize("members", BAD.values(), ids=BAD.keys())
def test_bad_interleaved_samples_are_refused(members):
    with pytest.raises(BadSample):
        InterleavedSample.decode(members)


@pytest.mark.parametrize(
    "members", [{"json": b"{}"}, {"json": b'{"frames":1000000000}', "0.jpg": b""}, {"json": b'{"frames":"x"}'}]
)
def test_bad_clips_are_refused(members):
    with pytest.raises(BadSample):
        ClipSample.decode(members)


def test_unknown_fields_of_a_pair_are_refused():
    with pytest.raises(BadSample):
        PairSample.decode({"json": dump_json({"key": "k", "url": "", "text": "", "more": 1}), "jpg": b""})
