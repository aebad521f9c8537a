"""What is known of a media file -> the first rule that it breaks. Cheap measures come first, and size before aspect."""

from typing import NamedTuple

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media, MediaKind
from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import Found, Over, Under
from lamella.transforms.fetch.captured import FetchResponse
from lamella.transforms.fetch.opt_out import media_opt_out, product_of
from lamella.transforms.media.rule_scope import MEDIA_SCOPE


class Size(NamedTuple):
    """Sides in px, as a viewer sees them."""

    width: int
    height: int

    @property
    def shorter_side(self) -> int:
        return min(self.width, self.height)

    @property
    def longer_side(self) -> int:
        return max(self.width, self.height)

    @property
    def aspect(self) -> float:
        """Longer side over shorter."""
        return self.longer_side / max(1, self.shorter_side)


class Weight(NamedTuple):
    """A media file's kind and length in bytes."""

    kind: MediaKind
    bytes: int


def max_bytes(kind: MediaKind, config: FetchConfig) -> int:
    """Where a download of this kind stops."""
    return config.max_video_bytes if kind is MediaKind.VIDEO else config.max_image_bytes


def directive_of_server(link: FetchResponse, config: FetchConfig) -> str:
    return media_opt_out(link.robots_header, link.tdm_reservation, product_of(config.user_agent), config.opt_outs)


def cut_by_crawler(link: FetchResponse, config: FetchConfig) -> str:
    return "cut by the crawler" if link.truncated else ""


def stored_bytes(link: FetchResponse) -> int:
    """The length where it lies, before it is read: packed bytes are no more than the file's own."""
    return link.blob.length


def file_bytes(weight: Weight) -> int:
    return weight.bytes


def duration_s(media: Media) -> float:
    return media.duration_s


def _is_video(record: FetchResponse | Weight, config: FetchConfig) -> bool:
    return record.kind is MediaKind.VIDEO


def _is_no_video(record: FetchResponse | Weight, config: FetchConfig) -> bool:
    return record.kind is not MediaKind.VIDEO


def _sides(size: Size) -> str:
    return f"{size.width} x {size.height}"


# On a FetchResponse, before its bytes are read.
CAPTURE_RULES = MEDIA_SCOPE.book(
    "response",
    Found(Reason.OPTED_OUT, directive_of_server, "honour_opt_outs"),
    Found(Reason.TRUNCATED_MEDIA, cut_by_crawler, source="ours"),
    Over(Reason.TOO_LARGE, stored_bytes, "max_video_bytes", when=_is_video),
    Over(Reason.TOO_LARGE, stored_bytes, "max_image_bytes", when=_is_no_video),
)

# On a Weight, once it is read and unpacked.
WEIGHT_RULES = MEDIA_SCOPE.book(
    "bytes",
    Over(Reason.TOO_LARGE, file_bytes, "max_video_bytes", when=_is_video),
    Over(Reason.TOO_LARGE, file_bytes, "max_image_bytes", when=_is_no_video),
)

# On a Size, before a pixel is decoded.
SIZE_RULES = MEDIA_SCOPE.book(
    "size of a picture",
    Under(Reason.IMAGE_TOO_SMALL, Size.shorter_side, "min_image_side_px", detail=_sides),
    Over(Reason.IMAGE_TOO_LARGE, Size.longer_side, "max_image_side_px", detail=_sides),
    Over(Reason.ODD_ASPECT, Size.aspect, "max_aspect", detail=_sides),
)

# On a Media. Those of pictures stand beside their measures, in `media.picture_rules`.
VIDEO_RULES = MEDIA_SCOPE.book(
    "video",
    Under(Reason.ODD_DURATION, duration_s, "min_video_s"),
    Over(Reason.ODD_DURATION, duration_s, "max_video_s"),
)
