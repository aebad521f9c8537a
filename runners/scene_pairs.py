"""A number -> pair shards of so many scenes of the sample, for `lamella train contrastive`, without a web or a run.

    python -m lamella.runners.scene_pairs FOLDER --pairs 70000 --seed 7

A run gives some thousand pairs an hour, and the bundled captioner and matcher learn from tens of thousands where things stand.
Scenes and texts are those of the sample's pages, drawn from keys that no page has: alt texts, captions, stills of clips, and a
few bare grounds, whose source is "ground". What a pair says is always true of it.
"""

import argparse
from collections.abc import Iterable

from lamella.sample.captions import alt_text, bare, long_caption
from lamella.sample.clips import clip_caption, cues, still
from lamella.sample.image_bank import SIZES
from lamella.sample.paint import encode, paint, texture
from lamella.sample.rng import Rng
from lamella.sample.scenes import BACKGROUNDS, make_scene
from lamella.schemas.datasets import Dataset
from lamella.schemas.sample import PairSample
from lamella.schemas.shards import ShardInfo, ShardManifest, shard_name, write_shard
from lamella.transforms.base.files import NewFile, join
from lamella.transforms.shard.manifest import finish, withdraw_manifest

PAIRS_PER_SHARD = 2000
VALIDATION = 500  # pairs
# Shares; the rest are alt texts.
STILLS, GROUNDS, CAPTIONS = 0.06, 0.02, 0.35
SHOWS_SCENE = "scene"  # what `shows` says of a picture of the key's scene


def scene_pair(key: str) -> PairSample:
    """The pair of a key: a picture as pages show them, and a text that is true of it, with its kind as `source`.

    Its fact `shows` is `scene`, of the scene of the key, `clip` or `ground`.
    """
    shows, rng = SHOWS_SCENE, Rng("scene pair", key)
    roll, size = rng.fraction(), rng.pick(SIZES)
    if roll < STILLS:
        shows, (picture, clip) = "clip", still(key)
        source, text = "caption", clip_caption(clip) if rng.chance(0.5) else cues(clip)[rng.below(2)]
    elif roll < STILLS + GROUNDS:
        background = rng.pick(BACKGROUNDS)
        shows = source = "ground"
        text, picture = bare(background, rng), texture(key, size, background)
    else:
        scene = make_scene(key)
        picture = paint(scene, size)
        long = roll > 1 - CAPTIONS
        source, text = ("caption", long_caption(scene, rng)) if long else ("alt", alt_text(scene, rng))
    url = f"https://scenes.example/{key}.jpg"
    return PairSample(key=key, url=url, text=text, image=encode(picture, "jpg"), facts={"source": source, "shows": shows})


def write_scene_pairs(folder: str, pairs: int, seed: int) -> ShardManifest:
    """Shards of `pairs` pairs for training and VALIDATION more, under `folder`/ltip, with their manifest."""
    target = withdraw_manifest(join(folder, Dataset.LTIP))
    sizes = [min(PAIRS_PER_SHARD, pairs - start) for start in range(0, pairs, PAIRS_PER_SHARD)]
    places = [*(("train", number, size) for number, size in enumerate(sizes)), ("validation", 0, VALIDATION)]
    shards = [
        write_pairs(target, split, number, (scene_pair(f"pairs/{seed}/{split}/{number}/{index}") for index in range(size)))
        for split, number, size in places
    ]
    fingerprint = f"scenes seed={seed} pairs={pairs}"
    return finish(target, ShardManifest(dataset=Dataset.LTIP, shards=tuple(shards), fingerprint=fingerprint))


def write_pairs(folder: str, split: str, number: int, samples: Iterable[PairSample]) -> ShardInfo:
    """One shard."""
    name = shard_name(Dataset.LTIP, split, number)
    with NewFile(join(folder, name)) as out:
        count = write_shard(out, number, (sample.encode() for sample in samples))
        out.commit()
    return ShardInfo(name=name, split=split, samples=count, bytes=out.tell(), sha256=out.sha256)


def main(words: list[str] | None = None) -> None:
    command = "python -m lamella.runners.scene_pairs"
    parser = argparse.ArgumentParser(prog=command, description="Writes pairs of the sample's scenes as shards.")
    parser.add_argument("folder", help="of the shards")
    parser.add_argument("--pairs", type=int, default=70_000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args(words)
    manifest = write_scene_pairs(asked.folder, asked.pairs, asked.seed)
    print(f"lamella: {sum(shard.samples for shard in manifest.shards):,} pairs of scenes in {asked.folder}")


if __name__ == "__main__":
    main()
