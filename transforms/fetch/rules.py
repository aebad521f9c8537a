"""What was measured on a media file -> the first rule it breaks. Cheap measures first, and size before aspect."""

from typing import NamedTuple

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import MediaKind
from lamella.schemas.rejection import Reason
from lamella.transforms.fetch.captured import CapturedLink
from lamella.transforms.fetch.opt_out import media_opt_out, product_of
from lamella.transforms.rules import Rule, above, below


class Size(NamedTuple):
    """Sides in px, as a viewer sees them."""

    width: int
    height: int

    @property
    def shorter(self) -> int:
        return min(self.width, self.height)

    @property
    def longer(self) -> int:
        return max(self.width, self.height)

    @property
    def aspect(self) -> float:
        """Longer side over shorter."""
        return self.longer / max(1, self.shorter)


def max_bytes(kind: MediaKind, config: FetchConfig) -> int:
    return config.max_video_bytes if kind is MediaKind.VIDEO else config.max_image_bytes


def opt_out_of(link: CapturedLink, config: FetchConfig) -> str:
    return media_opt_out(link.robots_header, link.tdm_reservation, product_of(config.user_agent))


def is_too_large(link: CapturedLink, config: FetchConfig) -> bool:
    """By the length where it lies, before it is read: packed bytes are no more than the file's own."""
    return above(link.blob.length, max_bytes(link.kind, config))


# On a CapturedLink, before its bytes are read.
CAPTURE_RULES = (
    Rule(Reason.OPTED_OUT, lambda link, config: config.honour_opt_outs and bool(opt_out_of(link, config)), opt_out_of),
    Rule(Reason.TRUNCATED_MEDIA, lambda link, config: link.truncated, lambda link, config: "cut by the crawler"),
    Rule(
        Reason.TOO_LARGE,
        is_too_large,
        lambda link, config: f"{link.blob.length} > {max_bytes(link.kind, config)} bytes",
    ),
)

# On a Size, before a pixel is decoded.
SIZE_RULES = (
    Rule(
        Reason.TOO_MANY_PIXELS,
        lambda size, config: above(size.width * size.height, config.max_pixels),
        lambda size, config: f"{size.width} x {size.height} > {config.max_pixels}",
    ),
    Rule(
        Reason.IMAGE_TOO_SMALL,
        lambda size, config: below(size.shorter, config.min_image_side_px),
        lambda size, config: f"{size.width} x {size.height}: {size.shorter} < {config.min_image_side_px}",
    ),
    Rule(
        Reason.IMAGE_TOO_LARGE,
        lambda size, config: above(size.longer, config.max_image_side_px),
        lambda size, config: f"{size.width} x {size.height}: {size.longer} > {config.max_image_side_px}",
    ),
    Rule(
        Reason.ODD_ASPECT,
        lambda size, config: above(size.aspect, config.max_aspect),
        lambda size, config: f"{size.width} x {size.height}: {size.aspect:.2f} > {config.max_aspect}",
    ),
)

# On a Media.
IMAGE_RULES = (
    Rule(
        Reason.SINGLE_COLOUR,
        lambda media, config: below(media.colour_spread, config.min_colour_spread),
        lambda media, config: f"{media.colour_spread:.2f} < {config.min_colour_spread}",
    ),
)
VIDEO_RULES = (
    Rule(
        Reason.ODD_DURATION,
        lambda media, config: below(media.duration_s, config.min_video_s) or above(media.duration_s, config.max_video_s),
        lambda media, config: f"{media.duration_s:.2f} s is not in {config.min_video_s} to {config.max_video_s}",
    ),
)
