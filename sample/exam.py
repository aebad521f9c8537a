"""A folder and a seed -> pictures that no page shows, and `questions.jsonl`, which asks what is true of them.

Scenes are made for it, with each answer to each question equally often, so a guess is right once in the number of choices. The
words of most tasks occur on catalogue pages. `-unsaid` tasks do not say what is asked: only examples can tell. `-reworded`
tasks use words of no page. docs/formats.md describes the format; any set of questions about pictures can be written in it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lamella.sample.captions import GROUND_WORDS, NUMBERS, RELATION_WORDS, SIZE_WORDS, plural
from lamella.sample.paint import encode, paint
from lamella.sample.questions import CAPTION, CHOICES, HELD_OUT, WORDINGS, Wording
from lamella.sample.rng import Rng
from lamella.sample.scenes import BACKGROUNDS, COLOURS, MAX_COUNT, OPPOSITE, RELATIONS, SHAPES, SIZES, Scene, SceneKind, Thing

QUESTIONS, PICTURES = "questions.jsonl", "img"
SPLITS = ("support", "query")
_SIZE = (256, 256)  # px
_ASKED = ("colour", "shape", "count", "size", "background", "relation")
_UNSAID = _REWORDED = ("colour", "shape", "count")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamSummary:
    """What was written."""

    folder: str
    tasks: tuple[str, ...]
    questions: int
    images: int


def write_exam(folder: Path, seed: int, queries: int = 200) -> ExamSummary:
    """Writes the examination of (seed, queries): of each task as many questions to be asked, and as many to show as examples.

    The same two give the same bytes.
    """
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    lines, images = 0, 0
    with open(folder / QUESTIONS, "w", encoding="utf-8", newline="\n") as out:
        for split in SPLITS:
            for scenes, named in ((_alike, _TASKS), (_pairs, _TASKS_OF_PAIRS)):
                for scene in scenes(f"exam/{seed}/{split}", queries):
                    image = f"{PICTURES}/{images:06d}.jpg"
                    (folder / image).write_bytes(encode(paint(scene, _SIZE), "jpg"))
                    images += 1
                    for task, wording in named.items():
                        line = {"task": task, "split": split, "image": image} | _asked(wording, scene)
                        out.write(json.dumps(line) + "\n")
                        lines += 1
    return ExamSummary(folder=str(folder), tasks=(*_TASKS, *_TASKS_OF_PAIRS), questions=lines, images=images)


def _asked(wording: Wording, scene: Scene) -> dict[str, object]:
    attribute = wording.attribute
    return {
        "prompt": wording.prompt(scene),
        "answer": wording.answer(scene),
        "choices": [wording.closed(choice) for choice in CHOICES.get(attribute, ())],
        "attributes": said_of(scene) if attribute == CAPTION else {},
    }


def said_of(scene: Scene) -> dict[str, list[str]]:
    """For each attribute the phrases of which a caption that is right says one."""
    if scene.kind is SceneKind.PAIR:
        (first, second), there, back = scene.things, RELATION_WORDS[scene.relation], RELATION_WORDS[OPPOSITE[scene.relation]]
        ways = ((first, there, second), (second, back, first))
        return {
            "first": [f"{first.colour} {first.shape}"],
            "second": [f"{second.colour} {second.shape}"],
            "relation": [
                f"{a.colour} {a.shape} {how} a {size} {b.colour} {b.shape}" for a, how, b in ways for size in SIZE_WORDS[b.size]
            ],
        }
    thing, sizes = scene.things[0], SIZE_WORDS[scene.things[0].size]
    one = [*(f"a {size}" for words in SIZE_WORDS.values() for size in words), "one"]
    return {
        "colour": [thing.colour],
        "shape": [thing.shape, plural(thing.shape)],
        "count": one if scene.count == 1 else [NUMBERS[scene.count]],
        "size": list(sizes),
        "background": [words.removeprefix("a ") for words in GROUND_WORDS[scene.background]],
    }


def _alike(key: str, count: int) -> Iterator[Scene]:
    """Scenes of one thing, or of several that are alike; each attribute's values equally often, independent of the others'."""
    columns = [
        _levelled(f"{key}/{name}", values, count)
        for name, values in (
            ("colour", COLOURS),
            ("shape", SHAPES),
            ("size", SIZES),
            ("count", range(1, MAX_COUNT + 1)),
            ("background", BACKGROUNDS),
        )
    ]
    for place, (colour, shape, size, number, background) in enumerate(zip(*columns, strict=True)):
        yield Scene(
            key=f"{key}/alike/{place}",
            kind=SceneKind.SINGLE if number == 1 else SceneKind.GROUP,
            things=(Thing(shape=shape, colour=colour, size=size),),
            count=number,
            background=background,
        )


def _pairs(key: str, count: int) -> Iterator[Scene]:
    """Scenes of two things that differ in shape and colour."""
    for place, relation in enumerate(_levelled(f"{key}/relation", RELATIONS, count)):
        rng = Rng("exam pair", key, place)
        looks = zip(rng.sample(SHAPES, 2), rng.sample(COLOURS, 2), strict=True)
        yield Scene(
            key=f"{key}/pair/{place}",
            kind=SceneKind.PAIR,
            things=tuple(Thing(shape=shape, colour=colour, size=rng.pick(SIZES)) for shape, colour in looks),
            count=2,
            background=rng.pick(BACKGROUNDS),
            relation=relation,
        )


def _levelled(key: str, values, count: int) -> list:
    """`count` values, each as often as the others or once more, shuffled."""
    return Rng(key).shuffled([values[place % len(values)] for place in range(count)])


def _plain(attribute: str) -> Wording:
    return next(wording for wording in WORDINGS[attribute] if wording.before.endswith(":") and not wording.after)


def _unsaid(attribute: str) -> Wording:
    return next(wording for wording in WORDINGS[attribute] if not wording.before)


def _full_caption() -> Wording:
    return next(wording for wording in WORDINGS[CAPTION] if wording.style == "full" and not wording.before)


_TASKS: dict[str, Wording] = {
    "caption": _full_caption(),
    **{name: _plain(name) for name in _ASKED if name != "relation"},
    **{f"{name}-unsaid": _unsaid(name) for name in _UNSAID},
    **{f"{name}-reworded": HELD_OUT[name] for name in _REWORDED},
}
_TASKS_OF_PAIRS: dict[str, Wording] = {"caption-pair": _full_caption(), "relation": _plain("relation")}
