"""Scenes, their words and their pixels: what a caption says is so, a wrong one is not, and no two pictures are alike."""

from collections import Counter

import imagehash
import pytest

from lamella.sample.captions import alt_text, caption, long_caption, wrong_alt
from lamella.sample.clips import FPS, clip_caption, encode_clip, frames, make_clip, vtt
from lamella.sample.paint import RGB, draw, encode, paint
from lamella.sample.rng import Rng
from lamella.sample.scenes import COLOURS, SHAPES, Scene, SceneKind, Thing, contrast_scene, make_scene

SCENES = [make_scene(f"test/{n}") for n in range(300)]


def test_dice_are_the_same_everywhere():
    rng = Rng("seed", 1)
    assert [rng.below(1000) for _ in range(4)] == [Rng("seed", 1).below(1000), *[rng_at(n) for n in (1, 2, 3)]]
    assert Rng("seed", 1).shuffled(range(10)) == Rng("seed", 1).shuffled(range(10))
    assert len(Rng("noise").bytes(130)) == 130


def rng_at(skip: int) -> int:
    rng = Rng("seed", 1)
    for _ in range(skip):
        rng.number()
    return rng.below(1000)


def test_every_kind_shape_and_colour_is_drawn():
    assert {scene.kind for scene in SCENES} == set(SceneKind)
    assert {thing.shape for scene in SCENES for thing in scene.things} == {*SHAPES, "bar"}
    assert {thing.colour for scene in SCENES for thing in scene.things} == set(COLOURS)


@pytest.mark.parametrize("scene", SCENES[:60], ids=lambda scene: caption(scene))
def test_captions_name_what_is_there(scene):
    for n in range(8):
        said = alt_text(scene, Rng("said", n)).lower()
        for thing in scene.things if scene.kind is not SceneKind.CHART else ():
            assert thing.colour in said and thing.shape.rstrip("s") in said
        assert 10 <= len(long_caption(scene, Rng("long", n)).split()) <= 40


def test_alt_texts_have_three_to_twenty_words():
    lengths = {len(alt_text(scene, Rng("length", n)).split()) for scene in SCENES for n in range(20)}
    assert min(lengths) >= 3 and max(lengths) <= 20


@pytest.mark.parametrize("scene", SCENES[:60], ids=lambda scene: caption(scene))
def test_wrong_alts_share_no_shape_and_no_colour(scene):
    other = contrast_scene(scene, scene.key)
    assert not {t.shape for t in scene.things} & {t.shape for t in other.things}
    assert not {t.colour for t in scene.things} & {t.colour for t in other.things}
    assert wrong_alt(scene, scene.key) == alt_text(other, Rng("wrong", scene.key))


def test_a_relation_holds_in_the_pixels():
    """The two objects' pixels are found by colour, and their middles stand as the scene says."""
    for relation in ("left of", "right of", "above", "below"):
        things = (Thing(shape="circle", colour="red", size="large"), Thing(shape="square", colour="blue", size="small"))
        scene = Scene(key=relation, kind=SceneKind.PAIR, things=things, count=2, background="white", relation=relation)
        (ax, ay), (bx, by) = (middle(paint(scene, (240, 240)), RGB[thing.colour]) for thing in things)
        holds = {"left of": ax < bx, "right of": ax > bx, "above": ay < by, "below": ay > by}
        assert holds[relation]
        assert abs(ax - bx) > abs(ay - by) if relation.endswith("of") else abs(ay - by) > abs(ax - bx)


def middle(picture, colour):
    """The mean place of pixels whose hue is the colour's, however dark the light makes them."""
    strongest, weakest = colour.index(max(colour)), colour.index(min(colour))
    places = [
        (x, y)
        for y in range(0, picture.height, 2)
        for x in range(0, picture.width, 2)
        if picture.getpixel((x, y))[strongest] > 1.7 * picture.getpixel((x, y))[weakest] + 20
    ]
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)


def test_pictures_are_the_same_twice_and_unlike_each_other():
    first, scene = draw("one", (200, 220))
    assert first.size == (200, 220) and first.mode == "RGB"
    for extension in ("jpg", "png", "webp", "gif"):
        assert encode(first, extension) == encode(paint(scene, (200, 220)), extension)
    hashes = [imagehash.phash(draw(f"unlike/{n}")[0]) for n in range(120)]
    assert min(a - b for at, a in enumerate(hashes) for b in hashes[:at]) > 5


def test_facts_answer_questions():
    chart = next(scene for scene in SCENES if scene.kind is SceneKind.CHART)
    heights = {thing.colour: float(thing.size) for thing in chart.things}
    assert chart.facts()["tallest"] == max(heights, key=heights.get)
    assert Counter(heights.values())[1.0] == 1
    pair = next(scene for scene in SCENES if scene.kind is SceneKind.PAIR)
    assert pair.facts() == {
        "kind": "pair",
        "shapes": [thing.shape for thing in pair.things],
        "colours": [thing.colour for thing in pair.things],
        "sizes": [thing.size for thing in pair.things],
        "count": 2,
        "background": pair.background,
        "relation": pair.relation,
    }


def test_clips_move_last_and_repeat():
    clip = make_clip("test", duration_s=3.0)
    pictures = frames(clip)
    assert len(pictures) == 3 * FPS and pictures[0] != pictures[-1]
    assert {picture.size for picture in pictures} == {clip.size}
    assert encode_clip(clip) == encode_clip(clip)
    assert clip.thing.shape in clip_caption(clip) and clip.thing.shape in vtt(clip).decode()
    assert all(3 <= make_clip(f"length/{n}").duration_s <= 25 for n in range(50))
