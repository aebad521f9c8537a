"""Toy shards, and a model small enough to train within a test."""

import hashlib
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from lamella.schemas.pair import Dataset
from lamella.schemas.sample import PairSample
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest, shard_name, write_shard

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220), "yellow": (240, 220, 40)}


def toy_pair(index: int) -> PairSample:
    """A square on grey, and words that say its colour and its half."""
    colour = list(COLOURS)[index % len(COLOURS)]
    top = index // len(COLOURS) % 2 == 0
    picture = Image.new("RGB", (48, 36 + index % 5), (128 + index % 7, 128, 128))
    picture.paste(COLOURS[colour], (8, 2 if top else 20, 40, 14 if top else 34))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    text = f"a {colour} bar at the {'top' if top else 'bottom'} of picture {index}"
    facts = {"source": "figcaption" if index % 3 == 0 else "alt"}
    return PairSample(key=f"{index:032x}", url=f"https://a.example/{index}.jpg", text=text, image=out.getvalue(), facts=facts)


def write_dataset(folder: Path, dataset: Dataset, splits: dict[str, list[list[dict[str, bytes]]]]) -> None:
    """Shards of ready members, and their manifest."""
    folder.mkdir(parents=True)
    infos = []
    for split, shards in splits.items():
        for number, samples in enumerate(shards):
            out = io.BytesIO()
            count = write_shard(out, number, samples)
            name, data = shard_name(dataset, split, number), out.getvalue()
            (folder / name).write_bytes(data)
            checksum = hashlib.sha256(data).hexdigest()
            infos.append(ShardInfo(name=name, split=split, samples=count, bytes=len(data), sha256=checksum))
    (folder / MANIFEST).write_bytes(ShardManifest(dataset=dataset, shards=tuple(infos)).encode())


@pytest.fixture(scope="session")
def toy() -> SimpleNamespace:
    """`pair(index)` is a PairSample; `write(folder, dataset, {split: [shards of members]})` a dataset on disk."""
    return SimpleNamespace(pair=toy_pair, write=write_dataset)


@pytest.fixture(scope="session")
def toy_shards(tmp_path_factory) -> str:
    """`align/` with 3 shards of 11, 12 and 13 pairs and 8 to validate on; `ltip/` with one shard of 12."""
    folder = tmp_path_factory.mktemp("shards")
    pairs = [toy_pair(index).encode() for index in range(56)]
    train = [pairs[0:11], pairs[11:23], pairs[23:36]]
    write_dataset(folder / "align", Dataset.ALIGN, {"train": train, "validation": [pairs[36:44]]})
    write_dataset(folder / "ltip", Dataset.LTIP, {"train": [pairs[44:56]]})
    return str(folder)


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory) -> str:
    """The path of a model config: 16 px, one layer each, 32 wide."""
    tower = {"width": 32, "layers": 1}
    config = {
        "embed_dim": 32,
        "vision_cfg": tower
        | {"image_size": 16, "patch_size": 8, "head_width": 16}
        | {"attentional_pool": False, "pool_type": "avg", "output_tokens": True},
        "text_cfg": tower
        | {"context_length": 24, "vocab_size": 320, "heads": 2, "pad_id": 0, "eos_id": 2}
        | {"embed_cls": False, "pool_type": "eos", "output_tokens": True},
        "multimodal_cfg": tower | {"context_length": 24, "heads": 2},
        "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
    }
    path = tmp_path_factory.mktemp("model") / "toy-coca.json"
    path.write_text(json.dumps(config))
    return str(path)


@pytest.fixture
def toy_overrides(toy_model) -> dict[str, str]:
    return {
        "model": toy_model,
        "max_vocabulary": "320",
        "steps": "12",
        "batch": "8",
        "warmup_steps": "2",
        "threads": "1",
        "log_every": "1",
        "checkpoint_every": "4",
        "shards_in_memory": "2",
        "datasets": "align,ltip",
        "device": "cpu",
    }
