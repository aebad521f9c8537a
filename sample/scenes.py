"""A key -> a Scene, which is what a picture shows (objects with shape, colour, size, place; or a bar chart), and its facts.

The world is small enough for a model of a few million parameters: 8 shapes, 8 colours, 2 sizes, counts 1 to 4, four
relations, six backgrounds, and bar charts. `sample.captions` puts a Scene into words, `sample.paint` into pixels.
"""

from dataclasses import dataclass
from enum import StrEnum

from lamella.sample.rng import Rng

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "diamond", "ring")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black")
SIZES = ("small", "large")
BACKGROUNDS = ("white", "grey", "striped", "dotted", "checkered", "shaded")
RELATIONS = ("left of", "right of", "above", "below")
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
MAX_COUNT = 4


class SceneKind(StrEnum):
    SINGLE = "single"  # one object
    GROUP = "group"  # two to four objects that are alike
    PAIR = "pair"  # two objects, and how the first stands to the second
    CHART = "chart"  # bars; objects' heights are their sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One kind of object in a scene. In a chart the shape is "bar" and the size its height in tenths."""

    shape: str
    colour: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that is true of a picture and can be asked about it."""

    key: str  # where shapes stand, their tilt, the light: all pixels follow from the scene and this key
    kind: SceneKind
    things: tuple[Thing, ...]  # one for SINGLE and GROUP, two for PAIR, a bar each for CHART, left to right
    count: int  # objects in all
    background: str
    relation: str = ""  # of the first thing to the second

    def facts(self) -> dict[str, object]:
        """Plain attributes, for exact questions: "which shape stands left of the red star?"."""
        facts: dict[str, object] = {
            "kind": str(self.kind),
            "shapes": [thing.shape for thing in self.things],
            "colours": [thing.colour for thing in self.things],
            "sizes": [thing.size for thing in self.things],
            "count": self.count,
            "background": self.background,
            "relation": self.relation,
        }
        if self.kind is SceneKind.CHART:
            facts |= {"tallest": tallest(self).colour, "shortest": shortest(self).colour}
        return facts


def make_scene(key: str) -> Scene:
    """The scene of a key: 25 % single, 25 % group, 40 % pair, 10 % chart."""
    rng = Rng("scene", key)
    roll = rng.fraction()
    if roll < 0.25:
        return _single(key, rng)
    if roll < 0.50:
        return _group(key, rng)
    if roll < 0.90:
        return _pair(key, rng)
    return _chart(key, rng)


def contrast_scene(scene: Scene, key: str) -> Scene:
    """A scene for which every caption of the objects of `scene` is false: it shares no shape and no colour with it."""
    shapes = {thing.shape for thing in scene.things}
    colours = {thing.colour for thing in scene.things}
    for attempt in range(10_000):
        other = make_scene(f"{key}/contrast/{attempt}")
        if shapes.isdisjoint(t.shape for t in other.things) and (
            other.kind is not SceneKind.CHART and colours.isdisjoint(t.colour for t in other.things)
        ):
            return other
    raise AssertionError("six shapes and three colours are always left over")


def tallest(scene: Scene) -> Thing:
    return max(scene.things, key=lambda bar: float(bar.size))


def shortest(scene: Scene) -> Thing:
    return min(scene.things, key=lambda bar: float(bar.size))


def _thing(rng: Rng) -> Thing:
    return Thing(shape=rng.pick(SHAPES), colour=rng.pick(COLOURS), size=rng.pick(SIZES))


def _single(key: str, rng: Rng) -> Scene:
    return Scene(key=key, kind=SceneKind.SINGLE, things=(_thing(rng),), count=1, background=rng.pick(BACKGROUNDS))


def _group(key: str, rng: Rng) -> Scene:
    count = rng.between(2, MAX_COUNT)
    return Scene(key=key, kind=SceneKind.GROUP, things=(_thing(rng),), count=count, background=rng.pick(BACKGROUNDS))


def _pair(key: str, rng: Rng) -> Scene:
    first = _thing(rng)
    shape = rng.pick([shape for shape in SHAPES if shape != first.shape])
    colour = rng.pick([colour for colour in COLOURS if colour != first.colour])
    second = Thing(shape=shape, colour=colour, size=rng.pick(SIZES))
    return Scene(
        key=key,
        kind=SceneKind.PAIR,
        things=(first, second),
        count=2,
        background=rng.pick(BACKGROUNDS),
        relation=rng.pick(RELATIONS),
    )


def _chart(key: str, rng: Rng) -> Scene:
    count = rng.between(3, 5)
    colours = rng.sample(COLOURS, count)
    heights = rng.sample((2, 3, 4, 5, 6, 7, 8), count - 1)
    heights = rng.shuffled([*heights, 10])  # one bar is clearly the tallest
    bars = tuple(Thing(shape="bar", colour=c, size=f"{h / 10:.1f}") for c, h in zip(colours, heights, strict=True))
    return Scene(key=key, kind=SceneKind.CHART, things=bars, count=count, background=rng.pick(("white", "grey")))
