"""When an LTIP candidate leaves: a caption must say much, and its image must be fit to be described."""

from lamella.schemas.rejection import Reason
from lamella.transforms.pair.captions import is_file_name
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.pair.image_rules import IMAGE_RULES
from lamella.transforms.rules import Rule
from lamella.transforms.words import words


def _words(candidate: Candidate) -> int:
    return len(words(candidate.pair.text))


LTIP_RULES = (
    Rule(
        Reason.CAPTION_TOO_LONG,  # first: it bounds what counting words costs
        lambda candidate, limits: len(candidate.pair.text) > limits.max_caption_characters,
        lambda candidate, limits: f"{len(candidate.pair.text)} > {limits.max_caption_characters}",
    ),
    Rule(Reason.ALT_IS_FILE_NAME, lambda candidate, limits: is_file_name(candidate.pair.text)),
    Rule(
        Reason.CAPTION_TOO_SHORT,
        lambda candidate, limits: _words(candidate) < limits.ltip_min_words,
        lambda candidate, limits: f"{_words(candidate)} < {limits.ltip_min_words}",
    ),
    *IMAGE_RULES,
)
