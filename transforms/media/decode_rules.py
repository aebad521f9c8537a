"""What a picture claims or a clip costs, and the limits of a decode -> the first rule that it breaks.

They are tried before a decoder sees a picture, and while a clip is read: cost is refused before it is paid.
"""

from typing import NamedTuple

from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import Over
from lamella.transforms.media.codestream import Claims
from lamella.transforms.media.rule_scope import MEDIA_SCOPE

_HELD = 24  # bytes for a pixel of a frame: a dozen reference frames of 12 bits, and one as RGB


class ClipCost(NamedTuple):
    """Of one call: what is known so far; zeros for what is not."""

    width: int = 0  # px of a frame
    height: int = 0
    packets: int = 0
    decoded_frames: int = 0
    decoded_pixels: int = 0  # frames times their pixels


def pixels(claims: Claims) -> int:
    return claims.pixels


def decode_bytes(claims: Claims) -> int:
    return claims.decode_bytes


def scans(claims: Claims) -> int:
    return claims.scans


def frame_pixels(cost: ClipCost) -> int:
    return cost.width * cost.height


def frame_bytes(cost: ClipCost) -> int:
    return frame_pixels(cost) * _HELD


def packets(cost: ClipCost) -> int:
    return cost.packets


def decoded_frames(cost: ClipCost) -> int:
    return cost.decoded_frames


def decoded_pixels(cost: ClipCost) -> int:
    return cost.decoded_pixels


def _claimed(claims: Claims) -> str:
    return f"{claims.size[0]} x {claims.size[1]}"


def _sides(cost: ClipCost) -> str:
    return f"{cost.width} x {cost.height}"


PICTURE_COST_RULES = MEDIA_SCOPE.book(
    "cost of a picture",
    Over(Reason.TOO_MANY_PIXELS, pixels, "max_pixels", detail=_claimed),
    Over(Reason.MEDIA_TOO_COSTLY, decode_bytes, "max_decode_bytes", detail=_claimed),
    Over(Reason.MEDIA_TOO_COSTLY, scans, "max_scans"),
)
CLIP_COST_RULES = MEDIA_SCOPE.book(
    "cost of a clip",
    Over(Reason.TOO_MANY_PIXELS, frame_pixels, "max_pixels", detail=_sides),
    Over(Reason.MEDIA_TOO_COSTLY, frame_bytes, "max_decode_bytes", detail=_sides),
    Over(Reason.MEDIA_TOO_COSTLY, packets, "max_video_packets"),
    Over(Reason.MEDIA_TOO_COSTLY, decoded_frames, "max_decoded_frames"),
    Over(Reason.MEDIA_TOO_COSTLY, decoded_pixels, "max_decoded_pixels"),
)
