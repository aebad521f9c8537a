"""What is true of a scene: its own texts hold, and near misses of them do not."""

import pytest

from lamella.sample.captions import caption, describe, long_caption, wrong_alt
from lamella.sample.rng import Rng
from lamella.sample.scenes import Scene, SceneKind, Thing, make_scene
from lamella.sample.truths import holds
from lamella.trainer.contrastive.near_misses import near_misses

STAR, RING = Thing(shape="star", colour="red", size="small"), Thing(shape="ring", colour="blue", size="large")
PAIR = Scene(key="k", kind=SceneKind.PAIR, things=(STAR, RING), count=2, background="striped", relation="above")
TWO = Scene(key="k", kind=SceneKind.GROUP, things=(STAR,), count=2, background="white")
BARS = Scene(
    key="k",
    kind=SceneKind.CHART,
    things=tuple(Thing(shape="bar", colour=c, size=s) for c, s in (("red", "0.2"), ("blue", "1.0"), ("pink", "0.5"))),
    count=3,
    background="grey",
)


@pytest.mark.parametrize(
    ("text", "scene", "told"),
    [
        ("A small red star above a large blue ring", PAIR, True),
        ("a big blue ring below a red star on a background with stripes", PAIR, True),
        ("a red star and a blue ring", PAIR, True),
        ("a small red star below a large blue ring", PAIR, False),
        ("a red star above a red star", PAIR, False),
        ("a large red star above a blue ring", PAIR, False),
        ("a blue star above a red ring", PAIR, False),
        ("a red star on a dotted background", PAIR, False),
        ("three red stars", PAIR, False),
        ("a bar chart with two bars", PAIR, False),
        ("nothing but a striped background", PAIR, None),
        ("two small red stars", TWO, True),
        ("a small red star", TWO, None),
        ("a red star above a red star", TWO, None),
        ("three small red stars", TWO, False),
        ("a bar chart with three bars, the tallest blue and the shortest red", BARS, True),
        ("a chart of three bars with a tall blue bar and a short pink bar", BARS, False),
        ("a bar chart in which the red bar is the tallest of three bars", BARS, False),
        ("a bar chart with four bars where the blue bar is the tallest", BARS, False),
        ("a small red star", BARS, False),
    ],
)
def test_what_a_text_says_of_a_scene(text, scene, told):
    assert holds(text, scene) is told


def test_the_texts_of_a_scene_hold_and_near_misses_of_them_do_not():
    for number in range(300):
        key = f"truths/{number}"
        scene, texts = describe(key)
        texts += [caption(scene), long_caption(scene, Rng("truths", number))]
        assert [text for text in texts if holds(text, scene) is not True] == []
        assert [near for text in texts for near in near_misses(text, 3, number) if holds(near, scene) is not False] == []
        assert holds(wrong_alt(make_scene(key), key), scene) is False
