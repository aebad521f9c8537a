"""When a VTP candidate leaves: the video must be short, and its text must say something."""

from lamella.schemas.config import PairConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.rules import Rule
from lamella.transforms.words import words


def has_odd_duration(candidate: Candidate, limits: PairConfig) -> bool:
    """Too short for a clip, or so long that one text cannot speak of its first seconds."""
    return not limits.min_clip_s <= candidate.pair.media.duration_s <= limits.max_vtp_video_s


def _words(candidate: Candidate) -> int:
    return len(words(candidate.pair.text))


VTP_RULES = (
    Rule(
        Reason.ODD_DURATION,
        has_odd_duration,
        lambda candidate, limits: (
            f"{candidate.pair.media.duration_s:.1f} not in {limits.min_clip_s} to {limits.max_vtp_video_s}"
        ),
    ),
    Rule(
        Reason.CAPTION_TOO_LONG,
        lambda candidate, limits: len(candidate.pair.text) > limits.max_caption_characters,
        lambda candidate, limits: f"{len(candidate.pair.text)} > {limits.max_caption_characters}",
    ),
    Rule(
        Reason.CAPTION_TOO_SHORT,  # a clip's text is as short as an alt may be
        lambda candidate, limits: _words(candidate) < limits.min_alt_words,
        lambda candidate, limits: f"{_words(candidate)} < {limits.min_alt_words}",
    ),
)
