"""A folder -> the same documents for every loader: our shards, a tar of base64 in JSON, and MDS."""

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from lamella.sample import paint
from lamella.sample.prose import GENRES, Writer
from lamella.sample.rng import Rng
from lamella.schemas.keys import stable_int
from lamella.schemas.pair import Dataset
from lamella.schemas.phi import phi_of
from lamella.schemas.sample import InterleavedSample, Members
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest, read_shard, shard_name, write_shard

SHARDS = 8


def make_shards(folder: Path, documents: int, sides: tuple[int, ...]) -> None:
    """Documents of one to eight pictures, each side by side with a paragraph or two, as M3W shards."""
    out = folder / "m3w"
    out.mkdir(parents=True)
    infos = []
    for number in range(SHARDS):
        members = [document(n, sides).encode() for n in range(number, documents, SHARDS)]
        tar = io.BytesIO()
        count = write_shard(tar, number, members)
        data, name = tar.getvalue(), shard_name(Dataset.M3W, "train", number)
        (out / name).write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        infos.append(ShardInfo(name=name, split="train", samples=count, bytes=len(data), sha256=sha256))
    (out / MANIFEST).write_bytes(ShardManifest(dataset=Dataset.M3W, shards=tuple(infos)).encode())


def document(number: int, sides: tuple[int, ...]) -> InterleavedSample:
    """About 300 words in the sample web's prose, and its pictures with the grain of a photograph: 20 to 150 kB each."""
    rng = Rng("loader", number)
    writer = Writer(GENRES[number % len(GENRES)], rng)
    texts: list[str | None] = [writer.title()]
    images = []
    for picture in range(1 + rng.below(8)):
        images.append(_picture(f"loader-{number}-{picture}", sides[rng.below(len(sides))]))
        texts += [None, writer.paragraph(2 + rng.below(4))]
    previous, following = phi_of(texts)
    index = iter(range(len(images)))
    return InterleavedSample(
        key=f"{number:032x}",
        url=f"https://loader.example/{number}",
        texts=tuple(texts),
        image_index=tuple(next(index) if text is None else None for text in texts),
        previous=previous,
        next=following,
        images=tuple(images),
        image_facts=tuple({"url": f"https://loader.example/{number}/{n}.jpg"} for n in range(len(images))),
    )


def stored_documents(shards: Path) -> Iterator[Members]:
    manifest = ShardManifest.decode((shards / "m3w" / MANIFEST).read_bytes())
    for info in manifest.shards:
        if info.split == "train":
            with (shards / "m3w" / info.name).open("rb") as tar:
                yield from (members for _, members in read_shard(tar))


def make_tokenizer(folder: Path) -> None:
    """A byte-level BPE of 8,192 pieces, trained on the documents: a little above one token a word, as for a large model."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=8192, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    headers = (json.loads(members["json"]) for members in stored_documents(folder / "shards"))
    tokenizer.train_from_iterator((text for header in headers for text in header["texts"] if text is not None), trainer)
    tokenizer.save(str(folder / "tokenizer.json"))


def write_base64(shards: Path, folder: Path) -> None:
    """mmc4 as OpenFlamingo reads it: tars of one JSON a document, each image in it in base64."""
    import webdataset

    folder.mkdir()
    writers = [webdataset.TarWriter(str(folder / f"{number:05d}.tar")) for number in range(SHARDS)]
    for number, members in enumerate(stored_documents(shards)):
        header, blob = json.loads(members["json"]), members["jpg"]
        parts = (blob[fact["offset"] : fact["offset"] + fact["length"]] for fact in header["images"])
        header["image_info"] = [{"image_base64": base64.b64encode(part).decode()} for part in parts]
        writers[number % SHARDS].write({"__key__": f"{number:09d}", "json": json.dumps(header).encode()})
    for writer in writers:
        writer.close()


def write_mds(shards: Path, folder: Path) -> None:
    """mosaicml-streaming's own format: the header as text, the JPEGs as bytes."""
    from streaming import MDSWriter

    with MDSWriter(out=str(folder), columns={"header": "str", "jpg": "bytes"}, size_limit=1 << 26) as writer:
        for members in stored_documents(shards):
            writer.write({"header": members["json"].decode(), "jpg": members["jpg"]})


def _picture(key: str, side: int) -> bytes:
    portrait = stable_int(key, "portrait") % 3 == 0
    size = (side * 3 // 4, side) if portrait else (side, side * 3 // 4)
    small = (size[0] // 2, size[1] // 2)  # painted at half the size, which takes a quarter of the time
    smooth = np.asarray(paint.draw(key, small)[0].resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    grain = np.random.default_rng(stable_int(key, "grain")).standard_normal(smooth.shape, dtype=np.float32)
    out = io.BytesIO()
    Image.fromarray(np.clip(smooth + 5 * grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=85)
    return out.getvalue()
