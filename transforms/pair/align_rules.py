"""When an ALIGN candidate leaves: (reason, predicate) rows after Jia et al. 2021, section 3."""

from lamella.schemas.config import PairConfig
from lamella.schemas.rejection import Reason
from lamella.transforms.pair.captions import is_file_name
from lamella.transforms.pair.corpus import Candidate
from lamella.transforms.pair.image_rules import IMAGE_RULES
from lamella.transforms.rules import Rule
from lamella.transforms.words import words


def _words(candidate: Candidate) -> int:
    return len(words(candidate.pair.text))


def has_rare_token(candidate: Candidate, limits: PairConfig) -> bool:
    """A token outside the most frequent of the raw set; the vocabulary itself is cut in `corpus.floors_of`."""
    return limits.max_vocabulary is not None and bool(candidate.rare_token)


ALIGN_RULES = (
    Rule(Reason.ALT_IS_FILE_NAME, lambda candidate, limits: is_file_name(candidate.pair.text)),
    Rule(
        Reason.ALT_TOO_SHORT,
        lambda candidate, limits: _words(candidate) < limits.min_alt_words,
        lambda candidate, limits: f"{_words(candidate)} < {limits.min_alt_words}",
    ),
    Rule(
        Reason.ALT_TOO_LONG,
        lambda candidate, limits: _words(candidate) > limits.max_alt_words,
        lambda candidate, limits: f"{_words(candidate)} > {limits.max_alt_words}",
    ),
    *IMAGE_RULES,
    Rule(
        Reason.ALT_TOO_COMMON,
        lambda candidate, limits: candidate.alt_images > limits.max_images_per_alt,
        lambda candidate, limits: f"{candidate.alt_images} > {limits.max_images_per_alt}",
    ),
    Rule(
        Reason.TOO_MANY_ALTS,
        lambda candidate, limits: candidate.image_alts > limits.max_alts_per_image,
        lambda candidate, limits: f"{candidate.image_alts} > {limits.max_alts_per_image}",
    ),
    Rule(Reason.RARE_TOKEN, has_rare_token, lambda candidate, limits: candidate.rare_token),
)
