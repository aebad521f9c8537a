"""Pictures whose numbers are not yet what is seen: profiles, keys of transparency, white ink, blank starts."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from lamella.transforms.media.pixels import decode_rgb, decode_roughly

SEEN = {"red": (200, 60, 50), "leaf": (90, 160, 70), "grey": (128, 128, 128)}


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def fixed(values) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile(matrix, gamma, space=b"RGB ") -> bytes:
    """An ICC profile (ICC.1, 7) of three primaries in PCS XYZ and one gamma; of a grey, of the gamma alone."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = [(b"wtpt", b"XYZ " + bytes(4) + fixed((0.9642, 1.0, 0.8249)))]
    if space == b"RGB ":
        tags += [
            (name, b"XYZ " + bytes(4) + fixed(column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix, strict=True)
        ]
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    else:
        tags += [(b"kTRC", curve)]
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags:
        table += name + struct.pack(">II", at + len(body), len(value))
        body += value
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"test", 0x02400000, b"mntr", space, b"XYZ ")
    head = (head + bytes(12) + b"acsp").ljust(68, b"\0") + fixed((0.9642, 1.0, 0.8249))
    return head.ljust(128, b"\0") + table + body


# Primaries of Adobe RGB and of ROMM, adapted to D50, column by column.
WIDE = profile(((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)), 2.2)
ROMM = profile(((0.79767, 0.28804, 0.0), (0.13519, 0.71187, 0.0), (0.03134, 0.00009, 0.82491)), 1.8)
LINEAR_GREY = profile((), 1.0, b"GRAY")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def stored(colour, wide: bytes) -> tuple[int, ...]:
    """The numbers that mean an sRGB colour in a profile."""
    patch = Image.new("RGB", (1, 1), colour)
    return ImageCms.profileToProfile(patch, io.BytesIO(SRGB), io.BytesIO(wide)).getpixel((0, 0))


def near(pixel, wanted, slack=3) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("colour", SEEN.values())
@pytest.mark.parametrize("wide", (WIDE, ROMM))
@pytest.mark.parametrize("kind", ("PNG", "JPEG", "WEBP", "AVIF"))
def test_colours_are_those_that_the_profile_means(colour, wide, kind):
    options = {"JPEG": {"quality": 97}, "WEBP": {"lossless": True}, "AVIF": {"quality": 98}}.get(kind, {})
    data = encoded(Image.new("RGB", (64, 64), stored(colour, wide)), kind, icc_profile=wide, **options)
    assert near(decode_rgb(data).getpixel((9, 9)), colour, 6)
    assert near(decode_roughly(data, 32, lambda header: None)[1].getpixel((9, 9)), colour, 6)


def test_greys_palettes_and_transparency_have_profiles_too():
    assert near(decode_rgb(encoded(Image.new("L", (9, 9), 55), "PNG", icc_profile=LINEAR_GREY)).getpixel((1, 1)), (128,) * 3)
    assert near(
        decode_rgb(encoded(Image.new("LA", (9, 9), (55, 255)), "PNG", icc_profile=LINEAR_GREY)).getpixel((1, 1)), (128,) * 3
    )
    red = stored(SEEN["red"], ROMM)
    assert near(
        decode_rgb(encoded(Image.new("RGB", (9, 9), red).quantize(4), "PNG", icc_profile=ROMM)).getpixel((1, 1)), SEEN["red"]
    )
    clear = Image.new("RGBA", (9, 9), (*red, 255))
    clear.putpixel((0, 0), (*red, 0))
    image = decode_rgb(encoded(clear, "PNG", icc_profile=ROMM))
    assert near(image.getpixel((1, 1)), SEEN["red"])
    assert image.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    "bad", (b"", b"no profile", SRGB, SRGB[: len(SRGB) // 2], LINEAR_GREY, WIDE.replace(b"rTRC", b"zTRC"), bytes(3000))
)
def test_srgb_and_bad_profiles_change_nothing(bad):
    image = Image.effect_noise((48, 48), 60).convert("RGB")
    assert np.array_equal(np.asarray(decode_rgb(encoded(image, "PNG", icc_profile=bad))), np.asarray(image))


def png(width, height, depth, colour, rows: bytes, key: bytes) -> bytes:
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"tRNS", key) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("depth", "colour", "two", "key", "other"),
    [  # two pixels, of which the second is transparent
        (16, 0, struct.pack(">HH", 0x8000, 0x80FF), struct.pack(">H", 0x80FF), 128),
        (8, 0, b"\x80\x90", b"\0\x90", 128),
        (4, 0, b"\x7f", b"\0\x0f", 119),
        (2, 0, b"\x70", b"\0\x03", 85),
        (1, 0, b"\x40", b"\0\x01", 0),
        (16, 2, struct.pack(">6H", *[0x8000] * 3, *[0x9012] * 3), struct.pack(">3H", *[0x9012] * 3), 128),
    ],
)
def test_the_transparent_colour_of_every_depth(depth, colour, two, key, other):
    image = decode_rgb(png(2, 2, depth, colour, (b"\0" + two) * 2, key))
    assert [image.getpixel((x, 1)) for x in (0, 1)] == [(other,) * 3, (255,) * 3]


def drawing(ink, mode="RGBA") -> Image.Image:
    """Ink on nothing."""
    image = Image.new(mode, (120, 90), (*ink, 0))
    ImageDraw.Draw(image).ellipse((20, 20, 90, 70), fill=(*ink, 255))
    return image


@pytest.mark.parametrize("kind", ("PNG", "WEBP"))
def test_white_ink_stands_on_black_and_other_ink_on_white(kind):
    options = {"WEBP": {"lossless": True}}.get(kind, {})
    white = decode_rgb(encoded(drawing((255, 255, 255)), kind, **options))
    assert [white.getpixel(at) for at in ((50, 45), (2, 2))] == [(255, 255, 255), (0, 0, 0)]
    for ink in ((0, 0, 0), (20, 20, 160)):
        image = decode_rgb(encoded(drawing(ink), kind, **options))
        assert [image.getpixel(at) for at in ((50, 45), (2, 2))] == [ink, (255, 255, 255)]
    assert decode_rgb(encoded(drawing((250,), "LA"), "PNG")).getpixel((2, 2)) == (0, 0, 0)


def test_nothing_at_all_stays_white():
    assert decode_rgb(encoded(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG")).getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize("kind", ("GIF", "WEBP", "PNG", "AVIF"))
@pytest.mark.parametrize("blanks", (0, 1, 3))
def test_an_animation_is_known_by_the_first_frame_that_shows_something(kind, blanks):
    shown = []
    for number in range(2):
        frame = Image.new("RGB", (96, 64), (240, 240, 200))
        ImageDraw.Draw(frame).rectangle((8 + 40 * number, 8, 40 + 40 * number, 56), fill=(200, 30, 30))
        shown.append(frame)
    # Frames of one colour that differ, or an encoder joins them.
    frames = [Image.new("RGB", (96, 64), (255 - 6 * number,) * 3) for number in range(blanks)] + shown
    image = decode_rgb(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
    assert near(image.getpixel((20, 30)), (200, 30, 30), 12)
    assert near(image.getpixel((70, 30)), (240, 240, 200), 12)


def test_an_animation_that_shows_nothing_is_its_first_frame():
    frames = [Image.new("RGB", (20, 20), (255 - 9 * number,) * 3) for number in range(40)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_rgb(data).getpixel((3, 3)) == (255, 255, 255)
