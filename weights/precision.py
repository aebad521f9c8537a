"""A precision and a device of the configuration -> "fp32" or "bf16"; `auto` is bf16 if the device is fast at it."""

from functools import cache
from pathlib import Path

# Of processors that multiply bf16 at twice the pace of fp32 or more. AVX-512's own bf16 is enough on AMD's (Zen 4 and later)
# and not on Intel's without AMX: layers of a ViT-B/32 ran at 190 GFLOP/s a core in bf16 and 85 in fp32 on an EPYC of Zen 4,
# at 70 and 113 on a Xeon (oneDNN in torch 2.15).
_CPU_FLAGS, _AMD_FLAGS, _AMD = {"amx_bf16"}, {"avx512_bf16"}, "AuthenticAMD"
_CPU_INFO = Path("/proc/cpuinfo")
_GPU = Path("/dev/nvidiactl")  # there is a driver; torch, whose import takes seconds, is asked only then
_AMPERE = (8, 0)  # the first compute capability with bf16 in its tensor cores


def pick_precision(precision: str, device: str) -> str:
    """Decided where a run begins, and the same for all its workers: precision is part of what a score is.

    Raises:
        ValueError: a precision that does not exist.
    """
    if precision not in ("fp32", "bf16", "auto"):
        raise ValueError(f"precision must be fp32, bf16 or auto, not {precision!r}")
    if precision != "auto":
        return precision
    return "bf16" if _is_fast(device) else "fp32"


@cache
def _is_fast(device: str) -> bool:
    if device != "cpu" and _GPU.exists():
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_capability() >= _AMPERE
    fast = _CPU_FLAGS | _AMD_FLAGS if _AMD in _said("vendor_id") else _CPU_FLAGS
    return bool(fast & _said("flags"))


def _said(key: str) -> set[str]:
    """The words behind `key` that the first processor has."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:  # no Linux
        return set()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith(key)), set())
