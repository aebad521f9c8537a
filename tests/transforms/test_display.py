"""Clips that are not shown as they are stored: pixels that are not square, frames that lie on their side or mirrored."""

import io
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from lamella.schemas.rejection import Reason
from lamella.transforms.media.clips import BadVideo, decode_frames, probe
from lamella.transforms.media.decode_limits import DEFAULT_LIMITS

COLOURS = {"r": (230, 30, 30), "g": (30, 200, 30), "b": (30, 30, 230), "w": (250, 250, 250)}


def quarters(size=(80, 48)) -> np.ndarray:
    """Red and green above, blue and white below."""
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    pixels[: size[1] // 2, : size[0] // 2], pixels[: size[1] // 2, size[0] // 2 :] = COLOURS["r"], COLOURS["g"]
    pixels[size[1] // 2 :, : size[0] // 2], pixels[size[1] // 2 :, size[0] // 2 :] = COLOURS["b"], COLOURS["w"]
    return pixels


def film(pixel_aspect=None, matrix=None, size=(80, 48), kind="mp4") -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = container.add_stream("mpeg4" if kind == "mp4" else "libx264", rate=5, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if pixel_aspect:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if matrix:
            stream.set_display_matrix([value << 16 for value in matrix] + [0, 0, 1 << 30])
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(quarters(size), format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def layout(image: Image.Image) -> str:
    """The colour of each quarter, row by row."""
    width, height = image.size
    names = ""
    for x, y in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        pixel = image.getpixel((int(width * x), int(height * y)))
        names += min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(pixel, COLOURS[name], strict=True)))
    return names


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (None, (80, 48)),
        (Fraction(1), (80, 48)),
        (Fraction(2), (160, 48)),
        (Fraction(1, 2), (80, 96)),
        (Fraction(16, 15), (85, 48)),
    ],
)
@pytest.mark.parametrize("kind", ("mp4", "matroska"))
def test_pixels_become_square(aspect, size, kind):
    header, first = probe(film(aspect, kind=kind))
    assert (header.width, header.height) == size == first.size
    (frame,) = decode_frames(film(aspect, kind=kind), [0.0], 40)
    assert max(frame.size) == 40
    assert frame.width / frame.height == pytest.approx(size[0] / size[1], rel=0.05)


# Two rows of the matrix: a b u, c d v. What each does to red green / blue white.
TURNS = {
    (1, 0, 0, 0, 1, 0): "rgbw",
    (-1, 0, 0, 0, 1, 0): "grwb",
    (1, 0, 0, 0, -1, 0): "bwrg",
    (-1, 0, 0, 0, -1, 0): "wbgr",
    (0, 1, 0, -1, 0, 0): "brwg",
    (0, -1, 0, 1, 0, 0): "gwrb",
    (0, 1, 0, 1, 0, 0): "rbgw",
    (0, -1, 0, -1, 0, 0): "wgbr",
}


@pytest.mark.parametrize("matrix", TURNS)
def test_frames_are_turned_and_mirrored_as_the_matrix_says(matrix):
    data = film(matrix=matrix)
    header, first = probe(data)
    assert (header.width, header.height) == first.size == ((48, 80) if matrix[1] else (80, 48))
    assert layout(first) == TURNS[matrix]
    assert layout(decode_frames(data, [0.4], 40)[0]) == TURNS[matrix]


def test_wide_pixels_are_widened_before_the_frame_is_turned():
    header, first = probe(film(Fraction(2), (0, 1, 0, -1, 0, 0)))
    assert (header.width, header.height) == first.size == (48, 160)


def test_a_frame_must_be_within_limits_as_it_is_seen():
    data = film(Fraction(32))
    with pytest.raises(BadVideo) as error:
        probe(data, limits=replace(DEFAULT_LIMITS, max_pixels=100_000))
    assert error.value.reason is Reason.TOO_MANY_PIXELS


def plain(colour, size, coded: int, said: int) -> bytes:
    """A clip of one colour, coded by some matrix coefficients, that says of itself what is said (2: nothing)."""
    frame = av.VideoFrame.from_ndarray(np.tile(np.array(colour, np.uint8), (size[1], size[0], 1)), format="rgb24")
    frame = frame.reformat(format="yuv420p", dst_colorspace=coded)
    frame.colorspace = said
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.colorspace = said
        for number in range(3):
            frame.pts, frame.time_base = number, Fraction(1, 5)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


BT709, BT601 = 1, 5
SMALL, LARGE, WIDE, TALL = (160, 96), (1280, 720), (1280, 544), (360, 640)


@pytest.mark.parametrize(
    ("size", "coded", "said"),
    [
        *((size, BT709, 2) for size in (LARGE, WIDE, TALL)),
        (SMALL, BT601, 2),
        *((size, coded, coded) for size in (SMALL, LARGE) for coded in (BT709, BT601)),
    ],
)
def test_colours_are_those_that_players_show(size, coded, said):
    """A clip that does not say how it is coded is coded as television of its size is."""
    _, first = probe(plain((210, 40, 40), size, coded, said), 64)
    (last,) = decode_frames(plain((210, 40, 40), size, coded, said), [0.4], 64)
    for image in (first, last):
        assert np.abs(np.asarray(image).reshape(-1, 3).mean(0) - (210, 40, 40)).max() < 6
