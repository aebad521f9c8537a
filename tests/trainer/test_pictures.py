"""Pictures: as `weights.pixels.square` has them, within what scaled decoding changes; damage is refused."""

import io

import numpy as np
import pytest
from PIL import Image

from lamella.schemas.sample import BadSample
from lamella.trainer.loading import pictures
from lamella.trainer.loading.pictures import draw
from lamella.weights.pixels import square


def photo(width: int, height: int) -> Image.Image:
    """Smooth, with noise on it: as hard as a photograph to agree upon."""
    rng = np.random.default_rng(width * 10_000 + height)
    coarse = rng.normal(128, 40, (height // 8 + 1, width // 8 + 1, 3))
    smooth = Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    return Image.fromarray(np.clip(np.asarray(smooth) + rng.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", **({"quality": 85} | options))
    return out.getvalue()


def drawn(data: bytes, size: int) -> np.ndarray:
    out = np.empty((size, size, 3), dtype=np.uint8)
    draw(data, out)
    return out


def difference(data: bytes, size: int) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.abs(drawn(data, size).astype(int) - square(image, size))


SIZES = [(320, 240), (480, 640), (500, 500), (800, 300), (1200, 900), (64, 64), (33, 17)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("side", [64, 224])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_square_is_as_the_whole_project_has_it(size, side, subsampling):
    """On average within 3 of 255 levels on noisy pictures."""
    assert difference(encoded(photo(*size), subsampling=subsampling), side).mean() < 3


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (64, 64), (64, 63)], ids=str)
def test_a_picture_that_is_not_shrunk_is_exact(size):
    assert difference(encoded(photo(*size)), 64).max() == 0


@pytest.mark.parametrize("size", [(65, 64), (96, 72), (100, 120), (120, 20)], ids=str)
def test_a_picture_that_is_shrunk_by_less_than_two_is_within_two_levels(size):
    assert difference(encoded(photo(*size)), 64).max() <= 2


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours(mode):
    assert difference(encoded(photo(200, 100).convert(mode)), 64).mean() < 3


def test_a_progressive_file():
    assert difference(encoded(photo(300, 200), progressive=True), 64).mean() < 3


def test_a_long_strip_keeps_a_pixel():
    assert drawn(encoded(photo(2000, 2)), 64).shape == (64, 64, 3)


@pytest.mark.parametrize("cut", [0, 2, 100, 0.5, 0.99])
def test_a_cut_is_never_silent(cut):
    whole = encoded(photo(200, 100))
    with pytest.raises(BadSample, match="image"):
        drawn(whole[: cut if isinstance(cut, int) else int(cut * len(whole))], 64)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"<html>", b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(1000)])
def test_what_is_no_jpeg_is_refused(data):
    with pytest.raises(BadSample, match="image"):
        drawn(data, 64)


def test_a_cut_cmyk_file_is_refused():
    with pytest.raises(BadSample, match="image"):
        drawn(encoded(photo(200, 100).convert("CMYK"))[:2000], 64)


def test_a_picture_too_large_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 19_999)
    with pytest.raises(BadSample, match="200 x 100"):
        drawn(encoded(photo(200, 100)), 64)


def test_scans_without_number_are_refused_before_the_decoder_runs():
    image = encoded(photo(64, 48), progressive=True)
    scan = image[image.rindex(b"\xff\xda") : -2]
    assert drawn(image, 32).shape == (32, 32, 3)
    with pytest.raises(BadSample, match="20010 scans"):
        drawn(image[:-2] + scan * 20_000 + image[-2:], 32)
