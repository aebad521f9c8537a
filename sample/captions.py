"""A Scene -> words that are true of it: alt texts of 3 to 20 words, and longer captions of at least 10."""

from lamella.sample.rng import Rng
from lamella.sample.scenes import OPPOSITE, Scene, SceneKind, Thing, contrast_scene, make_scene, shortest, tallest

LONG_WORDS = 10  # what a long caption has at least
NUMBERS = ("no", "one", "two", "three", "four", "five")
SIZE_WORDS = {"small": ("small", "little"), "large": ("large", "big")}
RELATION_WORDS = {"left of": "to the left of", "right of": "to the right of", "above": "above", "below": "below"}
GROUND_WORDS = {
    "white": ("a white background", "a plain white background"),
    "grey": ("a grey background", "a plain grey background"),
    "striped": ("a striped background", "a background with stripes"),
    "dotted": ("a dotted background", "a background with dots"),
    "checkered": ("a checkered background", "a background with checks"),
    "shaded": ("a shaded background", "a background that fades"),
}


def caption(scene: Scene) -> str:
    """The plain true caption: one a scene, in one fixed phrasing."""
    where = GROUND_WORDS[scene.background][0]
    return f"{_core(scene, None)} on {where}"


def alt_text(scene: Scene, rng: Rng) -> str:
    """A true caption in one of several phrasings, 3 to 20 words."""
    core = _core(scene, rng)
    where = rng.pick(GROUND_WORDS[scene.background])
    roll = rng.below(8)
    if roll == 4 and scene.kind is SceneKind.CHART:  # it would pass twenty words
        roll = 0
    if roll < 3:
        return f"{core} on {where}"
    if roll == 3:
        return f"{core} against {where}"
    if roll == 4:
        return f"a {rng.pick(('picture', 'drawing', 'print'))} of {core} on {where}"
    if roll == 5:
        return core.capitalize()
    if roll == 6:
        return f"{core}, on {where}".capitalize()
    return f"{rng.pick(('picture', 'drawing', 'print'))} of {core}".capitalize()


def long_caption(scene: Scene, rng: Rng) -> str:
    """A true sentence of at least ten words, as rich captions have them; no date, no place."""
    core = _core(scene, rng)
    where = rng.pick(GROUND_WORDS[scene.background])
    lead = rng.pick(
        (
            f"The picture shows {core} on {where}",
            f"{core.capitalize()}, seen against {where}",
            f"In this print we see {core} on {where}",
            f"{core.capitalize()} on {where}, with soft light from one side",
            f"A drawing in simple forms: {core}, placed on {where}",
        )
    )
    tail = rng.pick(_TAILS if len(lead.split()) >= LONG_WORDS else _TAILS[1:])
    return f"{lead}{tail}."


def mention(scene: Scene, rng: Rng) -> str:
    """The scene as part of a sentence: "a large red circle above a small blue square"."""
    return _core(scene, rng)


def bare(background: str, rng: Rng) -> str:
    """What is true of a ground on which nothing lies."""
    return f"nothing but {rng.pick(GROUND_WORDS[background])}"


def wrong_alt(scene: Scene, key: str) -> str:
    """An alt text that is false of the scene: it is true of another scene that shares no shape and no colour with it."""
    return alt_text(contrast_scene(scene, key), Rng("wrong", key))


def describe(seed_key: str) -> tuple[Scene, list[str]]:
    """A scene and eight true alt texts of it: what a trainer learns from and is examined on."""
    scene = make_scene(seed_key)
    return scene, [alt_text(scene, Rng("describe", seed_key, i)) for i in range(8)]


_TAILS = (
    "",
    ", cut from coloured paper",
    ", drawn with a steady hand",
    ", printed in flat colours",
    " and nothing else in view",
    ", painted in a single afternoon",
    ", one of the plainest sheets in the series",
)


def _core(scene: Scene, rng: Rng | None) -> str:
    if scene.kind is SceneKind.CHART:
        return _chart(scene, rng)
    if scene.kind is SceneKind.PAIR:
        first, second = scene.things
        relation = scene.relation
        if rng and rng.chance(0.5):
            first, second, relation = second, first, OPPOSITE[relation]
        return f"{_one(first, rng)} {RELATION_WORDS[relation]} {_one(second, rng)}"
    thing = scene.things[0]
    if scene.kind is SceneKind.SINGLE:
        return _one(thing, rng)
    return f"{NUMBERS[scene.count]} {_size(thing, rng)} {thing.colour} {plural(thing.shape)}"


def _one(thing: Thing, rng: Rng | None) -> str:
    return f"a {_size(thing, rng)} {thing.colour} {thing.shape}"


def _size(thing: Thing, rng: Rng | None) -> str:
    words = SIZE_WORDS[thing.size]
    return rng.pick(words) if rng else words[0]


def plural(shape: str) -> str:
    return shape + ("es" if shape.endswith("s") else "s")


def _chart(scene: Scene, rng: Rng | None) -> str:
    count, top, low = NUMBERS[scene.count], tallest(scene).colour, shortest(scene).colour
    phrasings = (
        f"a bar chart with {count} bars where the {top} bar is the tallest",
        f"a bar chart with {count} bars, the tallest {top} and the shortest {low}",
        f"a chart of {count} bars with a tall {top} bar and a short {low} bar",
        f"a bar chart in which the {top} bar is the tallest of {count} bars",
    )
    return rng.pick(phrasings) if rng else phrasings[0]
