"""Bytes of a JPEG -> its pixels as stored, scaled down while they are decoded; BrokenJpeg where some of them are missing.

libjpeg fills what it cannot read with grey, or smears it, and only warns. Two of its warnings say that pixels are lost: the
data of a scan end early, or hold an unknown code. The others may be harmless, such as bytes between the last pixel and the end
mark, which cameras leave there. Or they hide one that is not: only the last warning is reported, and if another file was
written over the rest of this one, it is about that file's start mark. Then FFmpeg's decoder is asked, which stops at the first
block that it cannot read.
"""

import re

import av
import av.error
import simplejpeg
from PIL import Image

from lamella.schemas.errors import DataError
from lamella.transforms.media.codestream import end_of_picture

_END_MARK = b"\xff\xd9"
_SCALES = (8, 4, 2)  # those that libjpeg-turbo does fast
_COLOURS = {"RGB": "RGB", "L": "GRAY"}


_LOST = ("premature end", "bad Huffman code")
_UNNAMED = "Could not determine subsampling"
_HARMLESS = "Inconsistent progression sequence"  # scans that say again what is known; FFmpeg takes none of them
_LEFT_OVER = re.compile(r"(\d{1,9}) extraneous bytes before marker 0x([0-9a-f]{2})")
_FEW_BYTES = 48  # left over: padding, or a lost thread; a sector's rest is zeros


class BrokenJpeg(DataError, ValueError):
    """Pixels are missing, or not those that were stored."""


def takes(mode: str) -> bool:
    """Whether `decode_scaled` knows the mode that Pillow gives a JPEG."""
    return mode in _COLOURS


def decode_scaled(data: bytes, mode: str, size: tuple[int, int], enough: tuple[int, int]) -> Image.Image | None:
    """The picture at 1, 1/2, 1/4 or 1/8 of its `size`: the smallest that covers `enough`.

    None where libjpeg decodes it, and TurboJPEG does not: it has no name for the way in which the colours are sampled, such as
    4:1:0, or a warning of the header, such as an unknown revision of JFIF, stops it. Raises BrokenJpeg.
    """
    scale = next((scale for scale in _SCALES if size[0] >= scale * enough[0] and size[1] >= scale * enough[1]), 1)
    least = {"min_width": -(-size[0] // scale), "min_height": -(-size[1] // scale)}
    data = with_end_mark(data)
    try:
        pixels = simplejpeg.decode_jpeg(data, _COLOURS[mode], strict=True, **least)
    except ValueError as error:
        if _UNNAMED in str(error):
            return None
        _refuse_warning(data, str(error))
        try:
            pixels = simplejpeg.decode_jpeg(data, _COLOURS[mode], strict=False, **least)
        except ValueError:
            return None
    return Image.fromarray(pixels if mode == "RGB" else pixels[:, :, 0])


def _refuse_warning(data: bytes, warning: str) -> None:
    if _HARMLESS in warning:
        return
    left = _LEFT_OVER.search(warning)
    if any(words in warning for words in _LOST) or (left and _are_pixels(data, int(left[1]), int(left[2], 16))):
        raise BrokenJpeg(warning)
    _refuse_damage(data, warning)


def _are_pixels(data: bytes, count: int, marker: int) -> bool:
    """Whether bytes that were left over are the rest of a scan whose thread was lost: many, of many values, and no text."""
    if marker != _END_MARK[1]:
        return count >= _FEW_BYTES
    end = end_of_picture(data)
    rest = data[max(0, end - count) : end]
    readable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in rest)
    return count >= _FEW_BYTES and len(set(rest)) >= _FEW_BYTES // 2 and readable < len(rest) * 3 // 4


def with_end_mark(data: bytes) -> bytes:
    """The file with an end mark behind it: without one decoders look for more pixels, where all are there."""
    return data if data.endswith(_END_MARK) else data + _END_MARK


def refuse_loss(data: bytes, mode: str) -> None:
    """Raises BrokenJpeg where pixels of a picture that `decode_scaled` does not take are missing."""
    data = with_end_mark(data)
    if mode == "CMYK":
        try:
            simplejpeg.decode_jpeg(data, mode, strict=True, min_factor=_SCALES[0])
            return
        except ValueError as error:
            if _UNNAMED not in str(error):
                _refuse_warning(data, str(error))
                return
    _refuse_damage(data, mode)


def _refuse_damage(data: bytes, warning: str) -> None:
    """Raises BrokenJpeg where FFmpeg cannot read a block. What it cannot decode at all (arithmetic coding) passes."""
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"err_detect": "explode", "threads": "1"}
    try:
        for packet in (av.Packet(data), None):
            for _ in decoder.decode(packet):
                return
    except av.error.InvalidDataError as error:
        raise BrokenJpeg(f"{warning}; {error.strerror}") from None
    except (av.error.FFmpegError, NotImplementedError):
        return
    raise BrokenJpeg(f"{warning}; no picture")
