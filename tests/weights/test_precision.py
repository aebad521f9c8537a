"""`precision: auto` takes bf16 where the processor multiplies it fast, which not every processor that knows bf16 does."""

import pytest

from lamella.weights import precision
from lamella.weights.precision import pick_precision


@pytest.mark.parametrize(
    ("vendor", "flags", "picked"),
    [
        ("GenuineIntel", "fpu avx512f avx512_bf16 amx_bf16 amx_tile", "bf16"),
        ("GenuineIntel", "fpu avx512f avx512_bf16", "fp32"),
        ("AuthenticAMD", "fpu avx512f avx512_bf16", "bf16"),
        ("AuthenticAMD", "fpu avx512f", "fp32"),
        ("GenuineIntel", "fpu sse2", "fp32"),
    ],
)
def test_auto_asks_the_processor(tmp_path, monkeypatch, vendor, flags, picked):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: {flags}\n")
    monkeypatch.setattr(precision, "_CPU_INFO", tmp_path / "cpuinfo")
    precision._is_fast.cache_clear()
    assert pick_precision("auto", "cpu") == picked
    precision._is_fast.cache_clear()


def test_what_is_said_is_taken_and_what_is_unknown_is_refused():
    assert [pick_precision(said, "cpu") for said in ("fp32", "bf16")] == ["fp32", "bf16"]
    with pytest.raises(ValueError, match="fp32, bf16 or auto"):
        pick_precision("fp8", "cpu")


def test_without_a_list_of_flags_auto_is_fp32(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "_CPU_INFO", tmp_path / "none")
    precision._is_fast.cache_clear()
    assert pick_precision("auto", "cpu") == "fp32"
    precision._is_fast.cache_clear()
