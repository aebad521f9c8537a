"""What the bundled models are good for: pictures of the sample's world that neither training nor the demo ever saw."""

from collections.abc import Callable

import pytest
import torch
from PIL import Image

from lamella.pipeline.recipes import demo
from lamella.reporting.ground_truth.claims import Vocabulary, claims
from lamella.runners.hard_pairs import DOUBT
from lamella.sample.captions import alt_text, long_caption, plural, wrong_alt
from lamella.sample.paint import draw
from lamella.sample.rng import Rng
from lamella.sample.scenes import Scene, SceneKind, tallest
from lamella.sample.truths import holds
from lamella.trainer.contrastive.doubts import doubts
from lamella.trainer.contrastive.near_misses import near_misses
from lamella.trainer.evaluation.contrastive import attribute_accuracy, embed, greedy_captions, separation
from lamella.weights import load
from lamella.weights.pixels import square

SCENES = 200
SIZES = ((256, 256), (320, 240), (220, 330), (420, 280))
NAME = "lamella-coca"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[Image.Image, Scene]]:
    return {key: draw(key, Rng("size", key).pick(SIZES)) for key in (f"unseen/{index}" for index in range(SCENES))}


@pytest.fixture(scope="module")
def unseen(drawn) -> tuple[list[str], list[Scene], torch.Tensor]:
    """As scorer and captioner see them."""
    return list(drawn), [scene for _, scene in drawn.values()], _pixels(drawn, load(NAME, "bundled", "scorer").image_size)


@pytest.fixture(scope="module")
def passes(drawn) -> Callable[[list[int], list[str]], float]:
    """Gives the share of texts, each of the picture at its place, that the matcher believes at the recipe's limit."""
    loaded, least = load(NAME, "bundled", "matcher", device="cpu"), demo().caption.min_match
    pictures = [loaded.preprocess(picture) for picture, _ in drawn.values()]
    patches = torch.cat([loaded.model._encode_image(part)[1] for part in torch.stack(pictures).split(64)])  # once for all texts

    def share(places: list[int], texts: list[str]) -> float:
        asked = zip(patches[places].split(64), loaded.tokenize(texts).split(64), strict=True)
        logits = torch.cat([loaded.fusion(loaded.model.fuse(*part)) for part in asked])
        return (logits.sigmoid() >= least).float().mean().item()

    return share


@pytest.fixture(scope="module")
def written(unseen) -> list[str]:
    """What the captioner says of each."""
    return greedy_captions(load(NAME, "bundled", "captioner", device="cpu"), unseen[2], max_tokens=40)


def test_wrong_captions_are_told_from_right_ones(unseen):
    keys, scenes, pixels = unseen
    right, wrong = _texts(keys, scenes)
    loaded = load(NAME, "bundled", "scorer", device="cpu")
    seen, read = embed(loaded, pixels, loaded.tokenize(right + wrong))
    own, false = (seen * read[:SCENES]).sum(-1), (seen * read[SCENES:]).sum(-1)
    found = separation(own.tolist(), false.tolist(), demo().score.min_score)
    assert found.precision > 0.95 and found.recall > 0.97, found


def test_the_matcher_finds_the_one_wrong_word(passes, unseen):
    """Of near misses, in which one colour, number, size, place or shape is another, and of captions of other scenes."""
    keys, scenes, _ = unseen
    right, wrong = _texts(keys, scenes)
    near = [(place, miss) for place, text in enumerate(right) for miss in near_misses(text, 2, "unseen", keys[place])]
    every = list(range(SCENES))
    assert passes(every, right) >= 0.95
    assert passes([place for place, _ in near], [miss for _, miss in near]) <= 0.1
    assert passes(every, wrong) == 0


def test_the_matcher_does_not_believe_what_tempts_the_captioner(drawn, passes, unseen):
    """The likeliest word of a kind that a caption does not have, in the scenes that the captioner doubts."""
    keys, scenes, _ = unseen
    told = [alt_text(scene, Rng("tempting", key)) for scene, key in zip(scenes, keys, strict=True)]
    found = doubts(load(NAME, "bundled", "captioner", device="cpu"), [picture for picture, _ in drawn.values()], told)
    tempting = [
        (place, one.tempting)
        for place, one in enumerate(found)
        if one.probability >= DOUBT and holds(one.tempting, scenes[place]) is False
    ]
    assert len(tempting) >= 25
    assert passes([place for place, _ in tempting], [text for _, text in tempting]) <= 0.25


def test_captions_name_the_colours_and_shapes_that_are_there(unseen, written):
    _, scenes, _ = unseen
    assert attribute_accuracy(written, [_colours(scene) for scene in scenes]) > 0.9
    drawn = [index for index, scene in enumerate(scenes) if scene.kind is not SceneKind.CHART]
    assert attribute_accuracy([written[index] for index in drawn], [_shapes(scenes[index]) for index in drawn]) > 0.8


def test_captions_say_nothing_false(unseen, written):
    """Shapes, colours, numbers and relations, held against the scene."""
    _, scenes, _ = unseen
    facts = [scene.facts() for scene in scenes]
    words = Vocabulary.of(facts)
    found = [claims(text, one, words) for text, one in zip(written, facts, strict=True)]
    assert sum(bool(said) and all(said.values()) for said in found) >= 0.9 * SCENES


def test_patch_tokens_tell_shapes_colours_and_counts():
    """What a Flamingo over these eyes can know: a linear probe on the scorer's tokens, their maximum and their mean."""
    loaded = load(NAME, "bundled", "scorer", device="cpu")
    keys = [f"probe/{index}" for index in range(1000)]
    drawn = [(picture, scene) for picture, scene in map(draw, keys) if scene.kind in (SceneKind.SINGLE, SceneKind.GROUP)]
    pixels = torch.stack([loaded.preprocess(picture) for picture, _ in drawn])
    with torch.no_grad():
        tokens = torch.cat([loaded.model._encode_image(part)[1] for part in pixels.split(64)])
    seen = torch.cat([tokens.amax(dim=1), tokens.mean(dim=1)], dim=1)
    seen = torch.cat([(seen - seen.mean(0)) / seen.std(0), torch.ones(len(seen), 1)], dim=1)
    things = [scene.things[0] for _, scene in drawn]
    assert _probed(seen, [thing.shape for thing in things]) > 0.9
    assert _probed(seen, [thing.colour for thing in things]) > 0.9
    assert _probed(seen, [str(scene.count) for _, scene in drawn]) > 0.75


def _pixels(drawn: dict[str, tuple[Image.Image, Scene]], size: int) -> torch.Tensor:
    return torch.stack([torch.from_numpy(square(picture, size)) for picture, _ in drawn.values()])


def _probed(seen: torch.Tensor, said: list[str]) -> float:
    """Accuracy on the last quarter of a ridge regression onto classes, fitted on the rest."""
    classes = sorted(set(said))
    wanted = torch.eye(len(classes))[[classes.index(word) for word in said]]
    cut = 3 * len(said) // 4
    fitted, ridge = seen[:cut], 10.0 * torch.eye(seen.shape[1])
    weights = torch.linalg.solve(fitted.T @ fitted + ridge, fitted.T @ wanted[:cut])
    return ((seen[cut:] @ weights).argmax(1) == wanted[cut:].argmax(1)).float().mean().item()


def _texts(keys: list[str], scenes: list[Scene]) -> tuple[list[str], list[str]]:
    """A true text of each scene, and a wrong one."""
    pairs = list(zip(scenes, keys, strict=True))
    return [_true_text(scene, key) for scene, key in pairs], [wrong_alt(scene, key) for scene, key in pairs]


def _true_text(scene: Scene, key: str) -> str:
    rng = Rng("true", key)
    return alt_text(scene, rng) if rng.chance(0.6) else long_caption(scene, rng)


def _colours(scene: Scene) -> list[str]:
    """The colours that a true caption names."""
    return [tallest(scene).colour] if scene.kind is SceneKind.CHART else sorted({thing.colour for thing in scene.things})


def _shapes(scene: Scene) -> list[str]:
    return [plural(thing.shape) if scene.kind is SceneKind.GROUP else thing.shape for thing in scene.things]
