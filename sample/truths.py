"""A text and a scene -> whether the text is true: objects, sizes, numbers, relations, grounds, bars."""

import re

from lamella.sample.captions import NUMBERS, RELATION_WORDS, SIZE_WORDS
from lamella.sample.scenes import COLOURS, OPPOSITE, SHAPES, Scene, SceneKind, Thing, shortest, tallest

_SIZE_OF = {word: size for size, words in SIZE_WORDS.items() for word in words}
_GROUND_OF = {"white": "white", "grey": "grey", "striped": "striped", "stripes": "striped", "dotted": "dotted"}
_GROUND_OF |= {"dots": "dotted", "checkered": "checkered", "checks": "checkered", "shaded": "shaded", "fades": "shaded"}
_COLOUR, _SHAPE = "|".join((*COLOURS, "white", "grey", "brown")), "|".join(SHAPES)  # the last three are of no object
_WORDS = re.compile(r"[a-z]+")
_NO_GROUND = re.compile(rf"\b(?:{'|'.join(COLOURS)}|brown) background\b")
_THING = re.compile(rf"\b(?:(?P<size>{'|'.join(_SIZE_OF)}) )?(?P<colour>{_COLOUR}) (?P<shape>{_SHAPE})(?P<many>e?s)?\b")
_NAMED = re.compile(rf"\b(?:(?P<colour>{'|'.join(COLOURS)})|(?P<shape>{_SHAPE})(?:e?s)?)\b")
_COUNTS = (*NUMBERS, "six", "seven", "eight")
_RELATION = re.compile(r"\b(?:to the (left|right) of|(above|below))\b")
_TALL = re.compile(rf"\b(?:the ({_COLOUR}) bar is the tallest|the tallest ({_COLOUR})|a tall ({_COLOUR}) bar)\b")
_SHORT = re.compile(rf"\b(?:the shortest ({_COLOUR})|a short ({_COLOUR}) bar)\b")
_BARS = re.compile(r"\b(?:bars?|chart)\b")


def holds(text: str, scene: Scene) -> bool | None:
    """Whether all that a text says of a scene is true.

    None where that cannot be told: it names no object, leaves a number out, or says where one of two that are alike stands.
    """
    said = " ".join(_WORDS.findall(text.lower()))
    grounds = {_GROUND_OF[word] for word in said.split() if word in _GROUND_OF}
    if grounds - {scene.background} or _NO_GROUND.search(said) or not _named_are_there(said, scene):
        return False
    counts = {_COUNTS.index(word) for word in said.split() if word in _COUNTS[2:]}
    if counts - {scene.count}:
        return False
    if scene.kind is SceneKind.CHART:
        return _holds_of_bars(said, scene)
    things = list(_THING.finditer(said))
    if _BARS.search(said) or not all(_is_there(thing, scene) for thing in things):
        return False
    if not things or (scene.kind is SceneKind.GROUP and not counts):
        return None
    relation = _RELATION.search(said)
    return _relation_holds(relation, things, scene) if relation else True


def _named_are_there(said: str, scene: Scene) -> bool:
    colours, shapes = {thing.colour for thing in scene.things}, {thing.shape for thing in scene.things}
    named = list(_NAMED.finditer(said))
    return all((found["colour"] or next(iter(colours))) in colours for found in named) and all(
        (found["shape"] or next(iter(shapes))) in shapes for found in named
    )


def _holds_of_bars(said: str, scene: Scene) -> bool | None:
    if not _BARS.search(said):
        return None
    for pattern, bar in ((_TALL, tallest(scene)), (_SHORT, shortest(scene))):
        if any(bar.colour not in found.groups() for found in pattern.finditer(said)):
            return False
    return True


def _is_there(said: re.Match[str], scene: Scene) -> bool:
    return any(_is_thing(said, thing) for thing in scene.things)


def _is_thing(said: re.Match[str], thing: Thing) -> bool:
    size = said["size"]
    return (said["colour"], said["shape"]) == (thing.colour, thing.shape) and (not size or _SIZE_OF[size] == thing.size)


def _relation_holds(said: re.Match[str], things: list[re.Match[str]], scene: Scene) -> bool | None:
    before = [thing for thing in things if thing.end() <= said.start()]
    after = [thing for thing in things if thing.start() >= said.end()]
    if scene.kind is SceneKind.GROUP and scene.count == 2:
        return None
    if scene.kind is not SceneKind.PAIR:
        return False
    if not before or not after:
        return None
    relation = next(name for name, words in RELATION_WORDS.items() if words == said.group())
    first, second = scene.things
    stated = relation if _is_thing(before[-1], first) else OPPOSITE[relation]
    ordered = (first, second) if _is_thing(before[-1], first) else (second, first)
    return stated == scene.relation and _is_thing(before[-1], ordered[0]) and _is_thing(after[0], ordered[1])
