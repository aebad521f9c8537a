"""What stands beside the pixels of a picture, damaged or too large, costs nothing but itself; what they depend on stays."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from lamella.schemas.rejection import Reason
from lamella.transforms.media.pixels import BadImage, decode_rgb, decode_roughly
from lamella.transforms.media.readable import readable

PIXELS = np.random.default_rng(3).integers(0, 255, (40, 50, 3), dtype=np.uint8).repeat(2, 0).repeat(2, 1)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def chunk(name: bytes, body: bytes, wrong: int = 0) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ wrong)


ROWS = b"".join(b"\0" + row.tobytes() for row in PIXELS)


def png(before: bytes = b"", behind: bytes = b"", colour: int = 2, rows: bytes = ROWS) -> bytes:
    size = struct.pack(">IIBBBBB", PIXELS.shape[1], PIXELS.shape[0], 8, colour, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + before
    return head + chunk(b"IDAT", zlib.compress(rows)) + behind + chunk(b"IEND", b"")


def jpeg(*segments: bytes, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, "JPEG", quality=95, subsampling=0, **options)
    return b"".join((out.getvalue()[:2], *segments, out.getvalue()[2:]))


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


BOMB = zlib.compress(bytes(80 << 20))
BESIDE = {
    "a text with a wrong checksum": chunk(b"tEXt", b"Title\0Reeds", wrong=1),
    "a text that grows": chunk(b"zTXt", b"Title\0\0" + BOMB),
    "metadata of two megabytes": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b" " * 2_000_000),
    "a long text": chunk(b"tEXt", b"Comment\0" + b"reeds " * 400_000),
    "a profile without a name": chunk(b"iCCP", b"abc"),
    "a profile that grows": chunk(b"iCCP", b"p\0\0" + BOMB),
    "a profile that is cut": chunk(b"iCCP", b"p\0\0" + zlib.compress(SRGB)[:40]),
    "a profile with a wrong checksum": chunk(b"iCCP", b"p\0\0" + zlib.compress(SRGB), wrong=1),
    "a short resolution": chunk(b"pHYs", b"\0"),
    "no gamma": chunk(b"gAMA", b""),
    "no intent": chunk(b"sRGB", b""),
    "a transparent colour of another kind": chunk(b"tRNS", b"\0"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_stands_beside_the_pixels_of_a_png_costs_nothing_but_itself(name):
    for data in (png(BESIDE[name]), png(behind=BESIDE[name])):
        assert np.array_equal(np.asarray(decode_rgb(data)), PIXELS)
        assert decode_roughly(data, 256, lambda header: None)[1].size == (100, 80)


def test_what_is_whole_stays():
    data = png(chunk(b"tEXt", b"Title\0Reeds") + chunk(b"pHYs", bytes(9)) + chunk(b"iCCP", b"p\0\0" + zlib.compress(SRGB)))
    assert readable(data) is data
    assert readable(jpeg(icc_profile=SRGB * 40)) == jpeg(icc_profile=SRGB * 40)
    cut = png()[:-400]
    assert readable(cut) is cut
    key = png(chunk(b"tRNS", b"\0\1\0\2\0\3"))
    assert readable(key) is key


def test_damage_of_what_pixels_depend_on_stays_damage():
    for broken in (png(chunk(b"PLTE", bytes(3), wrong=1)), png(rows=ROWS[:-900]), png().replace(b"IEND", b"tEND")[:-300]):
        with pytest.raises(BadImage) as caught:
            decode_rgb(broken)
        assert caught.value.reason is Reason.BROKEN_IMAGE


def test_a_second_profile_is_none():
    first, second = (chunk(b"iCCP", b"p\0\0" + zlib.compress(profile)) for profile in (SRGB, bytes(9)))
    assert readable(png(first + second * 3)) == png(first)
    assert readable(png(BESIDE["a profile that grows"] + first)) == png()


@pytest.mark.parametrize(
    "odd",
    [
        [segment(0xE0, b"JFIF\0")],
        [segment(0xEE, b"Adobe")],
        [segment(0xE2, b"ICC_PROFILE\0\2\3" + SRGB)],
        [segment(0xE2, b"ICC_PROFILE\0\1\2" + SRGB), segment(0xE2, b"ICC_PROFILE\0\1\2" + SRGB)],
        [segment(0xE2, b"ICC_PROFILE\0")],
        [segment(0xE2, b"MPF\0II*\0\x08\0\0\0\3\0" + bytes(10))],
        [segment(0xED, b"Photoshop 3.0\x008BIM\3\xed\0\0\xff\xff\xff\xff")],
        [segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\x08\0\0\0")],
    ],
)
def test_what_stands_beside_the_pixels_of_a_jpeg_costs_nothing_but_itself(odd):
    whole = np.asarray(decode_rgb(jpeg()))
    assert np.array_equal(np.asarray(decode_rgb(jpeg(*odd))), whole)
    assert decode_roughly(jpeg(*odd), 256, lambda header: None)[1].size == (100, 80)


def test_padding_is_left_out():
    padded = jpeg(b"\xff" * 5000)
    assert readable(padded) == jpeg()
    assert np.array_equal(np.asarray(decode_rgb(padded)), np.asarray(decode_rgb(jpeg())))


@pytest.mark.parametrize("left_over", (b"\x12\x34", b"\xff\xff\0\xff", b"x" * 300, b"\xff\xd5", b"\xff\xd8"))
def test_what_a_false_length_leaves_between_two_segments_is_left_out(left_over):
    plain = jpeg()
    for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xda"):
        at = plain.index(marker)
        odd = plain[:at] + left_over + plain[at:]
        assert readable(odd) == plain
        assert np.array_equal(np.asarray(decode_rgb(odd)), np.asarray(decode_rgb(plain)))


def test_a_png_of_countless_chunks_is_given_up():
    with pytest.raises(BadImage) as caught:
        decode_rgb(png(chunk(b"aaAa", b"") * 60_000))
    assert (caught.value.reason, caught.value.violation.detail) == (Reason.BROKEN_IMAGE, "more than 50000 parts")


def test_a_profile_in_parts_out_of_order_is_one():
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes((number, 2)) + SRGB[300 * (number - 1) :][:300]) for number in (2, 1)]
    assert readable(jpeg(*parts)) == jpeg(*parts)


GAMMAS = {
    "none": (b"", 1.0),
    "of a screen": (chunk(b"gAMA", struct.pack(">I", 45455)), 1.0),
    "linear": (chunk(b"gAMA", struct.pack(">I", 100_000)), 1 / 2.2),
    "of old Macs": (chunk(b"gAMA", struct.pack(">I", 55_556)), 1.8 / 2.2),
    "linear, but sRGB": (chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"sRGB", b"\0"), 1.0),
    "linear, but a profile": (chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"iCCP", b"p\0\0" + zlib.compress(SRGB)), 1.0),
    "zero": (chunk(b"gAMA", bytes(4)), 1.0),
    "absurd": (chunk(b"gAMA", b"\x7f\xff\xff\xff"), 1.0),
}


@pytest.mark.parametrize("name", GAMMAS)
def test_the_gamma_of_a_png_is_heard_where_it_says_nothing_better(name):
    said, exponent = GAMMAS[name]
    shown = 255 * (PIXELS / 255) ** exponent
    assert np.abs(np.asarray(decode_rgb(png(said))) - shown).max() <= 1
    grey = png(said, colour=0, rows=b"".join(b"\0" + row[:, 0].tobytes() for row in PIXELS))
    assert np.abs(np.asarray(decode_rgb(grey))[:, :, 1] - shown[:, :, 0]).max() <= 1
