"""Samples -> thumbnails or words: whatever is wrong with one picture, the report is made."""

from dataclasses import asdict

import pytest
from store_world import store_at

from lamella.reporting.report_html import Thumbnails
from lamella.schemas.media import BlobRef, Container
from tests.faults import clips, pictures


def shown(root, data: bytes, kind: str, **more):
    (root / "m").write_bytes(data)
    blob = asdict(BlobRef(path="m", offset=0, length=len(data), container=Container.RAW))
    return Thumbnails(store_at(str(root)), frozenset()).beside({"blob": blob, "kind": kind} | more)["thumbnail"]


def test_what_is_sound_is_drawn(tmp_path):
    for kind in pictures.FORMATS:
        assert shown(tmp_path, pictures.sound(kind), "image").uri.startswith("data:image/jpeg;base64,")
    for form in clips.FORMATS:
        for data in (clips.sound(form), clips.odd_title(form)):
            assert shown(tmp_path, data, "video", start_s=1.0, end_s=3.0).uri


@pytest.mark.parametrize("seed", range(len(pictures.HOSTILE)))
def test_a_hostile_picture_is_drawn_or_said(tmp_path, seed):
    thumbnail = shown(tmp_path, pictures.hostile(seed)[1], "image")
    assert bool(thumbnail.uri) != thumbnail.says.startswith("unreadable: ")


def test_a_clip_that_is_none_is_said(tmp_path):
    for seed in range(len(clips.HOSTILE)):
        thumbnail = shown(tmp_path, clips.hostile(seed)[1], "video", duration_s=4.0)
        assert bool(thumbnail.uri) != thumbnail.says.startswith("unreadable: ")


def test_an_odd_record_is_said(tmp_path):
    data = clips.sound()
    for edge_case in ({"start_s": "soon"}, {"start_s": float("nan")}, {"start_s": 1e300}, {"start_s": None}):
        thumbnail = shown(tmp_path, data, "video", end_s=3.0, **edge_case)
        assert thumbnail.uri or thumbnail.says.startswith("unreadable: ")
    blob = {"path": "m", "offset": -5, "length": 10, "container": "of another age"}
    said = Thumbnails(store_at(str(tmp_path)), frozenset()).beside({"blob": blob, "kind": "image"})["thumbnail"]
    assert said.says.startswith("unreadable: ValueError")
