"""A key in, the body of a catalogue page out: 4 to 8 pictures, each followed by one short line in the page's own convention.

Field guides, plate lists, picture quizzes and stock lists are written so: what a line says (one attribute, or a terse
caption) and in which words is the page's choice, and nothing but the lines tells it. Whoever reads the first of them, and
sees the pictures, knows how the next one goes.
"""

from dataclasses import dataclass, replace

from sample.album import Shown, show
from sample.dice import Dice
from sample.markup import Block
from sample.prose import Writer
from sample.questions import ATTRIBUTES, CAPTION, WORDINGS, Wording, fits
from sample.scenes import make_scene

GENRE = "catalogue"
SHARE = 0.4  # of good pages
_PICTURES, _FEWER = (4, 8), {"size": (4, 5), "count": (4, 7), "full": (4, 4), "Q:": (4, 6)}  # where lines have much in common
_MOST_REPEATS = {"size": 3}  # of one line in a page; 2 elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A page's convention, and its blocks."""

    wording: Wording
    blocks: tuple[Block, ...]


def is_catalogue(seed: int, index: int) -> bool:
    """Whether the good page of an index is one: a choice of its own, beside all others of the page."""
    return Dice(GENRE, seed, index).chance(SHARE)


def catalogue(writer: Writer, stem: str, key: str) -> Catalogue:
    """The body of the page of `key`, whose pictures lie at `stem`-0 and so on."""
    dice = Dice(GENRE, key)
    attribute = dice.pick(ATTRIBUTES)
    wording = dice.pick(WORDINGS[attribute])
    count = dice.between(*_range(wording))
    blocks = [Block(kind="p", text=writer.paragraph(sentences)) for sentences in (3, dice.between(2, 3))]
    for place, shown in enumerate(_pictures(wording, stem, key, count)):
        blocks += [Block(kind="image", shown=shown), Block(kind="line", text=wording.line(shown.picture.scene))]
        if place + 2 == count and dice.chance(0.3):
            blocks.append(Block(kind="p", text=writer.sentence()))
    blocks += [Block(kind="p", text=writer.paragraph(sentences)) for sentences in ((3, 3) if count < 7 else (2, 2, 3))]
    return Catalogue(wording=wording, blocks=tuple(blocks))


def _pictures(wording: Wording, stem: str, key: str, count: int) -> list[Shown]:
    """Pictures of which the attribute can be told, and no line too often."""
    said: list[str] = []
    pictures = []
    for attempt in range(10_000):
        scene = make_scene(f"{key}/{attempt}")
        if fits(wording.attribute, scene) and said.count(line := wording.line(scene)) < _most(wording):
            said.append(line)
            shown = show(f"{stem}-{len(pictures)}", f"{key}/{attempt}")
            pictures.append(replace(shown, figcaption="", description=""))
        if len(pictures) == count:
            return pictures
    raise AssertionError("every attribute has scenes enough")


def _range(wording: Wording) -> tuple[int, int]:
    return min(_FEWER.get(trait, _PICTURES) for trait in (wording.attribute, wording.style, wording.before[:2]))


def _most(wording: Wording) -> int:
    return 1 if wording.attribute == CAPTION else _MOST_REPEATS.get(wording.attribute, 2)
