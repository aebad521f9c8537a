"""A small JPEG is of the size that was asked for, near the picture, bare, and the same on every machine and run."""

import ctypes
import io
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from lamella.sample.paint import draw
from lamella.transforms.media.encode import encode_jpeg

SIZES = ((320, 240), (319, 240), (320, 239), (319, 241), (101, 77), (17, 5), (2, 3), (1, 1))


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def decibels(image: Image.Image, wanted: Image.Image) -> float:
    error = np.asarray(image).astype(float) - np.asarray(wanted)
    return 10 * np.log10(255**2 / (error**2).mean())


def smooth(size) -> Image.Image:
    """A few waves of colour: nothing finer than a small JPEG can show."""
    down, right = np.mgrid[: size[1], : size[0]]
    levels = [128 + 100 * np.sin(right / 23 + shift) * np.cos(down / 31 - shift) for shift in (0, 1, 2)]
    return Image.fromarray(np.stack(levels, axis=-1).astype(np.uint8))


@pytest.mark.parametrize("size", SIZES)
def test_one_colour_stays_that_colour_to_the_edges(size):
    for source in ((640, 480), (1300, 990), size):
        jpeg, *sides = encode_jpeg(Image.new("RGB", source, (200, 60, 30)), 90, size)
        assert opened(jpeg).size == size == tuple(sides)
        assert np.abs(np.asarray(opened(jpeg)).astype(int) - (200, 60, 30)).max() <= 3


@pytest.mark.parametrize("size", SIZES[:5])
def test_it_is_as_near_as_pillows(size):
    source = smooth((640, 480))
    wanted = source.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    source.resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=90, subsampling="4:2:0")
    ours = decibels(opened(encode_jpeg(source, 90, size).jpeg), wanted)
    assert ours > decibels(opened(out.getvalue()), wanted) - 1
    assert ours > 36


def test_a_picture_of_many_times_the_size_is_a_mean_of_its_pixels():
    checks = np.zeros((1200, 1600, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 255
    levels = np.asarray(opened(encode_jpeg(Image.fromarray(checks), 90, (160, 120)).jpeg)).astype(int)
    assert np.abs(levels - 128).max() <= 4


def test_it_is_baseline_and_bare():
    image = draw("bare", (64, 48))[0]
    plain = encode_jpeg(image, 90)
    image.info |= {"comment": b"secret", "icc_profile": b"secret", "exif": b"secret"}
    assert encode_jpeg(image, 90) == plain
    assert b"secret" not in plain.jpeg
    assert "progressive" not in opened(plain.jpeg).info
    assert [layer[1:3] for layer in opened(plain.jpeg).layer] == [(2, 2), (1, 1), (1, 1)]


def digest() -> str:
    sums = sha256()
    for size in SIZES:
        sums.update(encode_jpeg(draw("digest", (401, 303))[0], 90, size).jpeg)
    return sums.hexdigest()


@pytest.mark.skipif(sys.platform != "linux", reason="finds FFmpeg's library by the process's map")
def test_a_processor_without_vector_instructions_gives_the_same_bytes():
    code = "from tests.transforms.test_encode import plain_digest; print(plain_digest())"
    environment = {"JSIMD_FORCENONE": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    there = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == digest()


def plain_digest() -> str:
    assert av.library_versions  # loaded
    lines = Path("/proc/self/maps").read_text().splitlines()
    ctypes.CDLL(next(line.split()[-1] for line in lines if "libavutil" in line)).av_force_cpu_flags(0)
    return digest()
