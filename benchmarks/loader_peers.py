"""Documents in a loader's own format -> an endless stream of ready batches; one function for each loader that is compared.

Ours, and two peers that cut their sequences with our `document_sequence`, so that tokens and images are the same:

    open_flamingo   the design of OpenFlamingo's `train/data.py`: webdataset, one JSON a document with its images in base64;
                    every image is decoded by PIL before any is chosen, made float and normalised, padded to N
    mosaicml        mosaicml-streaming: MDS with the JPEG bytes; only the images that stay are decoded, by PIL in its
                    draft mode, kept as bytes and not padded: all that can be done without leaving PIL
"""

import base64
import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer

from lamella.schemas.pair import Dataset
from lamella.trainer.flamingo.config import FlamingoConfig
from lamella.trainer.loading.config import DatasetConfig
from lamella.trainer.loading.mixture import Mixture
from lamella.trainer.loading.sequences import Chances, cut_of, document_sequence
from lamella.trainer.loading.tokenizer import Vocabulary
from lamella.weights.pixels import square

L, N, PX, BATCH, WORKERS = 256, 5, 224, 16, 2
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # OpenAI's CLIP
CHANCES = Chances(seed=0, next_image=0.5, leading_space=0.5)
Ready = tuple[int, object]  # documents, and what a model would be given


def vocabulary(folder: Path) -> Vocabulary:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return Vocabulary(tokenizer, tokenizer.get_vocab_size())


def config(**changes) -> FlamingoConfig:
    none = DatasetConfig()
    parts = {"m3w": DatasetConfig(batch=BATCH, tokens=L, images=N), "align": none, "ltip": none, "vtp": none}
    return FlamingoConfig(recipe="loader", **(parts | {"workers": WORKERS, "device": "cpu"} | changes))


def ours(folder: Path) -> Iterator[Ready]:
    with Mixture(str(folder / "shards"), config(), vocabulary(folder), PX) as mixture:
        for step in mixture.steps():
            batch = step.micro[0][Dataset.M3W]
            yield len(batch.keys), batch


def open_flamingo(folder: Path) -> Iterator[Ready]:
    import webdataset

    paths = sorted(map(str, (folder / "base64").glob("*.tar")))
    dataset = webdataset.DataPipeline(
        webdataset.SimpleShardList(paths),
        webdataset.split_by_worker,
        webdataset.tarfile_to_samples(),
        webdataset.shuffle(bufsize=100, initial=50),  # theirs is 5,000: more than there are documents
        webdataset.to_tuple("json"),
        webdataset.map(partial(_flamingo_sample, vocabulary(folder))),
        webdataset.batched(BATCH, partial=False),
    ).repeat()
    loader = webdataset.WebLoader(dataset, batch_size=None, shuffle=False, num_workers=WORKERS, persistent_workers=True)
    for images, tokens, mask in loader:
        yield len(tokens), (images, tokens, mask)


def mosaicml(folder: Path) -> Iterator[Ready]:
    from streaming import StreamingDataset

    class Documents(StreamingDataset):
        def __getitem__(self, index: int):
            found = super().__getitem__(index)
            return mosaicml_sample(self.vocabulary, found["header"], found["jpg"], ("m3w", index))

    path = folder / "mds"
    samples = sum(shard["samples"] for shard in json.loads((path / "index.json").read_text())["shards"])
    dataset = Documents(local=str(path), shuffle=True, batch_size=BATCH, epoch_size=50 * samples)
    dataset.vocabulary = vocabulary(folder)
    options = {"num_workers": WORKERS, "persistent_workers": True, "collate_fn": _collated}
    loader = torch.utils.data.DataLoader(dataset, batch_size=BATCH, **options)
    for batch in loader:
        yield len(batch[0]), batch


def flamingo_sample(words: Vocabulary, data: bytes, parts: tuple[object, ...]):
    """(images [N, 3, S, S] float, tokens [L], mask [L], the sequence), in the order of OpenFlamingo's steps."""
    info = json.loads(data)
    pictures = [Image.open(io.BytesIO(base64.b64decode(one["image_base64"]))).convert("RGB") for one in info["image_info"]]
    tensors = torch.stack([_normalised(square(picture, PX)) for picture in pictures])
    sequence = document_sequence(info, words, cut_of(L, N, CHANCES, parts))
    images = tensors[list(sequence.images)][:N]
    if len(images) < N:
        images = torch.cat([images, torch.zeros(N - len(images), 3, PX, PX)])
    tokens = torch.full((L,), words.pad, dtype=torch.long)
    tokens[: len(sequence.tokens)] = torch.from_numpy(sequence.tokens)
    return images, tokens, tokens != words.pad, sequence


def mosaicml_sample(words: Vocabulary, header: str, blob: bytes, parts: tuple[object, ...]):
    """(tokens, phi, loss, images [M, S, S, 3]) of one document."""
    info = json.loads(header)
    sequence = document_sequence(info, words, cut_of(L, N, CHANCES, parts))
    images = np.empty((len(sequence.images), PX, PX, 3), dtype=np.uint8)
    for place, number in enumerate(sequence.images):
        fact = info["images"][number]
        with Image.open(io.BytesIO(blob[fact["offset"] : fact["offset"] + fact["length"]])) as image:
            image.draft("RGB", (PX, PX))
            images[place] = square(image, PX)
    return sequence.tokens, sequence.phi, sequence.loss, images


def _flamingo_sample(words: Vocabulary, sample: tuple[bytes]):
    (data,) = sample
    return flamingo_sample(words, data, (len(data),))[:3]


def _normalised(pixels: np.ndarray) -> torch.Tensor:
    """torchvision's ToTensor and Normalize."""
    floats = torch.from_numpy(pixels).permute(2, 0, 1).contiguous().float().div(255)
    return floats.sub_(torch.tensor(MEAN).view(3, 1, 1)).div_(torch.tensor(STD).view(3, 1, 1))


def _collated(samples: list):
    rows = torch.zeros(3, len(samples), L, dtype=torch.long)
    for row, (tokens, phi, loss, _) in enumerate(samples):
        for plane, values in enumerate((tokens, phi, loss)):
            rows[plane, row, : len(values)] = torch.from_numpy(values)
    return rows[0], rows[1], rows[2].bool(), torch.from_numpy(np.concatenate([images for *_, images in samples]))


LOADERS = {"lamella": ours, "open_flamingo": open_flamingo, "mosaicml": mosaicml}
