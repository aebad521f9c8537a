"""M4: thirty odd pictures (modes, palettes, transparency, orientation, animation) have one defined RGB each, and one hash."""

import json
import os
import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lamella.transforms.media.measures import looks_of
from lamella.transforms.media.pixels import decode_rgb

SIZE = (120, 80)
RED, BLUE, WHITE = (220, 40, 30), (30, 60, 210), (255, 255, 255)
_EXIF_ORIENTATION = 0x0112


def picture() -> Image.Image:
    """Red, with a blue disc at the left and a white bar at the bottom."""
    image = Image.new("RGB", SIZE, RED)
    pen = ImageDraw.Draw(image)
    pen.ellipse((10, 15, 50, 55), fill=BLUE)
    pen.rectangle((0, 70, 119, 79), fill=WHITE)
    return image


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _alpha(image: Image.Image) -> Image.Image:
    """The white bar as a hole."""
    mask = Image.new("L", SIZE, 255)
    ImageDraw.Draw(mask).rectangle((0, 70, 119, 79), fill=0)
    image = image.copy()
    image.putalpha(mask)
    return image


def _turned(orientation: int) -> bytes:
    """Stored so that a viewer who heeds EXIF sees the picture upright."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = orientation
    return encoded(picture().transpose(back), "JPEG", quality=95, exif=exif)


def golden() -> dict[str, bytes]:
    image = picture()
    palette, other = image.quantize(16), Image.new("RGB", SIZE, (0, 255, 0))
    transparent = palette.getpixel((60, 75))
    grey16 = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    quality = {"quality": 95}
    return {
        "jpeg": encoded(image, "JPEG", **quality),
        "jpeg progressive": encoded(image, "JPEG", progressive=True, **quality),
        "jpeg 4:4:4": encoded(image, "JPEG", subsampling=0, **quality),
        "jpeg cmyk": encoded(image.convert("CMYK"), "JPEG", **quality),
        "jpeg grey": encoded(image.convert("L"), "JPEG", **quality),
        **{f"jpeg turned {n}": _turned(n) for n in range(2, 9)},
        "png": encoded(image, "PNG"),
        "png grey": encoded(image.convert("L"), "PNG"),
        "png grey 16": encoded(grey16, "PNG"),
        "png grey alpha": encoded(_alpha(image).convert("LA"), "PNG"),
        "png one bit": encoded(image.convert("1"), "PNG"),
        "png palette": encoded(palette, "PNG"),
        "png palette transparent": encoded(palette, "PNG", transparency=transparent),
        "png palette 256": encoded(image.quantize(256), "PNG"),
        "png rgb key": encoded(image, "PNG", transparency=WHITE),
        "png rgba": encoded(_alpha(image), "PNG"),
        "gif": encoded(palette, "GIF"),
        "gif transparent": encoded(palette, "GIF", transparency=transparent),
        "gif animated": encoded(palette, "GIF", save_all=True, append_images=[other.quantize(4)]),
        "webp": encoded(image, "WEBP", **quality),
        "webp lossless alpha": encoded(_alpha(image), "WEBP", lossless=True),
        "webp animated": encoded(image, "WEBP", save_all=True, append_images=[other], lossless=True),
        "avif": encoded(image, "AVIF", **quality),
        "avif alpha": encoded(_alpha(image), "AVIF", **quality),
    }


GOLDEN = golden()
GREY = {name for name in GOLDEN if "grey" in name}


def test_there_are_thirty():
    assert len(GOLDEN) == 30


@pytest.mark.parametrize("name", GOLDEN)
def test_the_colours_are_those_of_the_picture(name):
    image = decode_rgb(GOLDEN[name])
    assert (image.mode, image.size) == ("RGB", SIZE)
    for place, colour in (((100, 20), RED), ((30, 35), BLUE), ((60, 75), WHITE)):
        expected = Image.new("RGB", (1, 1), colour)
        if name in GREY:
            expected = expected.convert("L").convert("RGB")
        if name == "png one bit":
            continue  # dithered: the hash below speaks for it
        assert np.abs(np.subtract(image.getpixel(place), expected.getpixel((0, 0)))).max() <= 14, place


def hashes() -> dict[str, str]:
    return {name: looks_of(decode_rgb(data)).phash for name, data in GOLDEN.items()}


def test_hashes_are_equal_across_processes_and_near_across_formats():
    code = "import json\nfrom tests.faults.test_modes import hashes\nprint(json.dumps(hashes()))"
    environment = os.environ | {"PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment, text=True).stdout
    mine = hashes()
    assert json.loads(other) == mine
    original = int(mine["png"], 16)
    del mine["png one bit"]  # dithered
    assert {name: distance for name, value in mine.items() if (distance := (int(value, 16) ^ original).bit_count()) > 5} == {}
