"""A seed -> (name, bytes) of a picture that means harm, or was damaged. Nothing is stored, nothing is random."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO

from PIL import Image

from lamella.sample.paint import draw
from lamella.sample.rng import Rng

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_HUGE = (16_383, 12_000, 9_000)  # px a side: beyond the limit of 64 MP


def hostile(seed: int) -> tuple[str, bytes]:
    """A picture that claims much, hides much, or is of a type that is not taken."""
    rng = Rng("hostile picture", seed)
    name = tuple(HOSTILE)[seed % len(HOSTILE)]
    return name, HOSTILE[name](rng)


def damaged(seed: int) -> tuple[str, bytes]:
    """A sound picture with flipped bytes, a run of zeros, or a piece taken out."""
    rng = Rng("damaged picture", seed)
    kind = FORMATS[seed % len(FORMATS)]
    data = bytearray(sound(kind, seed % 3))
    at = rng.below(len(data) - 8)
    match seed // len(FORMATS) % 3:
        case 0:
            for _ in range(rng.between(1, 12)):
                data[rng.below(len(data))] ^= 1 << rng.below(8)
            return f"{kind} flipped", bytes(data)
        case 1:
            end = min(len(data), at + rng.between(1, 200))
            data[at:end] = bytes(end - at)
            return f"{kind} zeroed", bytes(data)
    del data[at : at + rng.between(1, 200)]
    return f"{kind} shortened", bytes(data)


def cut(seed: int) -> tuple[str, bytes]:
    """A sound picture that ends early, by more than its trailer."""
    kind = FORMATS[seed % len(FORMATS)]
    data = sound(kind, seed % 3)
    return f"{kind} cut", data[: Rng("cut picture", seed).between(16, len(data) - 13)]


@cache
def sound(kind: str, number: int = 0, **options: object) -> bytes:
    image, _ = draw(f"fault {number}", (160 + 16 * number, 144))
    return encoded(image, kind, **options)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def many_scans(count: int, size: tuple[int, int] = (160, 144)) -> bytes:
    """A progressive JPEG whose last scan stands there `count` times more."""
    image, _ = draw("scans", size)
    data = encoded(image, "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + data[-2:]


def hidden_scans(count: int) -> bytes:
    """The same behind restart markers, each scan within what would be a segment of a marker that has none."""
    image, _ = draw("scans", (160, 144))
    data = encoded(image, "JPEG", progressive=True, restart_marker_blocks=1)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + (b"\xff\x02" + struct.pack(">H", len(scan) + 2) + scan) * count + data[-2:]


def webp_of_one_colour(side: int = 16_383) -> bytes:
    """34 bytes that fill side x side pixels: every Huffman code of the VP8L stream has one symbol."""
    bits = (side - 1) | (side - 1) << 14
    stream = b"\x2f" + struct.pack("<I", bits) + b"\x88\x88\x08" + bytes(6)
    chunk = b"VP8L" + struct.pack("<I", len(stream)) + stream
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def webp_in_a_small_canvas(side: int) -> bytes:
    """The canvas says 16 x 16, the frame more."""
    frame = sound("WEBP", 0, lossless=True) if side < 1000 else webp_of_one_colour(side)
    canvas = struct.pack("<I", 0) + (15).to_bytes(3, "little") * 2
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + canvas + frame[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


@cache
def avif_that_says(width: int, height: int, side: int = 640) -> bytes:
    """The container says one size, the AV1 stream that of a side x side picture."""
    data = bytearray(encoded(Image.new("RGB", (side, side), "teal"), "AVIF", quality=30))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", width, height)
    return bytes(data)


def png(size: tuple[int, int], chunks: bytes = b"", colour: int = 0, depth: int = 1, rows: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunks + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _jpeg_frame(rng: Rng) -> bytes:
    data = bytearray(sound("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", rng.pick(_HUGE), rng.pick(_HUGE))
    return bytes(data)


def _gif_screen(rng: Rng) -> bytes:
    data = bytearray(sound("GIF"))
    data[6:10] = struct.pack("<HH", rng.pick(_HUGE), rng.pick(_HUGE))
    return bytes(data)


def _gif_frame(rng: Rng) -> bytes:
    """A frame far beyond a small screen."""
    data = bytearray(sound("GIF"))
    at = 13 + (3 << (data[10] & 7) + 1)
    data[at + 1 : at + 9] = struct.pack("<HHHH", 40_000, 40_000, rng.pick(_HUGE), rng.pick(_HUGE))
    return bytes(data)


def _png_texts(rng: Rng) -> bytes:
    """A thousand compressed texts of a megabyte each."""
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 20), 9))
    return png((64, 64), text * 1000, rows=bytes(9 * 64))


def _png_profile(rng: Rng) -> bytes:
    return png((64, 64), chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(64 << 20), 9)), rows=bytes(9 * 64))


def _png_rows(rng: Rng) -> bytes:
    """More rows than the header says, by a thousand times."""
    return png((64, 64), rows=bytes(9 * 64_000))


def _exif(rng: Rng) -> bytes:
    """A TIFF directory of 65,535 entries, each of 4 GB at an address of its own."""
    entries = b"".join(struct.pack("<HHII", 0x0112 + n, 2, 0xFFFFFFF0, 8 * n) for n in range(4000))
    return sound("JPEG", 0, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + entries)


def _many_frames(kind: str) -> Callable[[Rng], bytes]:
    @cache
    def made() -> bytes:
        frames = [Image.new("RGB", (64, 64), (n % 256, n // 2, 90)) for n in range(400)]
        return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=20)

    return lambda rng: made()


def _many_gif_frames(rng: Rng) -> bytes:
    """100,000 frames of a pixel behind the first."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return sound("GIF")[:-1] + frame * 100_000 + b"\x3b"


def _as(kind: str) -> Callable[[Rng], bytes]:
    return lambda rng: encoded(Image.new("RGB", (80, 80), "red"), kind)


HOSTILE: dict[str, Callable[[Rng], bytes]] = {
    "scans": lambda rng: many_scans(rng.between(150, 1500)),
    "hidden scans": lambda rng: hidden_scans(rng.between(150, 1500)),
    "jpeg frame": _jpeg_frame,
    "exif": _exif,
    "webp of one colour": lambda rng: webp_of_one_colour(rng.pick((*_HUGE, 7_900))),
    "webp in a small canvas": lambda rng: webp_in_a_small_canvas(rng.pick((160, 7_000))),
    "webp frames": _many_frames("WEBP"),
    "avif says less": lambda rng: avif_that_says(rng.between(64, 300), 300),
    "avif says more": lambda rng: avif_that_says(rng.pick(_HUGE), rng.pick(_HUGE)),
    "png header": lambda rng: png((rng.pick(_HUGE), rng.pick(_HUGE)), colour=rng.pick((0, 2, 6)), depth=8),
    "png texts": _png_texts,
    "png profile": _png_profile,
    "png rows": _png_rows,
    "png frames": _many_frames("PNG"),
    "gif screen": _gif_screen,
    "gif frame": _gif_frame,
    "gif frames": _many_gif_frames,
    "tiff": _as("TIFF"),
    "bmp": _as("BMP"),
    "ico": _as("ICO"),
}
