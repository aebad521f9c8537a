"""How fast contrastive training reads shards: samples/s, and the share of time that the device waits for data.

    python benchmarks/contrastive_gpu.py                      coca_ViT-B-32 in bf16 and torch.compile, on a GPU
    python benchmarks/contrastive_gpu.py --small              lamella-coca in fp32, on any machine, in a minute

Shards of noise pictures are written first, as large as the pipeline's own (320 px JPEGs), so that reading, checking,
decoding and resizing are all in the figure. The first steps, in which the model is compiled, are left out.
"""

import argparse
import hashlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lamella.schemas.pair import Dataset  # noqa: E402
from lamella.schemas.sample import PairSample  # noqa: E402
from lamella.schemas.shards import MANIFEST, ShardInfo, ShardManifest, shard_name, write_shard  # noqa: E402
from lamella.trainer.contrastive.batches import PairBatches  # noqa: E402
from lamella.trainer.contrastive.config import resolve  # noqa: E402
from lamella.trainer.contrastive.pairs import find_pairs  # noqa: E402
from lamella.trainer.contrastive.train import Training  # noqa: E402
from lamella.trainer.core.world import World  # noqa: E402
from lamella.weights.loaded import TOKENIZER_FILE  # noqa: E402
from lamella.weights.loader import untrained  # noqa: E402
from lamella.weights.own import HERE, own_config  # noqa: E402

SIDE_PX = 320
SAMPLES_PER_SHARD = 500
WORDS = ("a", "red", "blue", "large", "small", "boat", "tree", "house", "under", "beside", "the", "old", "bridge")


def main() -> None:
    arguments = _arguments()
    recipe, model = ("demo-scorer", "lamella-coca") if arguments.small else ("coca-b32", arguments.model)
    batch = arguments.batch or (32 if arguments.small else 256)
    overrides = {"model": model, "batch": str(batch), "steps": "1000000", "cache_bytes": "0", "max_shift": "0"}
    overrides |= {"decoders": str(arguments.decoders)} | ({"device": "cpu"} if arguments.small else {})
    config = resolve(recipe, overrides)
    with tempfile.TemporaryDirectory() as folder:
        _write_shards(Path(folder) / "align", max(arguments.samples, batch))
        tokenizer = HERE / TOKENIZER_FILE if own_config(config.model) else None
        loaded = untrained(config.model, tokenizer, device=config.device)
        training = Training(loaded, config, World(device=loaded.device))
        shards = find_pairs(folder, ("align",), "train")
        with PairBatches(shards, config, loaded.image_size, loaded.tokenize) as batches:
            lines = _timed(training, batches, arguments.warm, arguments.steps)
    took, waited = sum(line["took_s"] for line in lines), sum(line["waited_s"] for line in lines)
    on_gpu = loaded.device.type == "cuda"
    result = {
        "model": config.model,
        "device": torch.cuda.get_device_name() if on_gpu else f"cpu, {torch.get_num_threads()} threads",
        "precision": "bf16" if training.bf16 else "fp32",
        "compiled": training.compiled,
        "batch": batch,
        "decoders": config.decoders,
        "samples_per_s": round(batch * len(lines) / took, 1),
        "waited_for_data": round(waited / took, 4),
        "peak_gpu_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if on_gpu else None,
        "torch": torch.__version__,
    }
    print(json.dumps(result, indent=1))


def _timed(training: Training, batches: PairBatches, warm: int, steps: int) -> list[dict]:
    lines, started = [], 0.0
    for step, batch in enumerate(batches):
        training.update(step + 1, batch)
        now = time.perf_counter()
        if step >= warm:
            lines.append({"took_s": now - started, "waited_s": batch.waited_s})
        started = now
        if len(lines) == steps:
            return lines
    raise AssertionError("the stream of batches has no end")


def _write_shards(folder: Path, samples: int) -> None:
    folder.mkdir(parents=True)
    rng, infos = np.random.default_rng(0), []
    for number, first in enumerate(range(0, samples, SAMPLES_PER_SHARD)):
        members = [_pair(rng, index).encode() for index in range(first, min(samples, first + SAMPLES_PER_SHARD))]
        out = io.BytesIO()
        write_shard(out, number, members)
        name, data = shard_name(Dataset.ALIGN, "train", number), out.getvalue()
        (folder / name).write_bytes(data)
        checksum = hashlib.sha256(data).hexdigest()
        infos.append(ShardInfo(name=name, split="train", samples=len(members), bytes=len(data), sha256=checksum))
    (folder / MANIFEST).write_bytes(ShardManifest(dataset=Dataset.ALIGN, shards=tuple(infos)).encode())


def _pair(rng: np.random.Generator, index: int) -> PairSample:
    """A soft noise picture, about as costly to decode as a photograph, and a dozen words."""
    coarse = Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8))
    out = io.BytesIO()
    coarse.resize((SIDE_PX, SIDE_PX * 3 // 4), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    text = " ".join(rng.choice(WORDS, 12))
    return PairSample(key=f"{index:032x}", url="https://a.example/", text=text, image=out.getvalue())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="lamella-coca on the CPU")
    parser.add_argument("--model", default="coca_ViT-B-32")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warm", type=int, default=5, help="steps before the clock starts")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--decoders", type=int, default=12)
    return parser.parse_args()


if __name__ == "__main__":
    main()
