"""Scenes that no training drew, whose truth is known -> a table of the texts that a matcher loses and rejects.

    python benchmarks/matcher.py                                  the bundled matcher, 500 scenes
    python benchmarks/matcher.py --matcher FOLDER --first 1000    one that `lamella train contrastive` wrote, on others

Of each scene: a true alt text, four near misses of it, the alt text of another scene, and what the captioner says when it is
asked four times, as a run asks it. What is true of a scene `lamella.sample.truths` tells; what it cannot tell is left out.
"""

import argparse
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import torch
from PIL import Image

from lamella.pipeline.recipes import demo
from lamella.sample.captions import alt_text
from lamella.sample.image_bank import SIZES
from lamella.sample.paint import paint
from lamella.sample.rng import Rng
from lamella.sample.scenes import Scene, make_scene
from lamella.sample.truths import holds
from lamella.schemas.config import ModelConfig
from lamella.trainer.contrastive.near_misses import near_misses
from lamella.transforms.caption.coca import CocaCaptioner
from lamella.transforms.caption.models import load_matcher

RECIPE = demo().caption
NEAR, ASKED, TOGETHER = 4, 4, 64
TRUE = ("true web texts lost", "true synthetic captions lost")
FALSE = ("near misses rejected", "texts of other scenes rejected", "false captions of the captioner rejected")


class Shown(NamedTuple):
    """A text beside a scene."""

    row: str
    scene: int
    text: str


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(1)
    limits = arguments.min_match or [RECIPE.min_match]
    captioner = CocaCaptioner.load(ModelConfig(weights=arguments.captioner, batch=TOGETHER))
    matchers = [load_matcher(ModelConfig(weights=weights, batch=TOGETHER)) for weights in arguments.matcher]
    rejected: dict[str, list[list[bool]]] = {row: [] for row in (*TRUE, *FALSE)}  # of each text, by each matcher
    numbers = iter(range(arguments.first, arguments.first + arguments.scenes))
    while part := list(islice(numbers, TOGETHER)):
        scenes = [make_scene(f"exam/{number}") for number in part]
        pictures = [paint(scene, Rng("matcher", scene.key).pick(SIZES)) for scene in scenes]
        shown = list(_shown(scenes, _captions(captioner, scenes, pictures)))
        asked = [(one.scene, one.text) for one in shown]
        verdicts = zip(*(matcher.probabilities(pictures, asked) for matcher in matchers), strict=True)
        for one, probabilities in zip(shown, verdicts, strict=True):
            rejected[one.row].append([probability < limit for probability in probabilities for limit in limits])
            if arguments.show and one.row == FALSE[-1]:
                print(scenes[one.scene].key, *(f"{probability:.3f}" for probability in probabilities), one.text, sep="  ")
    print(f"scenes exam/{arguments.first} to exam/{arguments.first + arguments.scenes - 1}\n")
    columns = [f"{weights} at {limit}" for weights in arguments.matcher for limit in limits]
    print(f"| texts | number | {' | '.join(columns)} |\n|---|---{'|---' * len(columns)}|")
    for row, texts in rejected.items():
        shares = [f"{100 * sum(by_one) / len(texts):.1f} %" for by_one in zip(*texts, strict=True)]
        print(f"| {row} | {len(texts)} | {' | '.join(shares)} |")


def _captions(captioner: CocaCaptioner, scenes: list[Scene], pictures: list[Image.Image]) -> list[str]:
    """ASKED of each scene, one scene after another."""
    asked = [(picture, f"{scene.key} {time}") for scene, picture in zip(scenes, pictures, strict=True) for time in range(ASKED)]
    return captioner.captions([picture for picture, _ in asked], [key for _, key in asked], RECIPE)


def _shown(scenes: list[Scene], captions: list[str]) -> Iterator[Shown]:
    for place, scene in enumerate(scenes):
        text, other = alt_text(scene, Rng("matcher", scene.key)), scenes[(place + 1) % len(scenes)]
        yield Shown(TRUE[0], place, text)
        for near in near_misses(text, NEAR, scene.key):
            yield Shown(FALSE[0], place, near)
        foreign = alt_text(other, Rng("matcher", other.key))
        if holds(foreign, scene) is False:
            yield Shown(FALSE[1], place, foreign)
        for caption in captions[place * ASKED : (place + 1) * ASKED]:
            told = holds(caption, scene)
            if caption and told is not None:
                yield Shown(TRUE[1] if told else FALSE[2], place, caption)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captioner", default="bundled")
    parser.add_argument(
        "--matcher", nargs="+", default=["bundled"], help="bundled, or a folder of weights; several side by side"
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first scene")
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument(
        "--min-match", type=float, nargs="+", help="what a text must reach; that of the recipe demo, if not given"
    )
    parser.add_argument("--show", action="store_true", help="print each false caption and its probability")
    return parser.parse_args()


if __name__ == "__main__":
    main()
