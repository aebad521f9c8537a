"""Bytes of an image -> its header, or its pixels as RGB: claims first, scaled decode, bounded; anything else is BadImage.

Here is the decoder itself. A run's media go through `transforms.media.decoding`, which calls this in a killable process.
"""

import re
from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.media.bad_media import BadMedia
from lamella.transforms.media.codestream import claims_of
from lamella.transforms.media.decode_limits import DEFAULT_LIMITS, DecodeLimits
from lamella.transforms.media.decode_rules import PICTURE_COST_RULES

MIME_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "AVIF": "image/avif"}

# The bound is ours and stands between header and decode, where Pillow's own only warns (169 MP of zeros took 1.3 GB).
Image.MAX_IMAGE_PIXELS = None

_WHITE = (255, 255, 255)
_EXIF_ORIENTATION = 0x0112
_SVG = re.compile(
    rb"\s*+(?:<\?xml[^>]*+>\s*+)?(?:<!--(?:[^-]|-(?!->))*+-->\s*+|<!doctype\s+svg[^>]*+>\s*+){0,9}+<svg\b", re.IGNORECASE
)
_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (5, 6, 7, 8)
_SCALE_SLACK = 2  # a JPEG is decoded at no less than twice the size asked for, so that the resize still smooths


class BadImage(BadMedia):
    """Bytes that are no image we take: `reason` is NOT_AN_IMAGE, BROKEN_IMAGE, TOO_MANY_PIXELS, MEDIA_TOO_COSTLY or
    EMPTY_BODY."""


class ImageHeader(NamedTuple):
    """What the first bytes say; sides as a viewer sees them, after EXIF orientation."""

    mime: str
    width: int
    height: int

    @property
    def aspect(self) -> float:
        """Longer side over shorter."""
        return max(self.width, self.height) / max(1, min(self.width, self.height))


def image_header(data: bytes, limits: DecodeLimits = DEFAULT_LIMITS) -> ImageHeader:
    """Type and size without decoding a pixel; raises BadImage."""
    image = _opened(data, limits)
    return ImageHeader(MIME_TYPES[_format(image)], *_upright(image))


def decode_rgb(data: bytes, max_side: int | None = None, limits: DecodeLimits = DEFAULT_LIMITS) -> Image.Image:
    """The image (of an animation: its first frame) as upright RGB, alpha on white.

    Args:
        data: a whole JPEG, PNG, WebP, GIF or AVIF file.
        max_side: px; a larger image is scaled down so that its longer side is this, a JPEG already while decoding.
        limits: an image whose header or codestream claims more is refused before any is decoded.

    Raises:
        BadImage: the bytes are of another type, damaged, cut short, too many pixels, or too dear to decode.
    """
    image = _opened(data, limits)
    width, height = image.size
    size = scaled_size(width, height, max_side)
    rgb = _decoded(image, (size[0] * _SCALE_SLACK, size[1] * _SCALE_SLACK))
    if size != rgb.size:
        rgb = rgb.resize(size, Image.Resampling.BICUBIC, reducing_gap=_SCALE_SLACK)
    return _turned(rgb, _orientation(image))


def decode_roughly(
    data: bytes, side: int, accepts: Callable[[ImageHeader], None], limits: DecodeLimits = DEFAULT_LIMITS
) -> tuple[ImageHeader, Image.Image]:
    """Header and pixels for measuring, the quickest way there is: the longer side is `side` to twice that, never enlarged.

    `accepts(header)` raises, whatever it likes, where the header is enough to refuse the image. Raises BadImage.
    """
    image = _opened(data, limits)
    header = ImageHeader(MIME_TYPES[_format(image)], *_upright(image))
    accepts(header)
    rgb = _decoded(image, scaled_size(*image.size, side))
    factor = max(rgb.size) // side
    if factor > 1:
        rgb = rgb.reduce((min(factor, rgb.width), min(factor, rgb.height)))
    return header, _turned(rgb, _orientation(image))


def to_rgb(image: Image.Image) -> Image.Image:
    """Any mode as RGB: transparency on white, 16-bit greys by their high byte, palettes and CMYK by Pillow's conversion."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        if image.mode != "RGBA":
            image = image.convert("RGBA")
        white = Image.new("RGB", image.size, _WHITE)
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def scaled_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Sides in px with the longer one at most `max_side` and the aspect kept; never larger than before, never 0."""
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    return max(1, round(width * max_side / longer)), max(1, round(height * max_side / longer))


def _opened(data: bytes, limits: DecodeLimits) -> Image.Image:
    if not data:
        raise BadImage(Reason.EMPTY_BODY, "0 bytes")
    claimed = _within(data, limits)
    try:
        image = Image.open(BytesIO(data), formats=tuple(MIME_TYPES))
    except Image.UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except MemoryError as error:
        raise BadImage(Reason.MEDIA_TOO_COSTLY, "out of memory when opened") from error
    except Exception as error:  # whatever a decoder raises on foreign bytes is said of the bytes
        raise BadImage(Reason.BROKEN_IMAGE, _detail(error)) from error
    if image.format == "PNG" and b"IEND" not in data:  # Pillow does without
        raise BadImage(Reason.BROKEN_IMAGE, "cut short before its end")
    if min(image.size) < 1:
        raise BadImage(Reason.BROKEN_IMAGE, f"{image.size[0]} x {image.size[1]} px")
    if image.width * image.height > claimed:  # ours and Pillow's reading of the header differ: the larger counts
        raise BadImage(Reason.BROKEN_IMAGE, f"{image.width} x {image.height}, more than it claims")
    return image


def _within(data: bytes, limits: DecodeLimits) -> int:
    """Pixels that the file claims, where all that it claims is within limits; raises BadImage before a decoder sees it."""
    claims = claims_of(data)
    if claims is None:
        raise _unidentified(data)
    if violation := apply_rules(PICTURE_COST_RULES, claims, limits):
        raise BadImage.of(violation)
    if claims.lies:
        raise BadImage(Reason.BROKEN_IMAGE, claims.lies)
    return claims.pixels


def _decoded(image: Image.Image, enough: tuple[int, int]) -> Image.Image:
    """RGB as stored: not turned, and not scaled but for a JPEG, which may come smaller as long as it covers `enough`."""
    try:
        if image.width > enough[0]:
            image.draft(None, enough)
        image.load()
        return to_rgb(image)
    except MemoryError as error:
        raise BadImage(Reason.MEDIA_TOO_COSTLY, f"{image.width} x {image.height}: out of memory") from error
    except Exception as error:  # as when it was opened
        raise BadImage(Reason.BROKEN_IMAGE, _detail(error)) from error


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TRANSPOSED[orientation]) if orientation in _TRANSPOSED else image


def _unidentified(data: bytes) -> BadImage:
    """Pillow says the same of HTML and of a damaged PNG header: the first bytes tell them apart."""
    if looks_like_image(data):
        return BadImage(Reason.BROKEN_IMAGE, f"damaged header, {len(data)} bytes")
    return BadImage(Reason.NOT_AN_IMAGE, f"starts with {data[:12]!r}")


def looks_like_svg(data: bytes) -> bool:
    """Whether the first bytes begin an SVG: its element, or XML, comments and a DOCTYPE before it."""
    return bool(_SVG.match(data.removeprefix(b"\xef\xbb\xbf")))


def looks_like_image(data: bytes) -> bool:
    """Whether the first bytes are those of a type that we take."""
    return (
        data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"))
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis", b"mif1", b"msf1"))
    )


def _format(image: Image.Image) -> str:
    return "JPEG" if image.format == "MPO" else image.format  # MPO: a JPEG with more pictures after the first


def _upright(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if _orientation(image) in _ON_ITS_SIDE else (width, height)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 where there is none or it cannot be read: broken metadata do not spoil a picture."""
    if not (block := image.info.get("exif")):
        return 1
    exif = Image.Exif()
    try:
        exif.load(block)
        return int(exif.get(_EXIF_ORIENTATION, 1))
    except Exception:  # the many ways in which a foreign TIFF directory fails to parse
        return 1


def _detail(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
