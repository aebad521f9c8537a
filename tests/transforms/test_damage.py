"""Pictures that lack pixels are found, whatever their decoder says of them; sound ones with odd bytes around them are taken."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lamella.sample.paint import draw
from lamella.schemas.rejection import Reason
from lamella.transforms.media.pixels import BadImage, decode_rgb, decode_roughly

END = b"\xff\xd9"


def scene(size=(240, 176)) -> Image.Image:
    """Shapes on a noisy ground: every block has something to say."""
    noise = np.random.default_rng(5).integers(-20, 20, (size[1], size[0], 3))
    return Image.fromarray((np.asarray(draw("damage", size)[0]).astype(int) + noise).clip(0, 255).astype(np.uint8))


def jpeg(image=None, **options) -> bytes:
    out = io.BytesIO()
    (image or scene()).save(out, "JPEG", **{"quality": 88} | options)
    return out.getvalue()


CODINGS = [{}, {"progressive": True}, {"subsampling": 0, "optimize": True}, {"restart_marker_rows": 1}]


def sound(data: bytes) -> bool:
    """Both ways of decoding agree on it."""
    ends = []
    for decode in (lambda: decode_rgb(data, 64), lambda: decode_roughly(data, 128, lambda header: None)):
        try:
            decode()
            ends.append(None)
        except BadImage as error:
            ends.append(error.reason)
    assert ends[0] is ends[1]
    assert ends[0] in (None, Reason.BROKEN_IMAGE)
    return ends[0] is None


@pytest.mark.parametrize("options", CODINGS)
def test_a_jpeg_that_was_cut_and_closed_again_is_broken(options):
    data = jpeg(**options)
    for share in (0.35, 0.6, 0.9):
        assert not sound(data[: int(len(data) * share)])
        assert not sound(data[: int(len(data) * share)] + END)


@pytest.mark.parametrize("mode", ("RGB", "L", "CMYK"))
def test_a_progressive_jpeg_that_ends_between_two_scans_is_broken(mode):
    """It is whole but for its detail, and no decoder warns."""
    data = jpeg(scene().convert(mode), progressive=True)
    scans = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 4
    for at in scans[1:]:
        for cut in (at, at + 1, at + 2, at + 6, at + 10):
            assert not sound(data[:cut])
            assert not sound(data[:cut] + END)
    assert sound(data)
    assert sound(data[:-2])


@pytest.mark.parametrize("options", CODINGS)
def test_a_jpeg_with_a_hole_is_broken(options):
    data = jpeg(**options)
    start = data.index(b"\xff\xda") + 400
    found = 0
    for at in range(start, len(data) - 900, (len(data) - 900 - start) // 12):
        found += not sound(data[:at] + bytes(600) + data[at + 600 :])
    assert found >= 10  # of 13: zeros can be read as blocks, now and then


@pytest.mark.parametrize("options", CODINGS)
def test_a_jpeg_that_another_was_written_over_is_broken(options):
    """libjpeg's last word is of the second start mark, which is none of damage."""
    data, other = jpeg(**options), jpeg(scene().transpose(Image.Transpose.ROTATE_180))
    assert not sound(data[: len(data) // 2] + other)
    assert sound(data + other)  # such as the preview that a camera stores behind its picture


@pytest.mark.parametrize("mode", ("RGB", "L", "CMYK"))
@pytest.mark.parametrize("options", CODINGS)
def test_what_harms_no_pixel_is_no_damage(mode, options):
    data = jpeg(scene().convert(mode), **options)
    body = data[:-2]
    comment = b"\xff\xfe" + struct.pack(">H", 12) + b"0123456789"
    for harmless in (
        body,  # no end mark
        body + b"\xff",  # half of one
        data + bytes(500),
        data + b"\r\n<!-- served by cache-7 -->",
        body + b"\xff\xff\xff\xff" + END,  # fill bytes
        data[:2] + comment + data[2:],
    ):
        assert sound(harmless)
        assert np.array_equal(np.asarray(decode_rgb(harmless)), np.asarray(decode_rgb(data)))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(image: Image.Image, rows: int, interlaced=False) -> bytes:
    """A whole file whose pixel data end after so many rows."""
    pixels = np.asarray(image)
    width, height = image.size
    packed = zlib.compress(b"".join(b"\0" + pixels[row].tobytes() for row in range(rows)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_every_row_of_a_png_must_be_there():
    image = scene()
    assert sound(png(image, 176))
    for rows in (175, 120, 1):
        assert not sound(png(image, rows))
    dark = image.copy()
    dark.paste((0, 0, 0), (0, 160, 240, 176))
    assert sound(png(dark, 176))
    assert not sound(png(dark, 160))
    assert not sound(png(image, 176, interlaced=True))  # seven passes have more rows, and a filter for each


@pytest.mark.parametrize("mode", ("1", "L", "P", "RGBA", "I;16"))
def test_a_black_foot_is_no_missing_row(mode):
    image = scene().convert("L")
    image.paste(0, (0, 150, 240, 176))
    image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    out = io.BytesIO()
    image.save(out, "PNG")
    assert sound(out.getvalue())


def test_a_png_without_its_last_chunk_is_whole():
    data = png(scene(), 176)
    assert sound(data[:-12])  # IEND
    assert sound(data[:-16])  # and the sum before it
    assert not sound(data[:-400])


@pytest.mark.parametrize("options", CODINGS)
@pytest.mark.parametrize("mode", ("RGB", "L"))
@pytest.mark.parametrize("revision", (b"\0\0", b"\2\1", b"\xff\xff"))
def test_an_unknown_revision_of_jfif_harms_nothing_and_hides_no_damage(mode, options, revision):
    plain = jpeg(scene().convert(mode), **options)
    at = plain.index(b"JFIF\0") + 5
    data = plain[:at] + revision + plain[at + 2 :]
    assert sound(data)
    assert np.array_equal(np.asarray(decode_rgb(data)), np.asarray(decode_rgb(plain)))
    for share in (0.35, 0.6, 0.9):
        assert not sound(data[: int(len(data) * share)] + END)


def test_an_unknown_transform_of_adobes_is_that_of_jfif():
    plain = jpeg()
    start = plain.index(b"\xff\xe0")
    bare = plain[:start] + plain[start + 2 + int.from_bytes(plain[start + 2 : start + 4], "big") :]
    adobe = b"\xff\xee" + struct.pack(">H", 14) + b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 2)
    odd = bare[:2] + adobe + bare[2:]
    assert sound(odd)
    assert np.array_equal(np.asarray(decode_rgb(odd)), np.asarray(decode_rgb(plain)))
