"""The hash is the package's, of whole and of scaled pictures, and no bit of it depends on rounding."""

import imagehash
import numpy as np
from PIL import Image

from lamella.sample.paint import draw
from lamella.transforms.media.perceptual_hash import perceptual_hash


def bits_between(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_it_is_the_packages_within_two_bits():
    off = []
    for number in range(40):
        image = draw(f"hash {number}", (300 + 31 * (number % 7), 240))[0]
        off.append(bits_between(perceptual_hash(image), str(imagehash.phash(image))))
    assert max(off) <= 2
    assert off.count(0) >= 30


def test_at_its_own_size_it_is_the_packages():
    for number in range(40):
        image = draw(f"hash {number}", (32, 32))[0]
        assert perceptual_hash(image) == str(imagehash.phash(image))


def test_a_scaled_copy_has_almost_the_same():
    for number in range(20):
        image = draw(f"scaled {number}", (640, 480))[0]
        small = image.resize((320, 240), Image.Resampling.LANCZOS)
        assert bits_between(perceptual_hash(image), perceptual_hash(small)) <= 4


def test_waves_that_are_not_there_have_no_bit():
    """On a gradient only the first row of waves says anything; the package's floating point gives the others bits at random."""
    across = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (64, 1))).convert("RGB")
    assert all(row in ("00",) for row in (perceptual_hash(across)[at : at + 2] for at in range(2, 16, 2)))
    assert perceptual_hash(Image.new("RGB", (90, 60), (7, 200, 90))) == "8000000000000000"
