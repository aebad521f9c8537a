"""Phi-directed cross-attention against dense masked attention: the time of a forward and backward pass of each.

    python benchmarks/attention_gpu.py              bf16, at the size of a 3B model, on a GPU
    python benchmarks/attention_gpu.py --small      fp32, on any machine, in seconds

The reference is what OpenFlamingo runs: every token against all latents of its row, scores held in memory, a mask. Error is
the greatest difference to the reference in fp32, over the reference's greatest value.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lamella.trainer.flamingo.attention_mask import MaskedCrossAttention, routing_of  # noqa: E402

ROUNDS = 5
LARGE = {"rows": 32, "tokens": 256, "images": 5, "latents": 64, "width": 2048, "seen": 1024, "heads": 8, "head_width": 64}
SMALL = {"rows": 8, "tokens": 128, "images": 5, "latents": 16, "width": 128, "seen": 96, "heads": 4, "head_width": 32}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rows", type=int)
    arguments = parser.parse_args()
    on_gpu = torch.cuda.is_available() and not arguments.small
    size = LARGE if on_gpu else SMALL
    size |= {"rows": arguments.rows} if arguments.rows else {}
    print(json.dumps(compare(size, torch.device("cuda" if on_gpu else "cpu")), indent=1))


def compare(size: dict[str, int], device: torch.device) -> dict:
    """Milliseconds, MiB and error of each kind, at sizes as in LARGE."""
    phi, counts = _documents(size)
    kinds = ("dense", "segments", "flex") if device.type == "cuda" else ("dense", "segments")
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    way = routing_of(phi.to(device), counts.to(device), int(counts.sum()))
    inputs = _inputs(size, int(counts.sum()), device)
    exact = _layer("dense", size, device, torch.float32)(*inputs, way)
    result: dict = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "torch": torch.__version__,
    } | size
    runs = {kind: _Run(_layer(kind, size, device, dtype), [x.to(dtype) for x in inputs], way) for kind in kinds}
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for run in runs.values():
        run()  # compiles, warms
    for _ in range(ROUNDS):  # interleaved, so that a slow moment meets all alike
        for kind, run in runs.items():
            times[kind].append(run.milliseconds())
    for kind, run in runs.items():
        error = ((run.out.float() - exact).abs().max() / exact.abs().max()).item()
        result[kind] = {"ms": round(median(times[kind]), 3), "peak_mib": run.peak_mib(), "error": float(f"{error:.2e}")}
    for kind in kinds[1:]:
        result[kind]["times_faster_than_dense"] = round(result["dense"]["ms"] / result[kind]["ms"], 2)
    return result


class _Run:
    """One kind of attention, forward and backward, on inputs of its own."""

    def __init__(self, layer: MaskedCrossAttention, inputs: list[torch.Tensor], way):
        self.layer, self.way = layer, way
        self.inputs = [x.detach().clone().requires_grad_() for x in inputs]

    def __call__(self) -> None:
        self.layer.zero_grad(set_to_none=True)
        out = self.layer(*self.inputs, self.way)
        out.backward(torch.ones_like(out))
        self.out = out.detach()

    def milliseconds(self, times: int = 10) -> float:
        _wait(self.inputs[0].device)
        started = time.perf_counter()
        for _ in range(times):
            self()
        _wait(self.inputs[0].device)
        return (time.perf_counter() - started) / times * 1e3

    def peak_mib(self) -> float | None:
        if not self.inputs[0].is_cuda:
            return None
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        self()
        return round((torch.cuda.max_memory_allocated() - before) / 2**20, 1)


def _documents(size: dict[str, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows in which 1 to `images` images stand evenly, each token at its previous one, and a lead without any."""
    rows, tokens = size["rows"], size["tokens"]
    counts = torch.arange(rows) % size["images"] + 1
    lead = tokens // 8
    along = (torch.arange(tokens) - lead).clamp(min=0)
    phi = (along * counts[:, None]).div(tokens - lead, rounding_mode="floor") + 1
    phi[:, :lead] = 0
    return phi, counts


def _inputs(size: dict[str, int], images: int, device: torch.device) -> list[torch.Tensor]:
    torch.manual_seed(0)
    text = torch.randn(size["rows"], size["tokens"], size["width"], device=device)
    return [text, torch.randn(images, size["latents"], size["seen"], device=device)]


def _layer(kind: str, size: dict[str, int], device: torch.device, dtype: torch.dtype) -> MaskedCrossAttention:
    torch.manual_seed(1)
    return MaskedCrossAttention((size["width"], size["seen"]), size["heads"], size["head_width"], kind).to(device, dtype)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
