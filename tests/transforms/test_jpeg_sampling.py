"""A JPEG's colours may be sampled in more ways than libjpeg-turbo has names for: all that libjpeg decodes are taken."""

import io

import pytest
from PIL import Image

from lamella.transforms.media.decode_limits import DEFAULT_LIMITS
from lamella.transforms.media.pixels import BadImage, decode_rgb, decode_roughly, shrunk_jpeg

SIZE = (64, 48)
NO_CHANGE = (
    "001010",
    "0000",
)  # of a block, brightness and colour, in the standard Huffman codes: as the one before it, and flat


def flat(*samplings: tuple[int, int]) -> bytes:
    """A grey picture whose three components are sampled so, (across, down)."""
    out = io.BytesIO()
    Image.new("YCbCr", SIZE, (128, 128, 128)).save(out, "JPEG")
    data = bytearray(out.getvalue())
    frame = data.index(b"\xff\xc0")
    for place, (across, down) in enumerate(samplings):
        data[frame + 11 + 3 * place] = across << 4 | down
    wide, high = (8 * max(sides) for sides in zip(*samplings, strict=True))
    units = -(-SIZE[0] // wide) * -(-SIZE[1] // high)
    unit = "".join(NO_CHANGE[place > 0] * across * down for place, (across, down) in enumerate(samplings))
    bits = unit * units
    bits += "1" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return bytes(data[: data.index(b"\xff\xda") + 14]) + body + b"\xff\xd9"


@pytest.mark.parametrize(
    "samplings",
    [
        ((2, 2), (1, 1), (1, 1)),  # 4:2:0
        ((4, 2), (1, 1), (1, 1)),  # 4:1:0
        ((4, 1), (1, 1), (1, 1)),
        ((1, 4), (1, 1), (1, 1)),
        ((2, 4), (1, 1), (1, 1)),
        ((3, 1), (1, 1), (1, 1)),
        ((2, 2), (2, 1), (2, 1)),
        ((2, 2), (2, 2), (1, 1)),
        ((2, 2), (1, 2), (2, 1)),
        ((1, 1), (2, 2), (2, 2)),  # more of the colours than of the brightness
    ],
)
def test_every_sampling_is_decoded(samplings):
    data = flat(*samplings)
    for picture in (decode_rgb(data), decode_rgb(data, 16), decode_roughly(data, 16, lambda header: None)[1]):
        assert picture.getcolors() == [(picture.width * picture.height, (128, 128, 128))]
    assert shrunk_jpeg(data, 16, 90, DEFAULT_LIMITS)[1:] == (16, 12)
    with pytest.raises(BadImage):
        decode_rgb(data[:-22] + b"\xff\xd9")
