"""The same documents through each loader's own steps -> whether all give the same tokens and images; the cost of our steps."""

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.loader_input import stored_documents
from benchmarks.loader_peers import (
    BATCH,
    CHANCES,
    MEAN,
    PX,
    STD,
    L,
    N,
    config,
    flamingo_sample,
    mosaicml_sample,
    vocabulary,
)
from lamella.schemas.pair import Dataset
from lamella.trainer.loading.mixture import Mixture
from lamella.trainer.loading.packing import fill_rows
from lamella.trainer.loading.pictures import draw
from lamella.trainer.loading.sequences import cut_of, document_sequence

GATE_STEPS = 4
TOLERANCE = 3.0  # levels of 255, mean over a picture: scaled decoding against full decoding
PROFILED = 200  # documents


def gate(folder: Path) -> dict[str, float | str]:
    """Raises AssertionError where tokens, phi or images differ, or a resumed stream is another."""
    import webdataset

    base64 = {}
    for sample in webdataset.WebDataset(sorted(map(str, (folder / "base64").glob("*.tar"))), shardshuffle=False):
        base64[json.loads(sample["json"])["key"]] = sample["json"]
    plain = {json.loads(members["json"])["key"]: members for members in stored_documents(folder / "shards")}
    words, steps = vocabulary(folder), _steps(folder, 0, 2 * GATE_STEPS)
    worst, images, slot = 0.0, 0, 0
    for batch in steps[:GATE_STEPS]:
        pixels = iter(batch.images[:, 0].numpy())
        for row, key in enumerate(batch.keys):
            parts = (Dataset.M3W, slot)
            theirs, tokens, mask, sequence = flamingo_sample(words, base64[key], parts)
            mds = mosaicml_sample(words, plain[key]["json"].decode(), plain[key]["jpg"], parts)
            count, length = int(batch.image_counts[row]), len(mds[0])
            assert batch.text[row].tolist() == tokens.tolist() and (batch.document[row] > 0).tolist() == mask.tolist()
            assert batch.text[row, :length].tolist() == mds[0].tolist() and batch.phi[row, :length].tolist() == mds[1].tolist()
            assert batch.loss_mask[row, :length].tolist() == mds[2].tolist()
            assert count == len(mds[3]) == len(sequence.images) and not theirs[count:].any()
            for number, mine in zip(range(count), pixels, strict=False):
                worst = max(worst, _difference(mine, _pixels(theirs[number])), _difference(mine, mds[3][number]))
            images, slot = images + count, slot + 1
    assert worst < TOLERANCE, worst
    again = _steps(folder, GATE_STEPS, GATE_STEPS)
    for one, other in zip(steps[GATE_STEPS:], again, strict=True):
        assert one.keys == other.keys and torch.equal(one.text, other.text) and torch.equal(one.images, other.images)
    facts = {"documents": slot, "images": images, "worst_mean_difference": round(worst, 2)}
    return facts | {"tokens_and_phi": "equal", "resume": "exact"}


def profile(folder: Path) -> dict[str, float]:
    """Milliseconds a document for each of our steps on one core, and what the documents are made of."""
    words = vocabulary(folder)
    documents = list(itertools.islice(stored_documents(folder / "shards"), PROFILED))
    spent = dict.fromkeys(("json", "tokenise", "sequence", "decode", "copy"), 0.0)

    def timed(name: str, work: Callable):
        began = time.perf_counter()
        result = work()
        spent[name] += time.perf_counter() - began
        return result

    kept, stored, sequences = 0, 0, []
    for slot, members in enumerate(documents):
        header = timed("json", lambda data=members["json"]: json.loads(data))
        cut = cut_of(L, N, CHANCES, (Dataset.M3W, slot))
        timed("tokenise", lambda header=header: words.encode([text for text in header["texts"] if text is not None]))
        sequence = timed("sequence", lambda header=header, cut=cut: document_sequence(header, words, cut))
        facts = [header["images"][number] for number in sequence.images]
        jpegs = [members["jpg"][fact["offset"] : fact["offset"] + fact["length"]] for fact in facts]
        out = np.empty((len(jpegs), PX, PX, 3), dtype=np.uint8)
        timed("decode", lambda jpegs=jpegs, out=out: [draw(jpeg, place) for jpeg, place in zip(jpegs, out, strict=True)])
        timed("copy", lambda out=out: torch.from_numpy(out).clone().share_memory_())
        kept, stored = kept + len(jpegs), stored + len(header["images"])
        sequences.append(sequence)
    rows = [[n] for n in range(BATCH)]
    for first in range(0, len(sequences) - BATCH + 1, BATCH):
        timed("copy", lambda first=first: fill_rows(sequences[first : first + BATCH], rows, L, words.pad))
    spent["sequence"] -= spent["tokenise"]  # it tokenises too
    count = len(documents)
    return {f"{name}_ms": 1000 * value / count for name, value in spent.items()} | {
        "images_stored": stored / count,
        "images_kept": kept / count,
        "stored_kB": sum(len(members["jpg"]) for members in documents) / count / 1000,
    }


def _steps(folder: Path, start: int, count: int) -> list:
    with Mixture(str(folder / "shards"), config(workers=0), vocabulary(folder), PX) as mixture:
        return [step.micro[0][Dataset.M3W] for step in itertools.islice(mixture.steps(start), count)]


def _pixels(normalised: torch.Tensor) -> np.ndarray:
    floats = normalised * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    return floats.mul(255).round().byte().permute(1, 2, 0).numpy()


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())
