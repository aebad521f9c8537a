"""A captioner and the sample's scenes -> pair shards of the scenes that it doubts, with its own false captions.

    python -m lamella.runners.hard_pairs FOLDER --of 12000 --seed 8

A matcher meets what its captioner says, and a captioner of few mistakes makes them where a colour, a shape or a number is hard
to see. How far it doubts a picture one look at a true caption tells: the probability of the likeliest other word of a kind. Of
pictures that it doubts, and of all charts and scenes of most things, of which one text tells least, it writes captions, from
its whole distribution. Those that the scene contradicts, and the true caption with that other word in it, stand in the sample's
facts as `false`. One in three of these pictures has as its text a caption of the captioner's that holds ("synthetic"). Of the
other pictures one in EASY is kept. The validation split is drawn evenly.
"""

import argparse
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from PIL import Image

from lamella.pipeline.recipes import demo
from lamella.runners.scene_pairs import PAIRS_PER_SHARD, SHOWS_SCENE, VALIDATION, scene_pair, write_pairs
from lamella.sample.captions import alt_text
from lamella.sample.rng import Rng
from lamella.sample.scenes import MAX_COUNT, Scene, SceneKind, make_scene
from lamella.sample.truths import holds
from lamella.schemas.config import ModelConfig
from lamella.schemas.datasets import Dataset
from lamella.schemas.sample import PairSample
from lamella.schemas.shards import ShardManifest
from lamella.trainer.contrastive.doubts import Doubt, doubts
from lamella.transforms.base.files import join
from lamella.transforms.caption.coca import CocaCaptioner
from lamella.transforms.shard.manifest import finish, withdraw_manifest

DOUBT = 0.03  # probability of a wrong word from which on a picture is hard
ASKED = 3  # captions of a hard picture
EASY, SYNTHETIC = 4, 3  # one in so many
TOGETHER = 64  # pictures
_ALL_WORDS = demo().caption.model_copy(update={"top_p": 1.0})


class _Doubted(NamedTuple):
    sample: PairSample
    scene: Scene
    doubt: Doubt


def write_hard_pairs(folder: str, captioner: CocaCaptioner, of: int, seed: int) -> ShardManifest:
    """Shards of what is kept of `of` pairs, and VALIDATION more that are not chosen, under `folder`/ltip."""
    target = withdraw_manifest(join(folder, Dataset.LTIP))
    shards, kept = [], _kept(captioner, [f"hard/{seed}/train/{number}" for number in range(of)])
    while part := list(islice(kept, PAIRS_PER_SHARD)):
        shards.append(write_pairs(target, "train", len(shards), part))
    plain = (scene_pair(f"hard/{seed}/validation/{number}") for number in range(VALIDATION))
    shards.append(write_pairs(target, "validation", 0, plain))
    fingerprint = f"hard scenes seed={seed} of={of} captioner={captioner.label}"
    return finish(target, ShardManifest(dataset=Dataset.LTIP, shards=tuple(shards), fingerprint=fingerprint))


def _kept(captioner: CocaCaptioner, keys: Sequence[str]) -> Iterator[PairSample]:
    for start in range(0, len(keys), TOGETHER):
        samples = [scene_pair(key) for key in keys[start : start + TOGETHER]]
        shown = _doubted(captioner, [sample for sample in samples if sample.facts["shows"] == SHOWS_SCENE])
        hard = {one.sample.key: one for one in shown if is_hard(one.scene, one.doubt)}
        written = _written(captioner, list(hard.values()))
        for sample in samples:
            if sample.key in hard:
                yield _with_false(hard[sample.key], written[sample.key])
            elif Rng("easy", sample.key).below(EASY) == 0:
                yield sample


def is_hard(scene: Scene, doubt: Doubt) -> bool:
    return doubt.probability >= DOUBT or scene.kind is SceneKind.CHART or scene.count == MAX_COUNT


def _doubted(captioner: CocaCaptioner, samples: Sequence[PairSample]) -> list[_Doubted]:
    scenes = [make_scene(sample.key) for sample in samples]
    told = [alt_text(scene, Rng("doubted", scene.key)) for scene in scenes]
    found = doubts(captioner.loaded, [_opened(sample) for sample in samples], told)
    return [_Doubted(*one) for one in zip(samples, scenes, found, strict=True)]


def _written(captioner: CocaCaptioner, hard: Sequence[_Doubted]) -> dict[str, list[str]]:
    """Captions by the sample's key."""
    pictures: dict[str, Image.Image] = {one.sample.key: _opened(one.sample) for one in hard}
    asked = [(key, f"{key} {time}") for key in pictures for time in range(ASKED)]
    captions = captioner.captions([pictures[key] for key, _ in asked], [draw for _, draw in asked], _ALL_WORDS)
    written: dict[str, list[str]] = {key: [] for key in pictures}
    for (key, _), caption in zip(asked, captions, strict=True):
        written[key].append(caption)
    return written


def _with_false(one: _Doubted, captions: Sequence[str]) -> PairSample:
    told = {text: holds(text, one.scene) for text in [one.doubt.tempting, *captions] if text}
    false, true = (sorted(text for text, truth in told.items() if truth is wanted) for wanted in (False, True))
    sample, rng = one.sample, Rng("hard", one.sample.key)
    if true and rng.below(SYNTHETIC) == 0:
        sample = replace(sample, text=rng.pick(true), facts=sample.facts | {"source": "synthetic"})
    return replace(sample, facts=sample.facts | {"false": false, "doubt": round(one.doubt.probability, 4)})


def _opened(sample: PairSample) -> Image.Image:
    return Image.open(io.BytesIO(sample.image))


def main(words: list[str] | None = None) -> None:
    command = "python -m lamella.runners.hard_pairs"
    parser = argparse.ArgumentParser(prog=command, description="Writes pairs of scenes that a captioner doubts as shards.")
    parser.add_argument("folder", help="of the shards")
    parser.add_argument("--of", type=int, default=12_000, help="scenes of which those are chosen")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--captioner", default="bundled", help="bundled, or a folder of weights")
    asked = parser.parse_args(words)
    captioner = CocaCaptioner.load(ModelConfig(weights=asked.captioner, batch=32))
    manifest = write_hard_pairs(asked.folder, captioner, asked.of, asked.seed)
    print(f"lamella: {sum(shard.samples for shard in manifest.shards):,} pairs of scenes in {asked.folder}")


if __name__ == "__main__":
    main()
