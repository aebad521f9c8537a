"""Bytes of an image -> the size and cost that container and codestream claim, before any decoder sees them.

Pillow allocates a WebP's canvas when it opens the file, and libavif decodes what the AV1 stream says, not what the container
says. So both are read here, in plain Python, and the largest claim counts.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from lamella.transforms.media.av1 import boxes, sequence_sizes
from lamella.transforms.media.jpeg_scans import Progress
from lamella.transforms.media.other_formats import is_bmp, is_heic, is_tiff

Size = tuple[int, int]

_MOST_PARTS = 50_000  # segments, chunks, blocks or boxes of one file; a picture has a few, an animation two a frame


class Claims(NamedTuple):
    """What a decoder would be led to do."""

    size: Size  # px; the largest claim
    bytes_per_pixel: float  # what Pillow and the decoder hold at once for each, at most; measured, see the tests
    scans: int = 1  # passes over the picture, each as dear as it is large
    lies: str = ""  # where container and codestream contradict each other

    @property
    def pixels(self) -> int:
        return self.size[0] * self.size[1]

    @property
    def decode_bytes(self) -> int:
        return int(self.pixels * self.bytes_per_pixel)


def claims_of(data: bytes) -> Claims | None:
    """None for a format that we do not take, or a file too damaged to claim anything: no decoder opens it."""
    try:
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(data)
        if data.startswith((b"GIF87a", b"GIF89a")):
            return _gif(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[4:8] == b"ftyp":
            return _heic(data) if is_heic(data) else _avif(data)
        if is_bmp(data):
            return _bmp(data)
        if is_tiff(data):
            return _tiff(data)
    except (struct.error, IndexError):
        pass
    except _TooManyParts:
        return Claims((1, 1), 1, lies=f"more than {_MOST_PARTS} parts")
    return None


class _TooManyParts(Exception):
    pass


def _few(parts: Iterable) -> Iterator:
    for at, part in enumerate(parts):
        if at >= _MOST_PARTS:
            raise _TooManyParts
        yield part


_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")  # those with a length, and the end; behind others libjpeg looks on
_FRAMES = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_END, _SCAN, _JPEG_LS = 0xD9, 0xDA, 0xF7
_HEAD_BYTES = 32  # a frame or a scan of four components, the most that are decoded


def _jpeg(data: bytes) -> Claims | None:
    """The first picture's frame and scans. Markers are found as libjpeg finds them: a segment is stepped over by its length,
    and in entropy-coded data every FF that is not stuffed is a marker."""
    size, scans, held, progress = None, 0, 0, None
    for marker, at in _few(_segments(data)):
        head = data[at : at + _HEAD_BYTES]
        if marker == _SCAN:
            scans += 1
            if progress and len(head) > 2:
                progress.add(head)
        elif marker in _FRAMES and len(head) >= 8:
            height, width, parts = struct.unpack_from(">HHB", head, 3)
            if size is None or width * height > size[0] * size[1]:
                size = width, height
            # Pillow's pixels, and for a progressive picture every coefficient of every component, 16 bits each.
            held = max(held, 8 + (2 * min(parts, 4) if marker in _PROGRESSIVE else 0))
            if marker in _PROGRESSIVE and progress is None:
                progress = Progress(head)
    lies = "scans are missing" if progress and progress.lacks_scans else ""
    return Claims(size, held, scans, lies) if size else None


def header_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each whole segment of a JPEG, up to the head of its first scan."""
    for marker, at in _few(_segments(data)):
        end = at + max(2, struct.unpack_from(">H", data, at)[0])
        if end > len(data):
            return
        yield marker, at - 2, end
        if marker == _SCAN:
            return


def unsupported_jpeg(data: bytes) -> str:
    """ "12-bit JPEG" or "JPEG-LS", which nothing here decodes; "" for anything else."""
    frame = next(((marker, at) for marker, at in _few(_segments(data)) if marker in _FRAMES or marker == _JPEG_LS), None)
    if frame is None or frame[1] + 3 > len(data):
        return ""
    return "JPEG-LS" if frame[0] == _JPEG_LS else f"{data[frame[1] + 2]}-bit JPEG" if data[frame[1] + 2] > 8 else ""


def end_of_picture(data: bytes) -> int:
    """Where a JPEG's end mark is; the length of the file if there is none."""
    last = max((at for _, at in _few(_segments(data))), default=2)
    end = data.find(b"\xff\xd9", last)
    return len(data) if end < 0 else end


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, where its length stands), up to the end of the first picture."""
    at = 2
    while (found := _MARKER.search(data, at)) and found[1][0] != _END and found.end() + 2 <= len(data):
        at = found.end()
        yield found[1][0], at
        at += max(2, struct.unpack_from(">H", data, at)[0])


def png_chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, name) of each chunk of a PNG that is whole."""
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            return
        yield at, end, name
        at = end


def _png(data: bytes) -> Claims | None:
    if data[12:16] != b"IHDR":
        return None
    width, height, _, colour = struct.unpack_from(">IIBB", data, 16)
    for _ in _few(png_chunks(data)):
        pass
    # RGB as it is, RGBA with its alpha and RGB on white; what becomes RGBA on the way is held once more.
    held = {2: 8, 6: 10}.get(colour, 14)
    if colour == 2 and b"tRNS" in data[: data.find(b"IDAT")]:
        held = 14
    return Claims((width, height), held)


def _gif(data: bytes) -> Claims:
    """The screen, and the first frame where that reaches beyond it."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    *_, at = _few(_blocks(data, at))
    if data[at] == 0x2C:
        left, top, wide, high = struct.unpack_from("<HHHH", data, at + 1)
        width, height = max(width, left + wide), max(height, top + high)
    return Claims((width, height), 12)


def _blocks(data: bytes, at: int) -> Iterator[int]:
    """Where what follows the extensions stands, last: a label, then sub-blocks up to an empty one."""
    yield at
    while data[at] == 0x21:
        at += 2
        while data[at]:
            at += 1 + data[at]
            yield at
        at += 1
        yield at


_WEBP_HELD = 20  # two canvases of RGBA, the decoder's own, the frame as bytes, as Pillow's pixels, and as RGB on white


def _webp(data: bytes) -> Claims | None:
    """Canvas and frames of every chunk; animations hold theirs in ANMF."""
    sizes: list[Size] = []
    canvas: Size | None = None
    still: Size | None = None
    for name, start, end in _few(_chunks(data, 12, len(data))):
        if name == b"VP8X":
            canvas = _webp_size(data, start + 4)
        elif name == b"ANMF":
            sizes.append(_webp_size(data, start + 6))
            sizes += [
                size for inner, at, _ in islice(_chunks(data, start + 16, end), 8) if (size := _webp_frame(data, inner, at))
            ]
        elif size := _webp_frame(data, name, start):
            still = still or size
            sizes.append(size)
    if not (sizes or canvas):
        return None
    claimed = [*sizes, canvas] if canvas else sizes
    largest = max(claimed, key=lambda size: size[0] * size[1])
    lies = ""
    if canvas and still and canvas != still:
        lies = f"the canvas is {canvas[0]} x {canvas[1]}, the frame {still[0]} x {still[1]}"
    return Claims(largest, _WEBP_HELD, lies=lies)


def _webp_size(data: bytes, at: int) -> Size:
    """Width and height, in three bytes each, less one."""
    width, height = (1 + int.from_bytes(data[start : start + 3], "little") for start in (at, at + 3))
    return width, height


def _webp_frame(data: bytes, name: bytes, at: int) -> Size | None:
    if name == b"VP8 " and data[at + 3 : at + 6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, at + 6)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L" and data[at] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, at + 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def _chunks(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of RIFF chunks."""
    while at + 8 <= end:
        (length,) = struct.unpack_from("<I", data, at + 4)
        yield data[at : at + 4], at + 8, min(at + 8 + length, end)
        at += 8 + length + (length & 1)


_BMP_HELD = 12  # rows as they stand, Pillow's pixels, RGB
_CORE_HEADER = 12  # bytes of OS/2's, whose sides have 16 bits


def _bmp(data: bytes) -> Claims:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == _CORE_HEADER else "<ii", data, 18)
    return Claims((abs(width), abs(height)), _BMP_HELD)


_TIFF_HELD = 24  # of floats: a tile or strip, Pillow's pixels, RGB
_TIFF_SIDES = {256: 0, 257: 1, 322: 0, 323: 1}  # width and height of the picture, and of a tile of it


def _tiff(data: bytes) -> Claims:
    """The first directory: what a tile claims counts too, since one is decoded whole."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    sides = [0, 0]
    for entry in _few(range(at + 2, at + 2 + 12 * count, 12)):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in _TIFF_SIDES:
            (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, entry + 8)
            sides[_TIFF_SIDES[tag]] = max(sides[_TIFF_SIDES[tag]], value)
    return Claims((sides[0], sides[1]), _TIFF_HELD)


_HEIC_HELD = 24  # planes, tiles, RGB of libheif and of Pillow


def _heic(data: bytes) -> Claims | None:
    """What the container says of every item. The stream itself is not read: its decoder can be killed."""
    found = _few(boxes(data, 0, len(data)))
    said = [struct.unpack_from(">II", data, start + 4) for name, start, end in found if name == b"ispe" and end >= start + 12]
    return Claims(max(said, key=lambda size: size[0] * size[1]), _HEIC_HELD) if said else None


_AVIF_HELD = 16  # planes of up to 16 bits, dav1d's copy, RGB as bytes and as Pillow's pixels
_AVIF_ALPHA_HELD = 24  # the same with alpha, and RGB on white


def _avif(data: bytes) -> Claims | None:
    """What the container says of every item (`ispe`), and what the AV1 streams say themselves."""
    found = _few(boxes(data, 0, len(data)))
    said = [struct.unpack_from(">II", data, start + 4) for name, start, end in found if name == b"ispe" and end >= start + 12]
    coded = sequence_sizes(data)
    if not (said or coded):
        return None
    largest = max([*said, *coded], key=lambda size: size[0] * size[1])
    beyond = [size for size in coded if said and size[0] * size[1] > max(w * h for w, h in said)]
    lies = f"the container says {said[0][0]} x {said[0][1]}, the stream {beyond[0][0]} x {beyond[0][1]}" if beyond else ""
    return Claims(largest, _AVIF_ALPHA_HELD if b"auxC" in data else _AVIF_HELD, lies=lies)
