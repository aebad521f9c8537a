"""Bytes of an image -> its header, or its pixels as RGB: claims first, scaled decode, bounded; anything else is BadImage.

Here is the decoder itself. A run's media go through `transforms.media.decoding`, which calls this in a killable process.
"""

from collections.abc import Callable
from io import BytesIO
from math import ceil
from typing import NamedTuple

from PIL import Image

from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.media import jpeg
from lamella.transforms.media.bad_media import BadMedia
from lamella.transforms.media.codestream import claims_of, unsupported_jpeg
from lamella.transforms.media.colour import is_blank, rescale_key, to_rgb
from lamella.transforms.media.decode_limits import DEFAULT_LIMITS, DecodeLimits
from lamella.transforms.media.decode_rules import PICTURE_COST_RULES
from lamella.transforms.media.encode import Encoded, encode_jpeg
from lamella.transforms.media.other_formats import is_bmp, is_heic, is_tiff, reads_heic, unsupported_format
from lamella.transforms.media.png_rows import lacks_rows
from lamella.transforms.media.readable import readable

MIME_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "HEIF": "image/heic",  # where the extra is installed
}

# The bound is ours and stands between header and decode, where Pillow's own only warns (169 MP of zeros took 1.3 GB).
Image.MAX_IMAGE_PIXELS = None

_JPEG = b"\xff\xd8"
_PNG_DEPTH = 24  # where IHDR says how many bits a sample has
_EXIF_ORIENTATION = 0x0112
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
# A JPEG is decoded at no less than this times the size asked for: at 1.0 the result is 7 dB off what all its pixels give, at
# 1.25 no more off than OpenCV's mean over areas (benchmarks/media.py).
_SCALE_SLACK = 1.25
_SMOOTH = 2.0  # times the size asked for: a resize reduces to this by means first, then filters


class BadImage(BadMedia):
    """Bytes that are no image we take: `reason` is NOT_AN_IMAGE, FORMAT_NOT_SUPPORTED, BROKEN_IMAGE, TOO_MANY_PIXELS,
    MEDIA_TOO_COSTLY or EMPTY_BODY."""


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
    image, _ = _opened(data, limits)
    return ImageHeader(MIME_TYPES[_format(image)], *_upright(image))


def decode_rgb(data: bytes, max_side: int | None = None, limits: DecodeLimits = DEFAULT_LIMITS) -> Image.Image:
    """The image (of an animation: the first frame that shows something) as upright sRGB, transparency on a plain ground.

    Args:
        data: a whole JPEG, PNG, WebP, GIF or AVIF file.
        max_side: px; a larger image is scaled down so that its longer side is this, a JPEG already while decoding.
        limits: an image whose header or codestream claims more is refused before any is decoded.

    Raises:
        BadImage: the bytes are of another type, damaged, cut short, too many pixels, or too dear to decode.
    """
    rgb, size, orientation = _covering(data, max_side, limits)
    if size != rgb.size:
        rgb = rgb.resize(size, Image.Resampling.BICUBIC, reducing_gap=_SMOOTH)
    return _turned(rgb, orientation)


def shrunk_jpeg(data: bytes, max_side: int | None, quality: int, limits: DecodeLimits = DEFAULT_LIMITS) -> Encoded:
    """The picture of `decode_rgb` as a JPEG. Raises BadImage."""
    rgb, (width, height), orientation = _covering(data, max_side, limits)
    size = (height, width) if orientation in _ON_ITS_SIDE else (width, height)
    return encode_jpeg(_turned(rgb, orientation), quality, size)


def _covering(data: bytes, max_side: int | None, limits: DecodeLimits) -> tuple[Image.Image, tuple[int, int], int]:
    """The picture as stored, at no less than the size it is to have; that size; its orientation."""
    image, data = _opened(data, limits)
    size = scaled_size(*image.size, max_side)
    rgb = _decoded(image, data, (ceil(size[0] * _SCALE_SLACK), ceil(size[1] * _SCALE_SLACK)), limits)
    return rgb, size, _orientation(image)


def decode_roughly(
    data: bytes, side: int, accepts: Callable[[ImageHeader], None], limits: DecodeLimits = DEFAULT_LIMITS
) -> tuple[ImageHeader, Image.Image]:
    """Header and pixels for measuring, the quickest way there is: the longer side is `side` to twice that, never enlarged.

    `accepts(header)` raises, whatever it likes, where the header is enough to refuse the image. Raises BadImage.
    """
    image, data = _opened(data, limits)
    header = ImageHeader(MIME_TYPES[_format(image)], *_upright(image))
    accepts(header)
    rgb = _decoded(image, data, scaled_size(*image.size, side), limits)
    factor = max(rgb.size) // side
    if factor > 1:
        rgb = rgb.reduce((min(factor, rgb.width), min(factor, rgb.height)))
    return header, _turned(rgb, _orientation(image))


def scaled_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Sides in px with the longer one at most `max_side` and the aspect kept; never larger than before, never 0."""
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    return max(1, round(width * max_side / longer)), max(1, round(height * max_side / longer))


def _opened(data: bytes, limits: DecodeLimits) -> tuple[Image.Image, bytes]:
    """The picture, and the bytes that it was opened from, which may be fewer."""
    if not data:
        raise BadImage(Reason.EMPTY_BODY, "0 bytes")
    claimed = _within(data, limits)
    data = readable(data)
    try:
        image = Image.open(BytesIO(jpeg.with_end_mark(data) if data.startswith(_JPEG) else data), formats=_formats())
    except Image.UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except MemoryError as error:
        raise BadImage(Reason.MEDIA_TOO_COSTLY, "out of memory when opened") from error
    except Exception as error:  # whatever a decoder raises on foreign bytes is said of the bytes
        raise BadImage(Reason.BROKEN_IMAGE, _detail(error)) from error
    if min(image.size) < 1:
        raise BadImage(Reason.BROKEN_IMAGE, f"{image.size[0]} x {image.size[1]} px")
    if image.format == "PNG":
        rescale_key(image, data[_PNG_DEPTH])
    if image.width * image.height > claimed:  # ours and Pillow's reading of the header differ: the larger counts
        raise BadImage(Reason.BROKEN_IMAGE, f"{image.width} x {image.height}, more than it claims")
    return image, data


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


def _decoded(image: Image.Image, data: bytes, enough: tuple[int, int], limits: DecodeLimits) -> Image.Image:
    """RGB as stored, not turned and not scaled; only a JPEG may be smaller, as long as it covers `enough`."""
    try:
        if _format(image) == "JPEG":
            return to_rgb(_jpeg(image, data, enough), limits.min_colour_spread)
        image.load()
        if image.format == "PNG" and lacks_rows(data, image):
            raise BadImage(Reason.BROKEN_IMAGE, "rows are missing")
        first = to_rgb(image, limits.min_colour_spread)
        if not getattr(image, "is_animated", False) or not is_blank(first, limits.min_colour_spread):
            return first
        kept = first.copy()  # a frame is drawn over the one before it
        return _later_frame(image, limits) or kept
    except BadImage:
        raise
    except MemoryError as error:
        raise BadImage(Reason.MEDIA_TOO_COSTLY, f"{image.width} x {image.height}: out of memory") from error
    except Exception as error:  # as when it was opened
        raise BadImage(Reason.BROKEN_IMAGE, _detail(error)) from error


def _jpeg(image: Image.Image, data: bytes, enough: tuple[int, int]) -> Image.Image:
    """The stored picture with its profile, at a fraction of its size where that is enough."""
    if jpeg.takes(image.mode) and (pixels := jpeg.decode_scaled(data, image.mode, image.size, enough)):
        pixels.info["icc_profile"] = image.info.get("icc_profile")
        return pixels
    jpeg.refuse_loss(data, image.mode)
    if image.width > enough[0]:
        image.draft(None, enough)
    image.load()
    return image


def _later_frame(image: Image.Image, limits: DecodeLimits) -> Image.Image | None:
    """The first frame that is not blank, of an animation that begins blank; None if there is none."""
    for number in range(1, limits.max_blank_frames + 1):
        try:
            image.seek(number)
            image.load()
        except MemoryError:
            raise
        except Exception:  # no more frames, or a damaged one: what came before it is sound
            return None
        later = to_rgb(image, limits.min_colour_spread)
        if not is_blank(later, limits.min_colour_spread):
            return later
    return None


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TRANSPOSED[orientation]) if orientation in _TRANSPOSED else image


def _unidentified(data: bytes) -> BadImage:
    """Pillow says the same of HTML and of a damaged PNG header: the first bytes tell them apart."""
    if name := unsupported_format(data) or (data.startswith(_JPEG) and unsupported_jpeg(data)):
        return BadImage(Reason.FORMAT_NOT_SUPPORTED, f"format not supported: {name}")
    if looks_like_image(data):
        return BadImage(Reason.BROKEN_IMAGE, f"damaged header, {len(data)} bytes")
    return BadImage(Reason.NOT_AN_IMAGE, f"starts with {data[:12]!r}")


def looks_like_image(data: bytes) -> bool:
    """Whether the first bytes are those of a type that we take."""
    return (
        data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"))
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis", b"mif1", b"msf1"))
        or is_bmp(data)
        or is_tiff(data)
        or is_heic(data)
    )


def _formats() -> tuple[str, ...]:
    """Pillow's names of what it may open. JPEG and PNG come first: names are tried in order."""
    return tuple(name for name in MIME_TYPES if name != "HEIF" or reads_heic())


def _format(image: Image.Image) -> str:
    return "JPEG" if image.format == "MPO" else image.format or ""  # MPO: a JPEG with more pictures after the first


def _upright(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if _orientation(image) in _ON_ITS_SIDE else (width, height)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation; 1 if there is none or it cannot be read: broken metadata do not spoil a picture."""
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
