"""Bytes -> upright RGB or BadImage: types, modes, orientation, bombs and cuts."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFile

from lamella.schemas.rejection import Reason
from lamella.transforms.media.decode_limits import DEFAULT_LIMITS
from lamella.transforms.media.other_formats import reads_heic
from lamella.transforms.media.pixels import BadImage, decode_rgb, decode_roughly, image_header, scaled_size

TYPES = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
PLAIN_TYPES = ("BMP", "TIFF")  # whose files say little of themselves


def checks(width=120, height=80) -> Image.Image:
    """Red left half, blue right half, with a green corner at the top left."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (255, 0, 0)
    pixels[:, width // 2 :] = (0, 0, 255)
    pixels[: height // 4, : width // 4] = (0, 255, 0)
    return Image.fromarray(pixels)


def noise(width=90, height=70) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def near(pixel, wanted, slack=40) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("kind", (*TYPES, *PLAIN_TYPES))
def test_each_type_gives_header_and_pixels(kind):
    data = encoded(checks(), kind)
    header = image_header(data)
    assert header == (f"image/{kind.lower()}", 120, 80)
    assert header.aspect == 1.5
    image = decode_rgb(data)
    assert (image.mode, image.size) == ("RGB", (120, 80))
    assert near(image.getpixel((20, 60)), (255, 0, 0))
    assert near(image.getpixel((110, 60)), (0, 0, 255))


@pytest.mark.parametrize("kind", TYPES)
def test_scaled_decode_keeps_the_aspect_and_never_enlarges(kind):
    data = encoded(checks(1200, 800), kind)
    assert decode_rgb(data, 300).size == (300, 200)
    assert decode_rgb(data, 5000).size == (1200, 800)
    assert near(decode_rgb(data, 30).getpixel((3, 15)), (255, 0, 0))


def test_scaled_sizes():
    assert scaled_size(100, 50, None) == (100, 50)
    assert scaled_size(100, 50, 100) == (100, 50)
    assert scaled_size(101, 50, 100) == (100, 50)
    assert scaled_size(5000, 1, 100) == (100, 1)


def test_measuring_decodes_roughly():
    for size in ((300, 200), (511, 300), (512, 300), (3000, 10), (4000, 3000)):
        for kind in ("JPEG", "PNG"):
            header, image = decode_roughly(encoded(Image.new("RGB", size, "red"), kind), 256, lambda header: None)
            assert header[1:] == size
            assert max(size) < 512 or 256 <= max(image.size) <= 512


def test_what_the_header_refuses_is_not_decoded():
    class TooWide(Exception):
        pass

    def refuse(header):
        raise TooWide

    data = encoded(checks(), "PNG")
    with pytest.raises(TooWide):
        decode_roughly(data[: len(data) // 2] + b"IEND", 256, refuse)


@pytest.mark.parametrize("kind", ("JPEG", "PNG", "WEBP", "AVIF"))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(kind, orientation):
    upright = checks()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, kind, exif=exif)
    assert image_header(data)[1:] == (120, 80)
    image = decode_rgb(data)
    assert image.size == (120, 80)
    assert near(image.getpixel((8, 6)), (0, 255, 0), 60)
    assert near(image.getpixel((110, 70)), (0, 0, 255), 60)


def test_broken_exif_does_not_spoil_a_picture():
    assert decode_rgb(encoded(checks(), "JPEG", exif=b"Exif\0\0II*\0garbage")).size == (120, 80)


def test_odd_modes():
    def pixel(image, kind="PNG", **options):
        return decode_rgb(encoded(image, kind, **options)).getpixel((5, 5))

    assert pixel(Image.new("L", (10, 10), 77)) == (77, 77, 77)
    assert pixel(Image.new("1", (10, 10), 1)) == (255, 255, 255)
    assert pixel(Image.new("LA", (10, 10), (0, 0))) == (255, 255, 255)
    assert pixel(Image.new("RGBA", (10, 10), (255, 0, 0, 0))) == (255, 255, 255)
    assert near(pixel(Image.new("RGBA", (10, 10), (255, 0, 0, 128))), (255, 127, 127), 2)
    assert pixel(Image.fromarray(np.full((10, 10), 0x8000, np.uint16))) == (128, 128, 128)
    assert pixel(checks(40, 40).quantize(8)) == (0, 255, 0)
    palette = checks(40, 40).quantize(8)
    assert pixel(palette, transparency=palette.getpixel((5, 5))) == (255, 255, 255)
    assert pixel(Image.new("RGB", (10, 10), (9, 8, 7)), transparency=(9, 8, 7)) == (255, 255, 255)
    assert near(pixel(Image.new("CMYK", (10, 10), (0, 255, 255, 0)), "JPEG"), (255, 0, 0), 3)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert near(decode_rgb(data).getpixel((5, 5)), (255, 0, 0), 5)


@pytest.mark.parametrize("data", [b"<html>", b"<!DOCTYPE html><html><body><svg/></body></html>", b"%PDF-1.7", b"x", b"\0" * 99])
def test_other_types_are_no_images(data):
    with pytest.raises(BadImage) as error:
        decode_rgb(data)
    assert error.value.reason is Reason.NOT_AN_IMAGE


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<svg xmlns='x'/>", "SVG"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<!DOCTYPE svg>\n<SVG width="9">', "SVG"),
        (encoded(checks(), "ICO"), "ICO"),
        (encoded(checks(), "JPEG2000"), "JPEG 2000"),
        (b"\xff\x0a" + b"\x7f" * 90, "JPEG XL"),
        (
            encoded(checks(), "PNG").replace(b"\0\0\0\rIHDR", b"\0\0\0\4CgBI\x50\0\x20\2" + bytes(4) + b"\0\0\0\rIHDR"),
            "PNG of iPhone's own",
        ),
    ],
)
def test_a_picture_of_another_format_is_named(data, name):
    with pytest.raises(BadImage) as error:
        decode_rgb(data)
    assert (error.value.reason, error.value.detail) == (Reason.FORMAT_NOT_SUPPORTED, f"format not supported: {name}")


@pytest.mark.parametrize("brand", (b"heic", b"mif1"))
def test_a_heic_is_decoded_where_the_extra_is_there_and_named_where_it_is_not(brand):
    empty = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + b"\0" * 90
    with pytest.raises(BadImage) as error:
        decode_rgb(empty)
    if not reads_heic():
        assert (error.value.reason, error.value.detail) == (Reason.FORMAT_NOT_SUPPORTED, "format not supported: HEIC")
        return
    assert error.value.reason is Reason.BROKEN_IMAGE
    data = encoded(checks(160, 96), "HEIF", quality=90).replace(b"ftypheic", b"ftyp" + brand, 1)
    assert image_header(data) == ("image/heic", 160, 96)
    assert near(decode_rgb(data, 80).getpixel((70, 40)), (0, 0, 255))
    with pytest.raises(BadImage) as error:
        decode_rgb(data, limits=replace(DEFAULT_LIMITS, max_pixels=160 * 96 - 1))
    assert error.value.reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("mode", ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F"))
def test_a_tiff_may_have_many_modes(mode):
    grey = np.tile(np.linspace(0, 255, 60, dtype=np.float32), (40, 1))
    image = Image.fromarray(grey) if mode == "F" else Image.fromarray(grey.astype(np.uint8))
    if mode == "I;16":
        image = Image.fromarray((grey * 257).astype(np.uint16))
    elif mode not in ("F", "L"):
        image = image.convert("RGB").convert(mode)
    for compression in (None, "tiff_lzw", "tiff_deflate"):
        out = decode_rgb(encoded(image, "TIFF", compression=compression))
        assert (out.mode, out.size) == ("RGB", (60, 40))
        assert out.getpixel((2, 9))[1] < 60 < 190 < out.getpixel((57, 9))[1]


@pytest.mark.parametrize("kind", PLAIN_TYPES)
def test_plain_types_are_bound_by_what_they_claim(kind):
    data = bytearray(encoded(checks(), kind))
    assert decode_rgb(bytes(data), 60).size == (60, 40)
    for cut in (len(data) // 2, len(data) - 400):
        with pytest.raises(BadImage) as error:
            decode_rgb(bytes(data[:cut]))
        assert error.value.reason is Reason.BROKEN_IMAGE
    if kind == "BMP":
        data[18:26] = (60_000).to_bytes(4, "little") + (-60_000).to_bytes(4, "little", signed=True)
    else:
        tags = {256: 120, 257: 80, 322: 60_000, 323: 60_000}  # a tile of more than the picture
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
        data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    with pytest.raises(BadImage) as error:
        decode_rgb(bytes(data))
    assert error.value.reason is Reason.TOO_MANY_PIXELS


def test_text_that_begins_as_a_bitmap_is_none():
    with pytest.raises(BadImage) as error:
        decode_rgb(b"BMW and other makers of cars " * 9)
    assert error.value.reason is Reason.NOT_AN_IMAGE


def test_an_avif_may_call_itself_any_image_file():
    data = encoded(checks(), "AVIF")
    assert decode_rgb(data.replace(b"ftypavif", b"ftypmif1", 1)).size == (120, 80)


def test_nothing_is_an_empty_body():
    with pytest.raises(BadImage) as error:
        decode_rgb(b"")
    assert error.value.reason is Reason.EMPTY_BODY


def test_a_bomb_is_refused_by_its_header(monkeypatch):
    data = encoded(Image.new("1", (13_000, 13_000)), "PNG")
    with monkeypatch.context() as patch, pytest.raises(BadImage) as error:
        patch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("its pixels are decoded"))
        decode_rgb(data)
    assert error.value.reason is Reason.TOO_MANY_PIXELS
    assert decode_rgb(encoded(checks(), "PNG"), limits=replace(DEFAULT_LIMITS, max_pixels=9600)).size == (120, 80)
    with pytest.raises(BadImage):
        decode_rgb(encoded(checks(), "PNG"), limits=replace(DEFAULT_LIMITS, max_pixels=9599))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("max_side", (None, 20))
def test_every_cut_is_found(kind, max_side):
    data = encoded(noise(), kind)
    trailer = {"JPEG": 2, "PNG": 20, "GIF": 4}.get(kind, 0)  # an end mark, checksums: nothing of the picture
    for cut in [*range(16, len(data) - trailer, len(data) // 60), len(data) - trailer - 1]:
        with pytest.raises(BadImage) as error:
            decode_rgb(data[:cut], max_side)
        assert error.value.reason is Reason.BROKEN_IMAGE


@pytest.mark.parametrize("kind", TYPES)
def test_flipped_bytes_never_crash(kind):
    data, rng = encoded(noise(), kind), np.random.default_rng(7)
    for _ in range(60):
        mutant = bytearray(data)
        for at in rng.integers(0, len(data), 6):
            mutant[at] ^= 0xFF
        try:
            assert decode_rgb(bytes(mutant), 64).mode == "RGB"
        except BadImage as error:
            assert error.reason in (
                Reason.BROKEN_IMAGE,
                Reason.NOT_AN_IMAGE,
                Reason.FORMAT_NOT_SUPPORTED,
                Reason.TOO_MANY_PIXELS,
            )


def test_a_jpeg_of_more_bits_is_of_another_format():
    """Medicine has them: sound, and nothing here decodes them."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "JPEG")
    data = out.getvalue()
    at = data.index(b"\xff\xc0")
    for odd, name in (
        (data[: at + 4] + b"\x0c" + data[at + 5 :], "12-bit JPEG"),
        (data[: at + 1] + b"\xf7" + data[at + 2 :], "JPEG-LS"),
    ):
        with pytest.raises(BadImage) as error:
            decode_rgb(odd)
        assert (error.value.reason, error.value.detail) == (Reason.FORMAT_NOT_SUPPORTED, f"format not supported: {name}")
