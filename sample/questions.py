"""A Scene and an attribute -> a short line that is true of it: the question, its words, and every possible answer.

A Wording is how one page writes it: "Colour: red.", "How many? Three.", "Red.". Pages of the web draw theirs from WORDINGS;
HELD_OUT are wordings that no page has, for evaluation.
"""

from dataclasses import dataclass

from lamella.sample.captions import NUMBERS, caption, plural
from lamella.sample.scenes import BACKGROUNDS, COLOURS, MAX_COUNT, SHAPES, SIZES, Scene, SceneKind

ALIKE = (SceneKind.SINGLE, SceneKind.GROUP)  # kinds of scene with one shape, one colour and one size
PLACES = {"left of": "left", "right of": "right", "above": "above", "below": "below"}
CHOICES: dict[str, tuple[str, ...]] = {
    "colour": COLOURS,
    "shape": SHAPES,
    "count": NUMBERS[1 : MAX_COUNT + 1],
    "size": SIZES,
    "background": BACKGROUNDS,
    "relation": tuple(PLACES.values()),
}
CAPTION = "caption"
ATTRIBUTES = (*CHOICES, CAPTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """`before` and `after` an answer. `{one}` in `before` is the colour of a pair's first thing."""

    attribute: str
    before: str = ""
    after: str = ""
    capital: bool = False  # the answer begins with one
    style: str = ""  # of a caption: terse, plain, full

    def prompt(self, scene: Scene) -> str:
        """What stands before the answer, without the space between them."""
        return self.before.format(one=scene.things[0].colour)

    def answer(self, scene: Scene) -> str:
        said = _caption(scene, self.style) if self.attribute == CAPTION else truth(self.attribute, scene)
        return self.closed(said)

    def closed(self, said: str) -> str:
        """Any answer, true or not, as this wording writes it."""
        return (said[:1].upper() + said[1:] if self.capital else said) + self.after

    def line(self, scene: Scene) -> str:
        """The whole line."""
        return f"{self.prompt(scene)} {self.answer(scene)}".strip()


def _worded(attribute: str, *forms: str) -> tuple[Wording, ...]:
    """Wordings as they read: "Colour: _." answers in small letters, "What colour? A_." with a capital."""
    out = []
    for form in forms:
        form, _, style = form.partition("/")
        capital = "^" in form
        before, _, after = form.replace("^", "_").partition("_")
        out.append(Wording(attribute=attribute, before=before.strip(), after=after, capital=capital, style=style))
    return tuple(out)


# "_" stands for the answer, "^" for the answer with a capital; a caption's style follows "/".
WORDINGS: dict[str, tuple[Wording, ...]] = {
    "colour": _worded("colour", "Colour: _.", "Colour: _", "What colour? ^.", "Q: colour? A: _.", "Ink: _.", "^."),
    "shape": _worded("shape", "Shape: _.", "Shape: _", "What shape? ^.", "Q: shape? A: _.", "Form: _.", "^."),
    "count": _worded("count", "Count: _.", "Count: _", "How many? ^.", "Q: how many? A: _.", "Pieces: _.", "^."),
    "size": _worded("size", "Size: _.", "Size: _", "How big? ^.", "Q: size? A: _.", "Format: _.", "^."),
    "background": _worded(
        "background", "Background: _.", "Ground: _", "Behind? ^.", "Q: ground? A: _.", "Paper: _.", "^."
    ),
    "relation": _worded("relation", "Place of {one}: _.", "Place of {one}: _", "Where is {one}? ^.", "Q: {one}? A: _."),
    CAPTION: _worded(
        CAPTION, "^./terse", "Plate: _/plain", "Shown: _./plain", "^./plain", "^./full", "Picture of _./full", "Plate: _/full"
    ),
}  # fmt: skip
HELD_OUT: dict[str, Wording] = {
    "colour": _worded("colour", "The colour here: _")[0],
    "shape": _worded("shape", "The shape here: _")[0],
    "count": _worded("count", "How many here: _")[0],
    "size": _worded("size", "The size here: _")[0],
    "background": _worded("background", "The background here: _")[0],
    "relation": _worded("relation", "And {one} is: _")[0],
    CAPTION: _worded(CAPTION, "Here we see: _/full")[0],
}


def fits(attribute: str, scene: Scene) -> bool:
    """Whether the attribute is one thing in the scene."""
    if attribute == "relation":
        return scene.kind is SceneKind.PAIR
    if attribute in ("background", CAPTION):
        return scene.kind is not SceneKind.CHART
    return scene.kind in ALIKE


def truth(attribute: str, scene: Scene) -> str:
    """The one of CHOICES[attribute] that is so."""
    if attribute == "relation":
        return PLACES[scene.relation]
    if attribute == "background":
        return scene.background
    if attribute == "count":
        return NUMBERS[scene.count]
    return getattr(scene.things[0], attribute)


def _caption(scene: Scene, style: str) -> str:
    """In full; without its background; or with neither background nor size, as a list has it: "three red rings"."""
    if style == "full":
        return caption(scene)
    if style == "plain" or scene.kind not in ALIKE:
        return caption(scene).rpartition(" on a")[0]
    thing = scene.things[0]
    return f"{NUMBERS[scene.count]} {thing.colour} {thing.shape if scene.count == 1 else plural(thing.shape)}"
