"""A GPU -> how near Flamingo's training comes to its limit: attention, train step, and time spent waiting for data.

    python benchmarks/trainer_gpu.py                 a model of about 3 B parameters at random weights, on a GPU
    python benchmarks/trainer_gpu.py --small         the demo's size, on any machine, in a minute

Three parts, printed as JSON:
  attention   phi-directed cross-attention, forward and backward, against the dense masked one (see attention_gpu.py)
  step        tokens/s, images/s and MFU of a whole update, against the same model run as OpenFlamingo's loop runs it: dense
              masked attention, N images a row whether they are there or not, no compilation. Same weights, same batches;
              the gate is the loss, which must be the same. Frozen weights count 4N a token, the vision encoder 2N, padding 0.
  waiting     the share of an update's time spent waiting for real shards, read and decoded by worker processes
"""

import argparse
import gc
import itertools
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.attention_gpu import LARGE, SMALL, compare  # noqa: E402
from lamella.schemas.pair import Dataset  # noqa: E402
from lamella.trainer.core.optimizer import Group, clip, make_optimizer  # noqa: E402
from lamella.trainer.core.world import World  # noqa: E402
from lamella.trainer.flamingo import flops  # noqa: E402
from lamella.trainer.flamingo.config import FlamingoConfig, resolve  # noqa: E402
from lamella.trainer.flamingo.model import Flamingo  # noqa: E402
from lamella.trainer.flamingo.parallel import Learner  # noqa: E402
from lamella.trainer.flamingo.vision_encoder import VisionEncoder  # noqa: E402
from lamella.trainer.loading.batch import Batch  # noqa: E402
from lamella.trainer.loading.mixture import Mixture  # noqa: E402
from lamella.trainer.loading.tokenizer import Vocabulary  # noqa: E402

# Flamingo-3B (Alayrac et al. 2022, Table 5): 1.4 B of language model, 24 blocks 2,048 wide, a gated block before each.
LANGUAGE = {"hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 5632}
SMALL_LANGUAGE = {"hidden_size": 192, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 512}
PIECES = {False: 32_000, True: 8192}


def main() -> None:
    arguments = _arguments()
    small = arguments.small or not torch.cuda.is_available()
    device = torch.device("cpu" if small else "cuda")
    name = "cpu" if small else torch.cuda.get_device_name()
    result: dict = {"device": name, "torch": torch.__version__, "parts": {}}
    result["parts"]["attention"] = compare(SMALL if small else LARGE, device)
    config = _config(small, arguments)
    batches = [_batch(config, number, small) for number in range(4)]
    ours = _measured(config, batches, device, arguments)
    if not arguments.no_peer:
        _forget()
        slow = config.model_copy(update={"attention": "dense", "compile": False})
        peer = _measured(slow, [_padded(batch) for batch in batches], device, arguments)
        ours["as_open_flamingo"] = peer
        ours["times_faster"] = round(peer["s_per_update"] / ours["s_per_update"], 2)
        ours["greatest_loss_difference"] = max(abs(a - b) for a, b in zip(ours["losses"], peer["losses"], strict=True))
    result["parts"]["step"] = ours
    _forget()
    result["parts"]["waiting"] = _waiting(config, device, arguments)
    print(json.dumps(result, indent=1))


def _forget() -> None:
    """A compiled module holds itself: without this, the model before would stay in memory beside the next."""
    torch.compiler.reset()
    gc.collect()
    torch.cuda.empty_cache()


def _config(small: bool, arguments: argparse.Namespace) -> FlamingoConfig:
    recipe = "demo" if small else "flamingo-3b"
    overrides = {
        "m3w.batch": str(arguments.rows or (8 if small else 32)),
        "align.batch": "0",
        "ltip.batch": "0",
        "vtp.batch": "0",
    }
    overrides |= {"recompute": "true"} if arguments.recompute else {}
    overrides |= {"workers": str(arguments.workers), "tensorboard": "false"}
    return resolve(recipe, overrides)


def _model(config: FlamingoConfig, device: torch.device) -> Flamingo:
    """Random weights, the same at every call: what is measured does not depend on what they hold."""
    import open_clip
    from tokenizers import Tokenizer, models
    from transformers import AutoModelForCausalLM, LlamaConfig

    small = device.type == "cpu"
    torch.manual_seed(0)
    sizes = SMALL_LANGUAGE if small else LANGUAGE
    frozen = torch.bfloat16 if config.half_precision(device) else torch.float32
    with torch.device(device):
        language = AutoModelForCausalLM.from_config(LlamaConfig(**sizes, vocab_size=PIECES[small]), dtype=frozen)
    tower = open_clip.create_model("ViT-S-32-alt" if small else "ViT-L-14", load_weights=False).visual.to(device, frozen)
    look = ((0.5,) * 3, (0.25,) * 3)
    encoder = VisionEncoder(tower, label="random", side=224, look=look, own=False)
    vocabulary = Vocabulary(Tokenizer(models.BPE()), PIECES[small])
    model = Flamingo(encoder, language.requires_grad_(False), vocabulary, config).to(device)
    with torch.no_grad():
        for gate in model.cross_attention:  # open, so that a wrong path would show in the loss
            gate.attention_gate.fill_(0.5)
            gate.feedforward_gate.fill_(0.1)
    return model.train()


def _batch(config: FlamingoConfig, number: int, small: bool) -> Batch:
    """Full rows with 1 to N images at even distances, each text at its previous image."""
    torch.manual_seed(number)
    rows, tokens = config.m3w.batch, config.m3w.tokens
    counts = torch.arange(rows) % config.m3w.images + 1
    images = torch.randint(0, 256, (int(counts.sum()), 1, 224, 224, 3), dtype=torch.uint8)
    text = torch.randint(0, PIECES[small], (rows, tokens))
    phi = (torch.arange(tokens) * counts[:, None]).div(tokens, rounding_mode="floor") + 1
    mask = torch.ones_like(text, dtype=torch.bool)
    mask[:, 0] = False
    position = torch.arange(tokens).expand(rows, tokens)
    keys = tuple(map(str, range(rows)))
    facts = {"document": torch.ones_like(text), "position": position, "images": images, "image_counts": counts, "keys": keys}
    facts["frame_counts"] = torch.ones(len(images), dtype=torch.int64)
    return Batch(dataset=Dataset.M3W, text=text, phi=phi, loss_mask=mask, **facts)


def _padded(batch: Batch) -> Batch:
    """With N images in every row, blank where the document has no more: what a loader of fixed shapes gives."""
    images, there = batch.padded_images()
    counts = torch.full_like(batch.image_counts, there.shape[1])
    images = images.flatten(0, 1)
    return replace(batch, images=images, image_counts=counts, frame_counts=torch.ones(len(images), dtype=torch.int64))


def _measured(config: FlamingoConfig, batches: list[Batch], device: torch.device, arguments: argparse.Namespace) -> dict:
    model = _model(config, device)
    update = _Update(model, config, device)
    sizes, real = flops.sizes_of(model), [flops.work_of(batch) for batch in batches]
    if batches[0].image_counts.float().std() == 0:  # blank images are no work that had to be done
        real = [replace(work, images=_asked(batch), frames=_asked(batch)) for work, batch in zip(real, batches, strict=True)]
    losses = [update(batch) for batch in itertools.islice(itertools.cycle(batches), arguments.warm)]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    times = []
    for batch in itertools.islice(itertools.cycle(batches), arguments.steps):
        began = time.perf_counter()
        losses.append(update(batch))  # a number: the device has finished
        times.append(time.perf_counter() - began)
    took = median(times)
    tokens, images = (sum(getattr(work, unit) for work in real) / len(real) for unit in ("tokens", "images"))
    done = sum(flops.step_flops(sizes, work) for work in real) / len(real) if sizes else None
    peak = flops.peak_flops(device)
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "trained": sum(p.numel() for p in model.trained().values()),
        "s_per_update": round(took, 4),
        "tokens_per_s": round(tokens / took),
        "images_per_s": round(images / took, 1),
        "tflops_per_s": round(done / took / 1e12, 3) if done else None,
        "mfu": round(done / took / peak, 4) if done and peak else None,
        "peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if device.type == "cuda" else None,
        "losses": [round(loss, 4) for loss in losses],
    }


def _asked(batch: Batch) -> int:
    return int(batch.phi.max(dim=1).values.sum())


class _Update:
    """One visible update, as the training's loop makes it."""

    def __init__(self, model: Flamingo, config: FlamingoConfig, device: torch.device):
        self._learner = Learner(model, World(device=device), config)
        self._parameters = model.trained()
        self._optimizer = make_optimizer(self._parameters, lambda name: Group(), config)
        self._norm = config.max_gradient_norm

    def __call__(self, batch: Batch) -> float:
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._learner.loss(batch) / int(batch.loss_mask.sum())
        self._learner.backward(loss, last=True)
        clip(self._parameters.values(), self._norm)
        self._optimizer.step()
        return loss.item()


def _waiting(config: FlamingoConfig, device: torch.device, arguments: argparse.Namespace) -> dict:
    """Updates on real shards, which are written first: documents as a run has them, 320 px pictures and some hundred words."""
    from tokenizers import Tokenizer

    from benchmarks.loader_input import make_shards, make_tokenizer

    model = _model(config, device)
    update = _Update(model, config, device)
    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        make_shards(shards, arguments.documents, (320, 448))
        make_tokenizer(Path(folder))
        pieces = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        with Mixture(str(shards), config, Vocabulary(pieces, PIECES[device.type == "cpu"]), 224) as mixture:
            times, waits = [], []
            began = time.perf_counter()
            for step in mixture.steps():
                update(step.micro[0][Dataset.M3W])
                now = time.perf_counter()
                times.append(now - began)
                waits.append(step.waited_s)
                began = now
                if len(times) == arguments.warm + arguments.steps:
                    break
    took, waited = sum(times[arguments.warm :]), sum(waits[arguments.warm :])
    return {"updates_per_s": round(arguments.steps / took, 3), "waited": round(waited / took, 4), "workers": config.workers}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="the demo's size, on the CPU")
    parser.add_argument("--rows", type=int, help="documents in an update")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warm", type=int, default=4, help="updates before the clock starts")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--documents", type=int, default=500, help="of the shards that are waited for")
    parser.add_argument("--recompute", action="store_true", help="activation checkpointing")
    parser.add_argument("--no-peer", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
