"""A small world for the Flamingo's tests: documents, pairs and clips with pictures, their shards, and a tokenizer of words."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from lamella.schemas.keys import stable_int
from lamella.schemas.pair import Dataset
from lamella.schemas.phi import phi_of
from lamella.schemas.sample import ClipSample, InterleavedSample, PairSample
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.loading.config import DatasetConfig
from lamella.trainer.loading.tokenizer import Vocabulary

WORDS = ("a", "red", "blue", "green", "square", "circle", "is", "here", "there", "left", "right", "of", "the", "and")


def world_vocabulary(extra: tuple[str, ...] = ()) -> Vocabulary:
    """A token a word, and one for the line break and the space that leads."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    pieces = ("[UNK]", "\n", " ", *WORDS, *extra)
    tokenizer = Tokenizer(models.WordLevel({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"^ |\n|\w+"), "removed", invert=True)
    return Vocabulary(tokenizer, len(pieces))


def jpeg(number: int, size: tuple[int, int] = (24, 18)) -> bytes:
    """A picture of one colour that no other number has: it tells which image stands where."""
    out = io.BytesIO()
    Image.new("RGB", size, colour_of(number)).save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def colour_of(number: int) -> tuple[int, int, int]:
    return (40 + number % 7 * 30, 40 + number // 7 % 7 * 30, 40 + number // 49 % 7 * 30)


def document(number: int, layout: str | None = None) -> InterleavedSample:
    """A document whose layout, "t" a text and "i" an image, follows from its number unless it is given."""
    layout = (
        layout or "".join("ti"[stable_int("layout", number, n) % 2] for n in range(1 + stable_int("nodes", number) % 9)) + "i"
    )
    texts = [None if kind == "i" else sentence(number, n) for n, kind in enumerate(layout)]
    previous, following = phi_of(texts)
    images = tuple(jpeg(stable_int("image", number, n) % 343) for n in range(layout.count("i")))
    index = iter(range(len(images)))
    return InterleavedSample(
        key=f"document-{number}",
        url=f"https://a.example/{number}",
        texts=tuple(texts),
        image_index=tuple(next(index) if text is None else None for text in texts),
        previous=previous,
        next=following,
        images=images,
        image_facts=tuple({"url": f"https://a.example/{number}-{n}.jpg"} for n in range(len(images))),
    )


def sentence(number: int, node: int = 0) -> str:
    count = 1 + stable_int("words", number, node) % 12
    return " ".join(WORDS[stable_int("word", number, node, n) % len(WORDS)] for n in range(count))


def pair(number: int) -> PairSample:
    return PairSample(key=f"pair-{number}", url=f"https://a.example/p{number}", text=sentence(number), image=jpeg(number))


def clip(number: int, frames: int = 4, distinct: int | None = None) -> ClipSample:
    """`distinct`: how many of its frames are real; the last of these is repeated."""
    pictures = tuple(jpeg(number + min(frame, (distinct or frames) - 1)) for frame in range(frames))
    facts = {} if distinct is None else {"distinct_frames": distinct}
    key, url = f"clip-{number}", f"https://a.example/c{number}"
    return ClipSample(key=key, url=url, text=sentence(number), frames=pictures, facts=facts)


MAKERS = {Dataset.M3W: document, Dataset.ALIGN: pair, Dataset.LTIP: pair, Dataset.VTP: clip}


def write_world(toy, folder: Path, counts: dict[Dataset, list[int]], validation: int = 5) -> str:
    """Shards of `counts` samples each, and one to validate on; the path of the shards' folder. `toy` is conftest's."""
    for dataset, shards in counts.items():
        make = MAKERS[dataset]
        numbers = iter(range(10_000))
        train = [[make(next(numbers)).encode() for _ in range(count)] for count in shards]
        splits = {"train": train, "validation": [[make(next(numbers)).encode() for _ in range(validation)]]}
        toy.write(folder / str(dataset), dataset, splits)
    return str(folder)


def world_config(**changes) -> FlamingoConfig:
    """All four datasets, small; `changes` are fields of FlamingoConfig."""
    small = {
        "m3w": DatasetConfig(batch=4, tokens=24, images=3),
        "align": DatasetConfig(weight=0.2, batch=4, tokens=16),
        "ltip": DatasetConfig(weight=0.2, batch=2, tokens=16),
        "vtp": DatasetConfig(weight=0.03, batch=2, tokens=16, frames=4),
        "workers": 0,
        "device": "cpu",
        "window_shards": 2,
        "validation_samples": 4,
    }
    return FlamingoConfig(recipe="world", **(small | changes))


def colours(images) -> list[tuple[int, int, int]]:
    """The colour in the middle of each image or clip's first frame of [M, T, H, W, 3]."""
    pixels = np.asarray(images)
    middle = pixels[:, 0, pixels.shape[2] // 2, pixels.shape[3] // 2]
    return [tuple(map(int, row)) for row in middle]
