"""A key -> the body of a catalogue page: 4 to 10 pictures, each followed by one short line in the page's own convention.

Field guides, plate lists, picture quizzes and stock lists are written so. The page chooses what a line says (one attribute, or
a terse caption) and in which words, and only the lines show it. A reader of the first lines who sees the pictures knows how the
next line goes. What is true of one picture says nothing of the next: each answer is equally likely, whatever the page has said
before, so that only looking helps.
"""

from dataclasses import dataclass, replace

from lamella.sample.image_bank import Shown, show
from lamella.sample.markup import Block
from lamella.sample.prose import Writer
from lamella.sample.questions import ATTRIBUTES, CAPTION, CHOICES, WORDINGS, Wording, fits, truth
from lamella.sample.rng import Rng
from lamella.sample.scenes import make_scene

GENRE = "catalogue"
SHARE = 0.4  # of good pages
# Pictures of a page: fewer where few answers, or many words, would make its lines repeat one another too much for a filter.
_PICTURES, _FEWER = (4, 10), {"size": (4, 6), "count": (4, 9), "relation": (4, 9), "full": (4, 6), "Q:": (4, 7)}
# Sentences of prose, each a paragraph of its own: more where lines are many, or long and alike, for the same reason.
_SENTENCES, _MORE, _MANY, _LONG = 10, 16, 8, frozenset(("full", "Q:", "Wh"))
UNSAID = 0.4  # share of catalogues whose lines are bare answers: "Red."
PLATES_FIRST = 0.5  # share of catalogues without a heading, whose prose stands behind the pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A page's convention, and its blocks."""

    wording: Wording
    headed: bool  # whether the page's title stands over it
    blocks: tuple[Block, ...]


def is_catalogue(seed: int, index: int) -> bool:
    """Whether the good page of an index is one: a choice of its own, beside all others of the page."""
    return Rng(GENRE, seed, index).chance(SHARE)


def catalogue(writer: Writer, stem: str, key: str) -> Catalogue:
    """The body of the page of `key`; its pictures are at `stem`-0, `stem`-1 and so on."""
    rng = Rng(GENRE, key)
    attribute = rng.pick(ATTRIBUTES)
    wording = _wording(attribute, rng)
    count = rng.between(*_range(wording))
    headed = not rng.chance(PLATES_FIRST)
    sentences = _MORE if count >= _MANY or not _LONG.isdisjoint(_traits(wording)) else _SENTENCES
    prose = [Block(kind="p", text=writer.sentence()) for _ in range(sentences)]
    before = sentences // 2 if headed else 0
    blocks = prose[:before]
    for shown in _pictures(wording, stem, key, count):
        blocks += [Block(kind="image", shown=shown), Block(kind="line", text=wording.line(shown.picture.scene))]
    return Catalogue(wording=wording, headed=headed, blocks=(*blocks, *prose[before:]))


def _wording(attribute: str, rng: Rng) -> Wording:
    bare, asking = (tuple(w for w in WORDINGS[attribute] if bool(w.before) is asks) for asks in (False, True))
    return rng.pick(bare if bare and rng.chance(UNSAID) else asking)


def _pictures(wording: Wording, stem: str, key: str, count: int) -> list[Shown]:
    """Pictures of which the attribute can be told: each of its values is as likely as the others, whatever came before."""
    rng = Rng(GENRE, key, "answers")
    pictures = []
    for place in range(count):
        scene = _scene(wording.attribute, rng, f"{key}/{place}")
        shown = show(f"{stem}-{place}", scene)
        pictures.append(replace(shown, figcaption="", description=""))
    return pictures


def _scene(attribute: str, rng: Rng, key: str) -> str:
    """The key of a scene with the next answer."""
    wanted = None if attribute == CAPTION else rng.pick(CHOICES[attribute])
    for attempt in range(10_000):
        scene = make_scene(f"{key}/{attempt}")
        if fits(attribute, scene) and (wanted is None or truth(attribute, scene) == wanted):
            return scene.key
    raise AssertionError("every answer has scenes")


def _traits(wording: Wording) -> tuple[str, str, str]:
    return wording.attribute, wording.style, wording.before[:2]


def _range(wording: Wording) -> tuple[int, int]:
    return min(_FEWER.get(trait, _PICTURES) for trait in _traits(wording))
