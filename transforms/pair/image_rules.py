"""When a pair's image is not fit to be described: rows that ALIGN and LTIP share."""

from lamella.schemas.media import Media
from lamella.schemas.rejection import Reason
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.rules import Rule


def _side(candidate: Candidate) -> int:
    return min(candidate.pair.media.width, candidate.pair.media.height)


def _aspect(media: Media) -> float:
    return max(media.width, media.height) / max(1, min(media.width, media.height))


IMAGE_RULES = (
    Rule(
        Reason.IMAGE_TOO_SMALL,
        lambda candidate, limits: _side(candidate) < limits.min_side_px,
        lambda candidate, limits: f"{_side(candidate)} < {limits.min_side_px}",
    ),
    Rule(
        Reason.ODD_ASPECT,
        lambda candidate, limits: _aspect(candidate.pair.media) > limits.max_aspect,
        lambda candidate, limits: f"{_aspect(candidate.pair.media):.2f} > {limits.max_aspect}",
    ),
)
